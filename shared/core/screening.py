"""Screening a dataset for harm: which examples are looked at, what of them, and how far it came."""

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from random import Random
from typing import Any, NamedTuple

from shared.core.dataset.beside import flat
from shared.core.dataset.harm import Harm, Harms, code_of
from shared.core.dataset.lines import Lines
from shared.core.dataset.report import Report
from shared.core.moderation import CATEGORIES, pieces, windows
from shared.core.questions import SHORTEST_PROTECTED

Severities = Mapping[str, int]  # by Content Safety's names of the categories
ChunksOf = Callable[[], Iterable[bytes]]
MOST_SYSTEMS = 1_000  # different system messages and tools that are remembered; others are screened each time
TOOLS = frozenset({"tools", "functions"})  # keys beside the messages that hold tool definitions
ONCE = frozenset({"system", "tools"})  # whose texts are mostly the same in all examples


class Mode(StrEnum):
    """How much of a dataset is screened."""

    ALL = "all"
    SAMPLE = "sample"
    OFF = "off"


@dataclass(frozen=True)
class Plan:
    """What is screened, decided once for a drop."""

    mode: Mode
    files: tuple[str, ...]  # names of dataset and validation file
    total: int  # examples in all files
    chosen: int  # examples to screen
    seed: str  # the content's hash
    allowed: tuple[str, ...] = ()  # categories that the manifest allows
    compares: bool = False  # whether answers are compared with texts that others have published

    def numbers(self) -> Container[int]:
        """Return which examples are screened, counted from 0 through all files: the same each time."""
        if self.chosen == self.total:
            return range(self.total)
        return frozenset(Random(self.seed).sample(range(self.total), self.chosen))  # noqa: S311 - not a secret


def plan_of(report: Report, mode: Mode, sample: int) -> Plan:
    """Return what to screen of an accepted dataset; `sample` is in examples."""
    files = [file for file in (report.dataset, report.validation) if file]
    total = sum(file.examples for file in files)
    chosen = {Mode.ALL: total, Mode.SAMPLE: min(sample, total), Mode.OFF: 0}[mode]
    names = tuple(file.name for file in files)
    manifest = report.manifest
    return Plan(mode, names, total, chosen, report.content_hash, manifest.allow_harm, manifest.protected_material)


@dataclass(frozen=True)
class Progress:
    """How far a screening came; is saved, and holds no text."""

    plan: Plan
    versions: tuple[str, ...]  # of the files that were checked: for others all begins anew
    next: int = 0  # the example to go on with
    examples: int = 0  # screened
    texts: int = 0
    analyses: int = 0  # asked of Content Safety: a text that is long or spelled oddly takes several
    systems: tuple[str, ...] = ()  # hashes of the system messages and tool definitions seen
    harms: Harms = field(default_factory=Harms)
    rests_until: datetime | None = None  # somebody is at it, or Content Safety asked to come back
    trouble: str = ""  # what held it up last

    @property
    def done(self) -> bool:
        """Whether nothing is left to screen."""
        return self.examples >= self.plan.chosen

    def told(self) -> str:
        """Return how far it is, in words for people."""
        so_far = f"screened {self.examples} of {self.plan.chosen} examples for harm"
        return f"{so_far}; {self.trouble}" if self.trouble else so_far

    def summary(self) -> dict[str, Any]:
        """Return what the report says of it."""
        return {
            "mode": self.plan.mode,
            "examples": self.examples,
            "of": self.plan.total,
            "texts": self.texts,
            "analyses": self.analyses,
            "state": "finished" if self.done else "under way",
        }


class Ask(NamedTuple):
    """One question to Content Safety: how harmful is this, or has somebody else published it?"""

    text: str
    compares: bool = False


class Text(NamedTuple):
    """One text to screen, in pieces that one analysis takes."""

    path: str
    role: str
    hash: str
    asks: tuple[Ask, ...]


class Example(NamedTuple):
    """One example to screen; its texts may be none when they were screened with an earlier one."""

    number: int
    file: str
    line: int
    texts: tuple[Text, ...]

    @property
    def asks(self) -> tuple[Ask, ...]:
        """All that is to be asked of it."""
        return tuple(ask for text in self.texts for ask in text.asks)


