"""Writes an answer token by token; each is one turn at the model, so that several answers grow side by side."""

from collections.abc import Generator, Iterator, Sequence

import torch

from scorer.checkpoint import Checkpoint
from scorer.prompt import End, Prompt, Text
from scorer.words import StopWords, Words

GREEDY_BELOW = 1e-5  # temperatures, as in vLLM: numbers divided by less are too large to be chosen by
DEFAULT_MOST = 512  # tokens of an answer whose length was not asked for


class TooLongError(Exception):
    """A prompt that leaves the model no room to answer."""


def answer(checkpoint: Checkpoint, prompt: Prompt) -> Generator[Text | End, None, None]:
    """Yield the words of an answer, then its End; raises TooLongError before the first word."""
    ids = checkpoint.tokens_of(prompt.messages)
    room = checkpoint.context - len(ids)
    if room < 1 or (prompt.max_tokens or 1) > room:
        asked = len(ids) + (prompt.max_tokens or 1)
        raise TooLongError(
            f"the model holds {checkpoint.context} tokens; prompt and answer together ask for {asked}"
        )
    words, stops = Words(checkpoint.decoder), StopWords(prompt.stop)
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
    model, known, all_ids, new = checkpoint.model, None, list(ids), list(ids)
    said = torch.zeros(model.config.vocab_size)
    for _ in range(most):
        if len(all_ids) == _short_rope(model.config) + 1:
            known, new = None, all_ids  # positions are counted anew from here: what was kept no longer fits
        with checkpoint.turn:  # Phi's long rope keeps its frequencies in the model, which all requests share
            input_ids = torch.tensor([new], device=model.device)
            out = model(input_ids=input_ids, past_key_values=known, use_cache=True, logits_to_keep=1)
            known, logits = out.past_key_values, out.logits[0, -1].float().cpu()
        token = _chosen(logits, said, prompt, chance)
        said[token] += 1
        all_ids.append(token)
        new = [token]
        yield token


def _short_rope(config: object) -> int:
    """Return up to which length Phi-3 counts positions by its short factors; far away for other models."""
    return int(getattr(config, "original_max_position_embeddings", None) or 1 << 60)


def _chosen(logits: torch.Tensor, said: torch.Tensor, prompt: Prompt, chance: torch.Generator) -> int:
    logits = logits - prompt.frequency_penalty * said - prompt.presence_penalty * (said > 0)
    if prompt.temperature < GREEDY_BELOW:
        return int(logits.argmax())
    likely, order = torch.softmax(logits / prompt.temperature, -1).sort(descending=True)
    kept = likely * (likely.cumsum(-1) - likely < prompt.top_p)  # the first one always stays
    return int(order[torch.multinomial(kept, 1, generator=chance)])
