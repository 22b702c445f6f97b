"""What the endpoint shall take at most, and whether a measurement meets it; figures count as they are shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bench.proxy.measure import Figures


@dataclass(frozen=True)
class Aim:
    """One target: a limit, and the figure that it is for."""

    words: str
    limit: float
    figure: Callable[[Figures], float]
    digits: int = 0
    at_least: bool = False

    def met_by(self, found: Figures) -> str:
        """Return "met" or "missed", and the figure."""
        shown = f"{self.figure(found):.{self.digits}f}"
        met = float(shown) >= self.limit if self.at_least else float(shown) <= self.limit
        return f"{'met' if met else 'missed'}: {shown}"


def per_core(found: Figures) -> int:
    """Return the requests per second of a core, as they are shown."""
    return round(1000 / min(found.cpu))


def aims(direct: float, peer: Figures | None) -> list[Aim]:
    """Return the targets; `direct` is what a call of the model itself takes, `peer` is LiteLLM where it ran."""
    found = [
        Aim("at most 1 ms of CPU per request", 1, lambda one: min(one.cpu), 2),
        Aim("at least 1,000 requests/s per core", 1_000, per_core, at_least=True),
        Aim("at most 1.5 ms over a direct call", 1.5, lambda one: one.at(1, 0.5) - direct, 1),
        Aim("at most 360 ms in the 300/50 case", 360, lambda one: min(one.slow)),
        Aim("at most 100 MB", 100, lambda one: one.peak_mb),
        Aim("first answer at most 1.5 s after the start", 1.5, lambda one: one.start + one.first_answer / 1000, 1),
        Aim("first word of a stream at most 360 ms", 360, lambda one: min(one.first)),
        Aim("the same with a token each 5 ms", 360, lambda one: min(one.first_typed)),
    ]
    if peer is not None:
        theirs = per_core(peer)
        ratio = Aim(
            "at least 10 times LiteLLM's requests/s", 10, lambda one: per_core(one) / theirs, 2, at_least=True
        )
        found.insert(2, ratio)
    return found


def aim_rows(ours: Mapping[str, Figures], direct: float, peer: Figures | None) -> Iterator[tuple[str, ...]]:
    """Yield the table of targets: a column for each way in which we ran."""
    yield ("target", *ours)
    for aim in aims(direct, peer):
        yield (aim.words, *(aim.met_by(found) for found in ours.values()))
