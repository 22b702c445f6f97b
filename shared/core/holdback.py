"""What of a streamed choice is held back until it is checked: which text to check next, and what may go.

Each check sees the text before it (`overlap`), so a phrase over a cut is seen whole. The last `margin` characters
of what is checked stay back until the next check has passed as well, so of a phrase that begins there nothing has
left. A choice may have several strings (lanes) and go from one to another and back at any time, so this holds for
each of them until the choice ends; pieces leave in the order in which they came, so what comes after a piece that
stays back does so too. Where a choice has several lanes each check sees them in a row, as a whole answer is read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.core.chat_answer import TEXTS, Answer
from shared.core.disguises import bare, bare_end
from shared.core.moderation import OVERLAP

MOST_HIDDEN = 4  # times the overlap: of an end with more invisible characters than that only the visible are kept
GAP = " [...] "  # between the beginning of a lane and what is checked of it
ORDER = (*TEXTS, "tool_calls", "logprobs")  # in which a whole answer is read


@dataclass(frozen=True)
class Pace:
    """How much text is checked at a time, in characters."""

    first: int = 120  # at least: the reader waits for it, and all but the margin of it can leave
    later: int = 1_000  # what one analysis costs anyway
    overlap: int = OVERLAP
    margin: int = 100  # the longest phrase of which not even the beginning may leave
    most: int = 8_000  # unchecked text at which the model has to wait for us


@dataclass
class Lane:
    """One growing string of a choice; lengths in characters since its beginning."""

    head: str = ""  # its beginning, once it is no longer in `before`: another lane's end may belong to it
    before: str = ""  # the end of what was handed to the check before
    left_out: int = 0  # characters that this end had, and that no reader sees
    fresh: list[str] = field(default_factory=list)  # came since
    length: int = 0
    asked: int = 0  # how far the running check goes
    checked: int = 0
    margin: int = 0  # how much of the end of what is checked stays back


@dataclass
class HeldBack:
    """One choice of a stream. At most one check of it is under way at a time."""

    pace: Pace
    ended: bool = False
    _waiting: list[tuple[Answer, dict[str, int]]] = field(default_factory=list)  # with where each lane ends in it
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _unchecked: int = 0
    _head: int = 0  # characters of the first piece that has text
    _begun: bool = False

    @property
    def full(self) -> bool:
        """Tell whether the model should wait for our checks."""
        return self._unchecked >= self.pace.most

    @property
    def length(self) -> int:
        """Return how many characters the model said so far; the tokens it could have said as well do not count."""
        return sum(lane.length for name, lane in self._lanes.items() if not name.startswith("logprobs"))

    @property
    def done(self) -> bool:
        """Tell whether everything came, was checked and has gone."""
        return self.ended and not self._waiting and not self._unchecked

    def add(self, piece: Answer) -> None:
        """Take in a piece that the model sent."""
        ends = {}
        for name, text in piece.lanes.items():
            lane = self._lanes.setdefault(name, Lane())
            lane.fresh.append(text)
            lane.length += len(text)
            self._unchecked += len(text)
            ends[name] = lane.length
        self._head = self._head or self._unchecked
        if piece.words or piece.logprobs:
            self._waiting.append((piece, ends))

    def next_texts(self) -> list[str]:
        """Return what to check next, lane by lane, with the text before it; empty while there is too little."""
        if self._unchecked < self._enough:
            return []
        self._begun = True
        self._unchecked = 0
        alone = len(self._lanes) == 1
        return [self._read(self._lanes[name], alone=alone) for name in sorted(self._lanes, key=_place)]

    @property
    def _enough(self) -> int:
        """Return how much unchecked text the next check wants; after the first one a whole piece shall leave."""
        if self.ended:
            return 1
        if self._begun:
            return self.pace.later
        return min(max(self.pace.first, self.pace.margin + self._head), self.pace.most)

    def _read(self, lane: Lane, *, alone: bool) -> str:
        """Return what is to be checked of a lane: beside others also where it begins, since one may end there."""
        head = "" if alone else lane.head
        text = self._take(lane) if lane.fresh else lane.before
        return f"{head}{GAP}{text}" if head else text

    def _take(self, lane: Lane) -> str:
        fresh, overlap = "".join(lane.fresh), self.pace.overlap
        text = lane.before + fresh
        lane.fresh, lane.asked = [], lane.length
        before, margin = seen_end(text, overlap), len(seen_end(text, self.pace.margin))
        lane.margin = margin + (lane.left_out if margin > len(fresh) else 0)
        size = len(before) + (lane.left_out if len(before) > len(fresh) else 0)
        if len(before) > MOST_HIDDEN * overlap:
            before = bare_end(before, overlap)  # else a flood would be checked again each time
        if not lane.head and len(bare(text)) > overlap:
            lane.head = seen_start(text, overlap)
        lane.before, lane.left_out = before, size - len(before)
        return text

    def passed(self) -> list[Answer]:
        """Note that the running check has passed (or that none was needed); return what may go now."""
        for lane in self._lanes.values():
            lane.checked = lane.asked
        whole = self.ended and not self._unchecked
        count = 0
        for _piece, ends in self._waiting:
            if not whole and any(end > self._safe(name) for name, end in ends.items()):
                break
            count += 1
        going, self._waiting = self._waiting[:count], self._waiting[count:]
        return [piece for piece, _ends in going]

    def _safe(self, name: str) -> int:
        """Return how far a lane may go; whether it will grow again is known at the choice's end only."""
        return self._lanes[name].checked - self._lanes[name].margin


def _place(name: str) -> int:
    return ORDER.index(name.partition(".")[0])


def seen_end(text: str, length: int) -> str:
    """Return the end of a text that has so many characters for a reader, however many invisible ones it takes."""
    return _seen(text, length, lambda size: text[-size:]) if length else ""


def seen_start(text: str, length: int) -> str:
    """Return the beginning of a text in the same way."""
    return _seen(text, length, lambda size: text[:size])


def _seen(text: str, length: int, cut: Callable[[int], str]) -> str:
    size = length
    found = cut(size)
    while size < len(text) and len(bare(found)) < length:
        size *= 2
        found = cut(size)
    return found
