"""What moderation looks at and what it decides: texts into windows, severities into a verdict."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from shared.core.disguises import copies

WINDOW = 10_000  # code points that one analysis takes
OVERLAP = 256  # code points that a window shares with the one before, so that a cut hides nothing
MEDIUM = 4  # severities go from 0 to 7; Azure's labels are safe, low, medium, high in steps of two
LABELS = ("safe", "low", "medium", "high")
CATEGORIES = {"Hate": "hate", "SelfHarm": "self_harm", "Sexual": "sexual", "Violence": "violence"}
SAFE = {spelled: {"filtered": False, "severity": "safe"} for spelled in CATEGORIES.values()}
Copies = dict[str, tuple[str, ...]]  # of each text
EDGE = frozenset(" \t\n\r.,;:!?()[]{}<>\"'`|/")  # a word ends here anyway: gluing on makes no new word


# Azure OpenAI's own annotation of texts that its filter did not see.
UNCHECKED = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}


@dataclass(frozen=True)
class Verdict:
    """What moderation says of some texts; an unblocked one lets them through."""

    thresholds: Mapping[str, int] = field(default_factory=dict)  # from which severity on a category blocks
    severities: Mapping[str, int] = field(default_factory=dict)
    blocklists: tuple[str, ...] = ()
    attack: bool | None = None  # by a user; None: Prompt Shields were not asked
    indirect_attack: bool | None = None  # in what a tool returned
    protected: bool | None = None  # None: it was not asked whether others have written this
    checked: bool = True  # False: nobody was asked, as the policy wants it

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Name what blocks, in Azure OpenAI's words; empty when nothing does."""
        found = [CATEGORIES.get(name, name.lower()) for name in self.severities if self._filtered(name)]
        found += [name for name, detected in self._detected.items() if detected]
        return tuple(found + (["custom_blocklists"] if self.blocklists else []))

    @property
    def blocked(self) -> bool:
        """Tell whether the texts must not pass."""
        return bool(self.reasons)

    @property
    def results(self) -> Mapping[str, Any]:
        """Return Azure OpenAI's `content_filter_results`."""
        if not self.checked:
            return UNCHECKED
        results: dict[str, Any] = SAFE | {
            CATEGORIES.get(name, name.lower()): {
                "filtered": self._filtered(name),
                "severity": LABELS[severity // 2],
            }
            for name, severity in self.severities.items()
            if severity or name not in CATEGORIES
        }
        results |= {
            name: {"filtered": found, "detected": found}
            for name, found in self._detected.items()
            if found is not None
        }
        if self.blocklists:
            details = [{"filtered": True, "id": name} for name in self.blocklists]
            results["custom_blocklists"] = {"filtered": True, "details": details}
        return results

    @property
    def _detected(self) -> dict[str, bool | None]:
        return {
            "jailbreak": self.attack,
            "indirect_attack": self.indirect_attack,
            "protected_material_text": self.protected,
        }

    def _filtered(self, category: str) -> bool:
        return self.severities[category] >= self.thresholds.get(category, MEDIUM)


def merged(thresholds: Mapping[str, int], verdicts: Iterable[Verdict]) -> Verdict:
    """Return one verdict over all texts: the worst of each category."""
    severities: dict[str, int] = {}
    blocklists: dict[str, None] = {}
    attack: bool | None = None
    indirect: bool | None = None
    protected: bool | None = None
    for verdict in verdicts:
        for name, severity in verdict.severities.items():
            severities[name] = max(severity, severities.get(name, 0))
        blocklists |= dict.fromkeys(verdict.blocklists)
        attack = _either(attack, verdict.attack)
        indirect = _either(indirect, verdict.indirect_attack)
        protected = _either(protected, verdict.protected)
    return Verdict(thresholds, severities, tuple(blocklists), attack, indirect, protected)


def _either(left: bool | None, right: bool | None) -> bool | None:
    return right if left is None else left or bool(right)


def windows(text: str, size: int = WINDOW, overlap: int = OVERLAP) -> Iterator[str]:
    """Yield the text in overlapping pieces that one analysis takes; a longer text begins with the same pieces."""
    start = 0
    while True:
        yield text[start : start + size]
        if start + size >= len(text):
            return
        start += size - overlap


def readings(strings: Sequence[str]) -> tuple[str, ...]:
    """Return how strings beside each other can be read: as words apart and, where that makes new words, as one."""
    texts = [text for text in strings if text]
    apart = " ".join(texts)
    if any(left[-1] not in EDGE and right[0] not in EDGE for left, right in pairwise(texts)):
        return (apart, "".join(texts))
    return (apart,)


def pieces(texts: Iterable[str], known: Copies | None = None) -> list[str]:
    """Return what has to be analysed to know these texts, each thing once: as they are, and undisguised.

    Copies that are `known` are not made again.
    """
    known = {} if known is None else known
    found: dict[str, None] = {}
    for text in dict.fromkeys(texts):
        if text not in known:
            known[text] = copies(text)
        for copy in known[text]:
            if copy.strip():
                found |= dict.fromkeys(windows(copy))
    return list(found)
