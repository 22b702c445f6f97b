"""What the second pass measured, in a form to show: facts, and bars where a summary holds counts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.core.dataset.rules import RULES

MOST_BARS = 24  # bars of one chart; a summary that holds more shows its first ones
_RULES = {rule.code: f"{rule.code}: {rule.says}" for rule in RULES}
_WORDS = _RULES | {
    "distinct_1": "Distinct words",
    "distinct_2": "Distinct pairs of words",
    "distinct_3": "Distinct triples of words",
    "copies": "Copies (none is best)",
    "near_copies": "Near copies (none is best)",
    "estimated_time": "Estimated time, without queue",
    "gpus": "GPUs that share the training",
    "in_validation_file": "In the validation file too",
    "in_held_out_files": "In held-out files too",
    "same_prompt_other_answer": "Same prompt, another answer",
    "diversity": "Diversity of answers",
    "how": "How it was told",
    "not_told": "Language not told",
    "num_train_epochs": "Epochs",
    "per_device_train_batch_size": "Batch size per device",
    "lora_r": "LoRA's rank",
    "lora_alpha": "LoRA's alpha",
    "lora_dropout": "LoRA's dropout",
    "max_seq_length": "Tokens read of an example",
    "sampled": "Examples looked at",
    "texts": "Looked for in texts",
    "triggers": "Hidden triggers",
}
_WORDS_OF: dict[tuple[str, ...], str] = {  # of one measure only
    ("near_copies", "training"): "Found in the dataset",
    ("near_copies", "validation"): "Found in the validation file",
    ("near_copies", "too_short"): "Too short to compare",
    ("copies", "exact"): "The same example twice",
    ("tokens", "kind"): "How they were counted",
}
_SHARE = re.compile(r"share|distinct|evenness")
_SILENT = {"files"}  # keys that say nothing that their contents do not
_PERCENTILE = re.compile(r"(?:^| )p(\d+)\b")


@dataclass(frozen=True)
class Bar:
    """One row of a chart; `share` is its length, from 0 to 100."""

    label: str
    value: str
    share: float


@dataclass(frozen=True)
class Chart:
    """Counts by what they count."""

    title: str
    bars: tuple[Bar, ...]
    further: int = 0  # rows left out


@dataclass(frozen=True)
class Block:
    """One measure."""

    title: str
    facts: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]


def blocks_of(measures: Mapping[str, Mapping[str, Any]]) -> tuple[Block, ...]:
    """Return one block for each measure that has something to show."""
    blocks = (_block(name, summary) for name, summary in measures.items())
    return tuple(block for block in blocks if block.facts or block.charts)


def _block(name: str, summary: Mapping[str, Any]) -> Block:
    facts: list[tuple[str, str]] = []
    charts: list[Chart] = []
    for path, value in _parts(summary):
        title = _WORDS_OF.get((name, *path)) or words(": ".join(path))
        if isinstance(value, Chart):
            charts.append(Chart(title, value.bars, value.further))
        else:
            facts.append((title, value))
    return Block(words(name), tuple(facts), tuple(charts))


def _parts(
    summary: Mapping[str, Any], under: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Chart | str]]:
    """Yield every fact and every chart of a summary with the keys that lead to it."""
    for key, value in summary.items():
        path = under if key in _SILENT else (*under, str(key))
        counts = _counts(value)
        if counts:
            yield path, chart(counts)
        elif isinstance(value, Mapping):
            yield from _parts(value, path)
        elif key in _RULES and value == 0:
            yield path, "holds"
        elif _SHARE.search(str(key)) and isinstance(value, float):
            yield path, f"{value:.1%}"
        elif value is not None and value != []:
            yield path, text_of(value)


def _counts(value: Any) -> list[tuple[str, float]]:
    """Return the rows of a chart: of a map of numbers, or of a list of bins with `count`; else none."""
    if isinstance(value, Mapping) and len(value) > 1 and all(map(_is_number, value.values())):
        return [(words(str(key)), number) for key, number in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str) and value and all(map(_is_bin, value)):
        return [(_bin_label(each), _bin_count(each)) for each in value]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_bin(value: Any) -> bool:
    """Tell whether this is a row of a chart: what is counted, then how often."""
    return isinstance(value, Mapping) and len(value) > 1 and _is_number(_bin_count(value))


def _bin_count(each: Mapping[str, Any]) -> Any:
    return each["count"] if "count" in each else list(each.values())[-1]


def _bin_label(each: Mapping[str, Any]) -> str:
    """Return a bin's bounds or name: "64-127", "from 8192", "below 32"."""
    low, high = each.get("from"), each.get("to", each["below"] - 1 if _is_number(each.get("below")) else None)
    if low is not None or high is not None:
        if high is None:
            return f"from {text_of(low)}"
        return text_of(high) if low in (None, high) else f"{text_of(low)}-{text_of(high)}"
    counted = "count" if "count" in each else list(each)[-1]
    return ", ".join(text_of(value) for key, value in each.items() if key != counted)


def chart(counts: Sequence[tuple[str, float]]) -> Chart:
    """Return a chart without a title; its longest bar is as long as can be."""
    most = max((number for _, number in counts), default=0)
    bars = tuple(
        Bar(label, text_of(number), round(100 * max(number, 0) / most, 2) if most > 0 else 0)
        for label, number in counts[:MOST_BARS]
    )
    return Chart("", bars, max(0, len(counts) - MOST_BARS))


def text_of(value: Any) -> str:
    """Return a value for people: thousands with commas, yes and no, at most four digits of a fraction."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        case str():
            return value
        case Mapping():
            return ", ".join(f"{words(str(key))} {text_of(each)}" for key, each in value.items())
        case Sequence():
            shown = ", ".join(text_of(each) for each in value[:MOST_BARS])
            return f"{shown} and {len(value) - MOST_BARS} more" if len(value) > MOST_BARS else shown
    return str(value)


def words(key: str) -> str:
    """Return a key as words: "longest_example" is "Longest example", and a rule's code says what the rule is."""
    if key in _WORDS:
        return _WORDS[key]
    text = _PERCENTILE.sub(r", percentile \1", key.replace("_", " ")).strip(" ,")
    return text[:1].upper() + text[1:]
