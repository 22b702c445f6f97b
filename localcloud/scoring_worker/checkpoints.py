"""Models in memory: loaded by folder, a few at once, and how a conversation becomes their tokens."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

MOST = 4  # models in memory
LARGE = 100_000_000  # parameters from which more than one core pays
END_OF_TURN = "<|end|>"


class UnusableError(Exception):
    """A folder from which no model can be loaded."""


@dataclass(frozen=True)
class Checkpoint:
    """A model, its tokenizer, and the tokens that end an answer."""

    model: Any
    tokenizer: Any
    ends: frozenset[int]

    @property
    def context(self) -> int:
        """Return how many tokens the model can hold."""
        return int(self.model.config.max_position_embeddings)

    def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """Return the prompt's tokens; control words that a user writes stay plain text."""
        controls = [str(token) for token in self.tokenizer.added_tokens_decoder.values()]
        tricky = any(control in text for _, text in messages for control in controls)
        return self._piecewise(messages) if tricky else self._encoded(self._rendered(messages))

    def _rendered(self, messages: Sequence[tuple[str, str]]) -> str:
        chat = [{"role": role, "content": text} for role, text in messages]
        return str(self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))

    def _piecewise(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """Return the tokens with each message's text encoded apart from the template around it."""
        marks = [f"\ue000{number}\ue001" for number in range(len(messages))]
        frame = self._rendered([(role, mark) for (role, _), mark in zip(messages, marks, strict=True)])
        ids: list[int] = []
        for mark, (_, text) in zip(marks, messages, strict=True):
            if mark in frame:  # a template may leave a role out
                before, _, frame = frame.partition(mark)
                ids += self._encoded(before) + self._encoded(text, plain=True)
        return ids + self._encoded(frame)

    def _encoded(self, text: str, *, plain: bool = False) -> list[int]:
        encoded = self.tokenizer(text, add_special_tokens=False, split_special_tokens=plain)
        return list(encoded["input_ids"])


class Checkpoints:
    """The models used last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._loaded: OrderedDict[str, Checkpoint] = OrderedDict()

    def at(self, folder: str) -> Checkpoint:
        """Return the checkpoint in a folder, from memory where it is; raises UnusableError."""
        if folder not in self._loaded:
            self._loaded[folder] = _load(folder)
        self._loaded.move_to_end(folder)
        while len(self._loaded) > self._most:
            self._loaded.popitem(last=False)
        return self._loaded[folder]


def _load(folder: str) -> Checkpoint:
    if not Path(folder).is_dir():
        raise UnusableError(f"there is no folder {folder}")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise UnusableError(f"{folder} does not load: {error}") from error
    large = model.num_parameters() >= LARGE
    torch.set_num_threads(2 if large else 1)
    model.eval().to(dtype=torch.bfloat16 if large else torch.float32)
    return Checkpoint(model, tokenizer, _ends(folder, tokenizer))


def _ends(folder: str, tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end an answer: those the model names, and its end of a turn."""
    found = {tokenizer.eos_token_id, tokenizer.get_added_vocab().get(END_OF_TURN)}
    if (Path(folder) / "generation_config.json").exists():
        named = GenerationConfig.from_pretrained(folder).eos_token_id
        found |= set(named) if isinstance(named, list) else {named}
    return frozenset(token for token in found if token is not None)