def examples_left(progress: Progress, files: Sequence[ChunksOf]) -> Iterator[Example]:
    """Yield the examples that are still to be screened; raises what the chunks raise."""
    plan = progress.plan
    numbers, systems = plan.numbers(), dict.fromkeys(progress.systems)
    lines = chain.from_iterable(
        ((name, *line) for line in _filled(chunks_of())) for name, chunks_of in zip(plan.files, files, strict=True)
    )
    for number, (file, line, content) in enumerate(lines):
        if number >= progress.next and number in numbers:
            yield Example(number, file, line, tuple(_texts(content, systems, compares=plan.compares)))


def batches_of(examples: Iterable[Example], analyses: int) -> Iterator[list[Example]]:
    """Yield the examples in batches of about so many analyses."""
    batch: list[Example] = []
    for example in examples:
        batch.append(example)
        if sum(len(one.asks) for one in batch) >= analyses:
            yield batch
            batch = []
    if batch:
        yield batch


def _filled(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold an example, with their numbers."""
    for number, line in enumerate(Lines(chunks), start=1):
        if line and not line.isspace():
            yield number, line


def _texts(line: bytes, systems: dict[str, None], *, compares: bool) -> Iterator[Text]:
    """Yield the texts of an example; system messages and tool definitions only when they are new."""
    for path, role, whole in _spoken(json.loads(line)):
        digest = hashlib.sha256(whole.encode()).hexdigest()[:16]
        if role in ONCE:
            if digest in systems:
                continue
            if len(systems) < MOST_SYSTEMS:
                systems[digest] = None
        asks = [Ask(piece) for piece in pieces([whole])]
        if compares and role == "assistant":
            asks += [Ask(piece, compares=True) for piece in windows(whole) if len(piece) >= SHORTEST_PROTECTED]
        if asks:
            yield Text(path, role, digest, tuple(asks))


def _spoken(example: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield path, role and text of all that the model would see of an example without errors."""
    for place, message in enumerate(example["messages"]):
        calls = message.get("tool_calls") or message.get("function_call")
        parts = (
            message.get("content"),
            message.get("name"),
            json.dumps(calls, ensure_ascii=False) if calls else "",
        )
        yield f"$.messages[{place}].content", str(message["role"]), "\n".join(map(str, filter(None, parts)))
    for key in sorted(TOOLS & example.keys()):
        yield f"$.{key}", "tools", flat(example[key])


def screened(progress: Progress, examples: Sequence[Example], found: Sequence[Severities | None]) -> Progress:
    """Return the progress after analyses, one for each piece; None is one that failed, and ends what is done."""
    answers = iter(found)
    for example in examples:
        verdicts = [(text, [next(answers) for _ in text.asks]) for text in example.texts]
        if any(answer is None for _, each in verdicts for answer in each):
            break
        progress = _after(progress, example, [(text, _worst(each)) for text, each in verdicts])
    return progress


def _after(progress: Progress, example: Example, verdicts: Sequence[tuple[Text, Severities]]) -> Progress:
    """Return the progress after one more example."""
    systems = dict.fromkeys(progress.systems) | {
        text.hash: None for text, _ in verdicts if text.role in ONCE and len(progress.systems) < MOST_SYSTEMS
    }
    return replace(
        progress,
        next=example.number + 1,
        examples=progress.examples + 1,
        texts=progress.texts + len(example.texts),
        analyses=progress.analyses + len(example.asks),
        systems=tuple(systems),
        harms=progress.harms.adding(_harms(progress.plan, example, verdicts)),
    )


def _harms(plan: Plan, example: Example, verdicts: Sequence[tuple[Text, Severities]]) -> Iterator[Harm]:
    """Yield what is harmful in an example."""
    for text, severities in verdicts:
        for name, severity in sorted(severities.items()):
            category = CATEGORIES.get(name, name.lower())
            code = code_of(text.role, category, severity, plan.allowed)
            if code:
                place = (example.file, example.line, text.path, text.role)
                yield Harm(code, *place, category, severity, text.hash[:8])


def _worst(found: Sequence[Severities | None]) -> Severities:
    """Return the highest severity of each category over the pieces of a text."""
    worst: dict[str, int] = {}
    for severities in found:
        for name, severity in (severities or {}).items():
            worst[name] = max(severity, worst.get(name, 0))
    return worst
