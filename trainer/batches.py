"""Groups tokenised examples into batches of similar length and makes tensors of them."""

import random
from collections.abc import Sequence

import torch

from trainer.template import IGNORED, Tokens

WINDOW = 8  # batches; sorting by length only within a window keeps the order random


def shuffled(examples: Sequence[Tokens], size: int, seed: int) -> list[list[Tokens]]:
    """Return one pass over the examples in random batches, alike in length to save padding."""
    chance = random.Random(seed)  # noqa: S311 - chance for an order, not for a secret
    order = chance.sample(examples, len(examples))
    batches = []
    for start in range(0, len(order), size * WINDOW):
        window = sorted(order[start : start + size * WINDOW], key=lambda tokens: len(tokens.ids))
        batches += in_order(window, size)
    chance.shuffle(batches)
    return batches


def in_order(examples: Sequence[Tokens], size: int) -> list[list[Tokens]]:
    """Return the examples in batches, as they come."""
    return [list(examples[start : start + size]) for start in range(0, len(examples), size)]


def tensors(batch: Sequence[Tokens], pad: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and labels, padded at the end: attention looks back only, so no mask is needed."""
    width = max(len(tokens.ids) for tokens in batch)
    ids = [[*tokens.ids, *[pad] * (width - len(tokens.ids))] for tokens in batch]
    labels = [[*tokens.labels, *[IGNORED] * (width - len(tokens.labels))] for tokens in batch]
    return torch.tensor(ids, device=device), torch.tensor(labels, device=device)
