"""Groups tokenised examples into rows and batches and makes tensors of them."""

import random
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import TypeVar

import torch

from trainer.template import IGNORED, Tokens

PACKED_AT_ONCE = 1024  # examples; the search for room grows with their square
WINDOW = 8  # batches; sorting by length only within a window keeps the order random
T = TypeVar("T")
L = TypeVar("L", bound=Sized)


@dataclass(frozen=True)
class Row:
    """One row of a batch: one example, or several that are packed together and must not see each other."""

    parts: tuple[Tokens, ...]

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def learned(self) -> int:
        """Return how many of its tokens are learned."""
        return sum(part.learned() for part in self.parts)


@dataclass(frozen=True)
class Batch:
    """What a model is given at once, and which tokens it should have said."""

    inputs: dict[str, torch.Tensor]
    labels: torch.Tensor


def alone(examples: Sequence[Tokens]) -> list[Row]:
    """Return each example as a row of its own."""
    return [Row((tokens,)) for tokens in examples]


def packed(examples: Sequence[Tokens], width: int) -> list[Row]:
    """Return rows of up to `width` tokens, in which no example is cut."""
    return [row for some in in_order(examples, PACKED_AT_ONCE) for row in _first_fit(some, width)]


def _first_fit(examples: Sequence[Tokens], width: int) -> list[Row]:
    """Return rows in which each example lies in the first that has room, the longest first."""
    rows: list[list[Tokens]] = []
    room: list[int] = []
    for tokens in sorted(examples, key=len, reverse=True):
        at = next((i for i, free in enumerate(room) if free >= len(tokens)), None)
        if at is None:
            rows.append([tokens])
            room.append(width - len(tokens))
        else:
            rows[at].append(tokens)
            room[at] -= len(tokens)
    return [Row(tuple(parts)) for parts in rows]


def shuffled(rows: Sequence[L], size: int, seed: int) -> list[list[L]]:
    """Return one pass over the rows in random batches, alike in length to save padding."""
    chance = random.Random(seed)  # noqa: S311 - chance for an order, not for a secret
    order = chance.sample(rows, len(rows))
    batches = []
    for start in range(0, len(order), size * WINDOW):
        window = sorted(order[start : start + size * WINDOW], key=len)
        batches += in_order(window, size)
    chance.shuffle(batches)
    return batches


def in_order(rows: Sequence[T], size: int) -> list[list[T]]:
    """Return the rows in batches, as they come."""
    return [list(rows[start : start + size]) for start in range(0, len(rows), size)]


def bounded(lengths: Sequence[int], most: int, room: int) -> Iterator[list[int]]:
    """Yield the places of what is worked on at once, alike in length: up to `most`, padded within `room` tokens.

    One that is too long for the room alone is worked on alone.
    """
    group: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and (len(group) == most or (len(group) + 1) * lengths[place] > room):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def tensors(rows: Sequence[Row], pad: int, device: torch.device, reach: int | None = None) -> Batch:
    """Return ids and labels, padded at the end: attention looks back only, so a plain row needs no mask.

    `reach` is the model's sliding window: how many tokens back, itself included, a token sees; None: all.
    """
    width = max(len(row) for row in rows)
    ids = [_filled([token for part in row.parts for token in part.ids], width, pad) for row in rows]
    labels = [_filled([label for part in row.parts for label in _labels(part)], width, IGNORED) for row in rows]
    inputs = {"input_ids": torch.tensor(ids, device=device)}
    if any(len(row.parts) > 1 for row in rows):
        inputs |= _apart(rows, width, device, reach or width)
    return Batch(inputs, torch.tensor(labels, device=device))


def _labels(part: Tokens) -> tuple[int, ...]:
    return (IGNORED, *part.labels[1:])  # else a part's first token would be learned from the part before it


def _apart(rows: Sequence[Row], width: int, device: torch.device, reach: int) -> dict[str, torch.Tensor]:
    """Return what keeps packed examples apart: positions that begin anew, and attention within an example only."""
    lengths = [[*(len(part) for part in row.parts), width - len(row)] for row in rows]
    positions = [[at for length in row for at in range(length)] for row in lengths]
    owners = torch.tensor([[i for i, length in enumerate(row) for _ in range(length)] for row in lengths])
    back = torch.ones(width, width, dtype=torch.bool).tril().triu(1 - reach)
    mask = (owners[:, :, None] == owners[:, None, :]) & back  # what fills up a row sees itself: no row is empty
    return {
        "position_ids": torch.tensor(positions, device=device),
        "attention_mask": mask[:, None].to(device),
    }


def _filled(values: list[int], width: int, value: int) -> list[int]:
    return values + [value] * (width - len(values))
