"""How the conversations are built: system messages, turns and lengths."""

import difflib
import heapq
from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.second_pass import Found, SeenExample
from shared.core.dataset.tallies import MEASURED, Frequent, Sizes, percent

_COMPARED = 25  # system messages that are compared with each other
_NEARLY = 0.9  # of difflib's ratio, from which on two system messages are meant to be one
_RARE_BESIDE = 0.2  # a slip is at most so frequent as what it resembles
_KEPT = 600  # characters of a system message that are kept
_READ = 300  # characters of two that are compared
_FAR_OUT = 10  # times the median, and twice what 95 % stay below
_FEW_TURNS = 0.05


class Conversations:
    """The measure of how the examples to train on are built."""

    name = "conversations"

    def __init__(self, profile: BaseModel) -> None:
        self._profile = profile
        self._examples = 0
        self._turns: Counter[int] = Counter()  # answers in an example
        self._systems: Frequent[str] = Frequent(room=500)
        self._without = 0  # line of the first example without a system message
        self._tokens = Sizes()
        self._longest: list[tuple[int, int]] = []  # tokens and line

    def see(self, example: SeenExample) -> None:
        """Count one example, if it is to train on."""
        if example.file != "training":
            return
        self._examples += 1
        roles = [role for role, _ in example.messages]
        self._turns[min(roles.count("assistant"), 100)] += 1
        if roles[0] == "system":
            text = example.messages[0][1]
            self._systems.add(text if len(text) <= _KEPT else f"{text[:_KEPT]}{hash(text)}", example.line)
        else:
            self._without = self._without or example.line
        self._tokens.add(example.tokens)
        entry = (example.tokens, -example.line)
        if len(self._longest) < 20:
            heapq.heappush(self._longest, entry)
        elif entry > self._longest[0]:
            heapq.heapreplace(self._longest, entry)

    def findings(self) -> Iterator[Found]:
        """Yield what is odd about them all, where there are enough to say so."""
        if self._systems.total and not self._profile.system_messages:
            reason = (
                f"{self._profile.name} leaves system messages out: they stand in {self._systems.total} examples"
            )
            yield Found("R25", reason)
        if self._examples < MEASURED:
            return
        yield from self._system_findings()
        several = self._examples - self._turns[1] - self._turns[0]
        if 0 < several <= self._examples * _FEW_TURNS:
            yield Found("D15", f"{percent(several / self._examples)} of the examples have more than one answer")
        limit = self._far_out()
        for tokens, line in sorted(self._longest, reverse=True):
            if tokens > limit:
                median = self._tokens.quantile(0.5)
                yield Found("D14", f"about {tokens} tokens; half of the examples have at most {median}", -line)

    def _far_out(self) -> int:
        """Return the tokens from which on an example is far longer than others."""
        return max(self._tokens.quantile(0.5) * _FAR_OUT, self._tokens.quantile(0.95) * 2)

    def _system_findings(self) -> Iterator[Found]:
        """Yield what is odd about the system messages."""
        with_one = self._systems.total
        if not with_one:
            yield Found("D11", "no example has a system message: serve the model without one, too")
            return
        if with_one < self._examples:
            share = percent(1 - with_one / self._examples)
            reason = f"{share} of the examples have no system message, the first in line {self._without}"
            yield Found("D13", reason, self._without)
        slips = self._slips()
        for text, (line, meant) in slips.items():
            reason = f"a system message nearly the same as in line {meant}"
            yield Found("D11c", reason, line, "$.messages[0].content", times=self._systems.counts[text])
        others = len(self._systems.counts) - len(slips)
        if others > 1:
            count = f"more than {others}" if self._systems.full else str(others)
            share = percent((self._systems.top() or ("", 0.0))[1])
            yield Found("D11b", f"{count} different system messages; the most frequent one has a share of {share}")

    def _slips(self) -> dict[str, tuple[int, int]]:
        """Return the rare system messages that are nearly equal to frequent ones, with the lines of both."""
        common = self._systems.counts.most_common(_COMPARED)
        slips: dict[str, tuple[int, int]] = {}
        for place, (text, count) in enumerate(common):
            for meant, times in common[:place]:
                if count <= times * _RARE_BESIDE and meant not in slips and _nearly(text, meant):
                    slips[text] = (self._systems.lines[text], self._systems.lines[meant])
                    break
        return slips

    def summary(self) -> dict[str, Any]:
        """Return turns, lengths and system messages in numbers."""
        quantiles = {f"p{share}": self._tokens.quantile(share / 100) for share in (5, 50, 95)}
        turns = [{"answers": answers, "count": count} for answers, count in sorted(self._turns.items())]
        return {
            "examples": self._examples,
            "answers_per_example": turns,
            "tokens_p5": quantiles["p5"],
            "tokens_median": quantiles["p50"],
            "tokens_p95": quantiles["p95"],
            "system_messages": len(self._systems.counts),
            "examples_with_system_message": self._systems.total,
        }


def _nearly(text: str, other: str) -> bool:
    """Tell whether two system messages differ so little that one of them seems a slip."""
    if abs(len(text) - len(other)) > max(len(text), len(other)) * 2 * (1 - _NEARLY):
        return False
    matcher = difflib.SequenceMatcher(None, text[:_READ].casefold(), other[:_READ].casefold(), autojunk=False)
    return matcher.quick_ratio() >= _NEARLY and matcher.ratio() >= _NEARLY
