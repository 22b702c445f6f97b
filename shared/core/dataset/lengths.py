"""How long the examples are: totals, a histogram, and those that are too long for the base model."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from shared.core.base_models import BaseModel
from shared.core.dataset.findings import LISTED, Fault
from shared.core.dataset.second_pass import File, Found, SeenExample

Kind = Literal["estimate", "exact"]
ROOM = 2**32 - 1  # tokens of an example that are told apart


class Lengths:
    """Notes the tokens of every example: 4 bytes each."""

    name = "tokens"

    def __init__(self, profile: BaseModel, kind: Kind, error: float = 0.0) -> None:
        self._profile, self._kind, self._error = profile, kind, error
        self.of: dict[File, array[int]] = {"training": array("I"), "validation": array("I")}
        self._listed: dict[tuple[File, str], list[Found]] = {}
        self._counts: Counter[tuple[File, str]] = Counter()

    def see(self, example: SeenExample) -> None:
        """Note its tokens, and whether they are too many."""
        self.of[example.file].append(min(example.tokens, ROOM))
        for fault in _faults(example.tokens, self._profile, self._error):
            listed = self._listed.setdefault((example.file, fault.code), [])
            self._counts[example.file, fault.code] += 1
            if len(listed) < LISTED:
                listed.append(Found(fault.code, fault.message, example.line, fault.path, example.file))

    def findings(self) -> Iterator[Found]:
        """Yield the examples that are too long."""
        for key, (first, *others) in self._listed.items():
            yield first._replace(times=self._counts[key] - len(others))
            yield from others

    def summary(self) -> dict[str, Any]:
        """Return totals and histograms by file."""
        files = {file: _figures(tokens) for file, tokens in self.of.items() if tokens}
        return {"kind": self._kind, "files": files}


def _figures(tokens: array[int]) -> dict[str, Any]:
    """Return what tells about these lengths; the bins are powers of 2, their upper ends excluded."""
    bins = Counter(count.bit_length() for count in tokens)
    return {
        "total": sum(tokens),
        "mean": round(sum(tokens) / len(tokens), 1),
        "shortest": min(tokens),
        "longest": max(tokens),
        "histogram": [
            {"from": 1 << (bits - 1) if bits else 0, "below": 1 << bits, "examples": bins[bits]}
            for bits in range(min(bins), max(bins) + 1)
        ],
    }


def _faults(tokens: int, profile: BaseModel, error: float) -> Iterator[Fault]:
    """Yield what an example of so many tokens is too long for; an estimate rejects only beyond its error."""
    about = f"about {tokens} tokens{f', give or take {error:.0%}' if error else ''}"
    reads = f"{about}; {profile.name} reads at most {profile.context_length}"
    if tokens > profile.context_length * (1 + error):
        yield Fault("R22", "$.messages", reads)
    elif tokens > profile.context_length:
        yield Fault("R22b", "$.messages", reads)
    elif tokens > _warned_length(profile):
        reason = f"{about}; training may cut off what is over {_warned_length(profile)}"
        yield Fault("R22b", "$.messages", reason)


def _warned_length(profile: BaseModel) -> int:
    """Return the tokens from which on an example is worth a warning."""
    return min(profile.training_length, profile.context_length * 8 // 10)
