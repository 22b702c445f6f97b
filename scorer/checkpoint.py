"""The model that answers: found, loaded, and how a conversation becomes its tokens."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging as transformers_logging

LARGE = 100_000_000  # parameters from which more than one core pays, and half the precision is enough
LONGEST = 16_384  # tokens of a conversation: eight of them take 51 GB beside Phi-3-mini's weights, 393 kB a token
END_OF_TURN = "<|end|>"
MARK = "\ue000"  # for private use in Unicode: begins what stands for a text while the template is filled in
TOKENIZERS = ("tokenizer.json", "tokenizer.model")


class UnusableError(Exception):
    """A folder from which no model can be loaded."""


@dataclass(frozen=True)
class Checkpoint:
    """A model, its tokenizer, and the tokens that end an answer."""

    model: Any
    tokenizer: Any
    ends: frozenset[int]
    turn: Any = field(default_factory=Lock, compare=False, repr=False)  # held while the model works
    reading: Any = field(default_factory=Lock, compare=False, repr=False)  # held while a prompt becomes tokens

    @property
    def context(self) -> int:
        """Return how many tokens prompt and answer may have together."""
        return min(int(self.model.config.max_position_embeddings), LONGEST)

    @cached_property
    def decoder(self) -> Any:
        """Return the tokenizer that makes text of tokens, which need not wait until a long prompt is read."""
        return copy.deepcopy(self.tokenizer)

    def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """Return the prompt's tokens, as trainer/template.py makes them; control words of a user stay plain text.

        A text in which there are any is encoded apart from all that is around it.
        """
        controls = [MARK, *map(str, self.tokenizer.added_tokens_decoder.values())]
        tricky = [i for i, (_, text) in enumerate(messages) if any(word in text for word in controls)]
        shown = [(role, f"{MARK}{i}{MARK}" if i in tricky else text) for i, (role, text) in enumerate(messages)]
        with self.reading:  # to encode text as plain is a mode of the tokenizer, which all requests share
            frame = self._rendered(shown)
            ids: list[int] = []
            for i in tricky:
                before, found, after = frame.partition(f"{MARK}{i}{MARK}")
                if found:  # a template may leave a role out
                    ids += self._encoded(before) + self._encoded(messages[i][1], plain=True)
                    frame = after
            return ids + self._encoded(frame)

    def _rendered(self, messages: Sequence[tuple[str, str]]) -> str:
        chat = [{"role": role, "content": text} for role, text in messages]
        return str(self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))

    def _encoded(self, text: str, *, plain: bool = False) -> list[int]:
        encoded = self.tokenizer(text, add_special_tokens=False, split_special_tokens=plain)
        return list(encoded["input_ids"])


def model_folder(root: Path) -> Path:
    """Return the folder beneath `root` (or `root`) that holds a model and its tokenizer, the least deep one.

    Raises UnusableError where there is none, or several lie equally deep.
    """
    found = [config.parent for config in root.rglob("config.json") if _has_tokenizer(config.parent)]
    found.sort(key=lambda folder: (len(folder.parts), str(folder)))
    if not found:
        raise UnusableError(f"nothing beneath {root} has a config.json and a tokenizer")
    rivals = [str(folder) for folder in found if len(folder.parts) == len(found[0].parts)]
    if len(rivals) > 1:
        raise UnusableError(f"more than one model beneath {root}: {', '.join(rivals)}")
    return found[0]


def load(folder: str | Path) -> Checkpoint:
    """Return the model in a folder, on the GPU where there is one; raises UnusableError."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    if not Path(folder).is_dir():
        raise UnusableError(f"there is no folder {folder}")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        large = _parameters(folder) >= LARGE
        # The format is chosen here and not by .to(), which would round the frequencies of positions too.
        weights = torch.bfloat16 if large else torch.float32
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=weights, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise UnusableError(f"{folder} does not load: {error}") from error
    if tokenizer.chat_template is None:
        raise UnusableError(f"the tokenizer in {folder} has no chat template")
    if not large:
        torch.set_num_threads(1)
    model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    return Checkpoint(model, tokenizer, _ends(folder, tokenizer))


def _parameters(folder: str | Path) -> int:
    """Return a model's size without reading its weights."""
    with torch.device("meta"):
        return int(AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).num_parameters())


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in TOKENIZERS)


def _ends(folder: str | Path, tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end an answer: those the model names, and its end of a turn."""
    found = {tokenizer.eos_token_id, tokenizer.get_added_vocab().get(END_OF_TURN)}
    if (Path(folder) / "generation_config.json").exists():
        named = GenerationConfig.from_pretrained(folder).eos_token_id
        found |= set(named) if isinstance(named, list) else {named}
    return frozenset(token for token in found if token is not None)
