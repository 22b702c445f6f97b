"""Writes an answer token by token: chooses tokens, makes whole characters of them, watches for stop words."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from localcloud.scoring_worker.checkpoints import Checkpoint
from localcloud.scoring_worker.wire import End, Prompt, Text

DEFAULT_MOST = 512  # tokens of an answer whose length was not asked for
HALF_CHARACTER = "\ufffd"


class TooLongError(Exception):
    """A prompt that leaves the model no room to answer."""


def answer(checkpoint: Checkpoint, prompt: Prompt) -> Iterator[Text | End]:
    """Yield the words of an answer, then its End."""
    ids = checkpoint.tokens_of(prompt.messages)
    room = checkpoint.context - len(ids)
    if room < 1 or (prompt.max_tokens or 1) > room:
        asked = len(ids) + (prompt.max_tokens or 1)
        raise TooLongError(
            f"the model holds {checkpoint.context} tokens; prompt and answer together ask for {asked}"
        )
    words, stops = Words(checkpoint.tokenizer), StopWords(prompt.stop)
    count, reason = 0, "length"
    for token in _tokens(checkpoint, ids, prompt, min(prompt.max_tokens or DEFAULT_MOST, room)):
        count += 1
        if token in checkpoint.ends:
            reason = "stop"
            break
        yield from _texts(stops.passed(words.added(token)))
        if stops.found:
            reason = "stop"
            break
    yield from _texts(stops.passed(words.rest()) + stops.rest())
    yield End("stop" if stops.found else reason, len(ids), count)


def _texts(text: str) -> Iterator[Text]:
    if text:
        yield Text(text)


@torch.inference_mode()
def _tokens(checkpoint: Checkpoint, ids: Sequence[int], prompt: Prompt, most: int) -> Iterator[int]:
    chance = torch.Generator()
    if prompt.seed is None:
        chance.seed()
    else:
        chance.manual_seed(prompt.seed)
    known, new = None, torch.tensor([list(ids)])
    said = torch.zeros(checkpoint.model.config.vocab_size)
    for _ in range(most):
        out = checkpoint.model(input_ids=new, past_key_values=known, use_cache=True, logits_to_keep=1)
        known = out.past_key_values
        token = _chosen(out.logits[0, -1].float(), said, prompt, chance)
        said[token] += 1
        new = torch.tensor([[token]])
        yield token


def _chosen(logits: torch.Tensor, said: torch.Tensor, prompt: Prompt, chance: torch.Generator) -> int:
    logits = logits - prompt.frequency_penalty * said - prompt.presence_penalty * (said > 0)
    if prompt.temperature == 0:
        return int(logits.argmax())
    likely, order = torch.softmax(logits / prompt.temperature, -1).sort(descending=True)
    kept = likely * (likely.cumsum(-1) - likely < prompt.top_p)  # the first one always stays
    return int(order[torch.multinomial(kept, 1, generator=chance)])


class Words:
    """Turns tokens into text and holds back a character until all of its bytes are there."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._shown = 0  # tokens whose text has been handed out
        self._context = 0  # token from which decoding starts: spacing depends on the token before

    def added(self, token: int) -> str:
        """Return the text that this token completes, or nothing yet."""
        self._ids.append(token)
        before, after = self._decoded(self._shown), self._decoded(None)
        if len(after) <= len(before) or after.endswith(HALF_CHARACTER):
            return ""
        self._context, self._shown = self._shown, len(self._ids)
        return after[len(before) :]

    def rest(self) -> str:
        """Return what was held back, once the answer has ended."""
        return self._decoded(None)[len(self._decoded(self._shown)) :]

    def _decoded(self, until: int | None) -> str:
        return str(self._tokenizer.decode(self._ids[self._context : until], skip_special_tokens=True))


class StopWords:
    """Lets text pass up to the first stop word and holds back what could be the beginning of one."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.found = False

    def passed(self, text: str) -> str:
        """Return the text that certainly comes before any stop word."""
        if self.found:
            return ""
        self._held += text
        places = [place for word in self._words if (place := self._held.find(word)) >= 0]
        if places:
            self.found = True
            return self._released(min(places))
        return self._released(len(self._held) - self._suspicious())

    def rest(self) -> str:
        """Return what was held back, once the answer has ended without a stop word."""
        return "" if self.found else self._released(len(self._held))

    def _suspicious(self) -> int:
        """Return how many characters at the end could begin a stop word."""
        starts = (
            size
            for word in self._words
            for size in range(min(len(word) - 1, len(self._held)), 0, -1)
            if self._held.endswith(word[:size])
        )
        return max(starts, default=0)

    def _released(self, size: int) -> str:
        released, self._held = self._held[:size], self._held[size:]
        return released
