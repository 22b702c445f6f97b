"""The contestants: each reads one file in a process of its own and tells its CPU time and peak memory.

Usage: python -m bench.datasets.contestants NAME FILE
"""

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

CHUNK = 4 * 2**20  # bytes, as the app reads them
Contestant = Callable[[Path], object]


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file."""
    with path.open("rb") as file:
        yield from file


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file as they come from a blob."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def read_lines(path: Path) -> None:
    """Read and count."""
    with path.open("rb") as file:
        for _ in file:
            pass


def each_line(loads: Callable[[bytes], object]) -> Contestant:
    """Return a contestant that parses every line and keeps nothing."""

    def run(path: Path) -> None:
        with path.open("rb") as file:
            for line in file:
                loads(line)

    return run


def typed_decode() -> Contestant:
    """Decode with msgspec into plain structs: the floor for every check of structure."""
    return each_line(importlib.import_module("bench.datasets.types_msgspec").decode)


def untyped_decode() -> Contestant:
    """Decode with msgspec into lists and dicts."""
    return each_line(importlib.import_module("msgspec").json.Decoder().decode)


def orjson_loads() -> Contestant:
    """Parse with orjson."""
    return each_line(importlib.import_module("orjson").loads)


def pydantic_models() -> Contestant:
    """Validate with pydantic."""
    return each_line(importlib.import_module("bench.datasets.types_pydantic").Example.model_validate_json)


def together_like() -> Contestant:
    """Check as the command line of Together does, up to the first error."""
    check: Contestant = importlib.import_module("bench.datasets.other_checks").first_error
    return check


def cookbook_like() -> Contestant:
    """Check as OpenAI's cookbook does, with all examples in memory."""
    check: Contestant = importlib.import_module("bench.datasets.other_checks").count_errors
    return check


def first_pass() -> Contestant:
    """TuneDrop's first pass: structure, spelling, control tokens, exact duplicates, token estimate."""
    comparing = importlib.import_module("shared.core.dataset.comparing")
    findings = importlib.import_module("shared.core.dataset.findings")
    reading = importlib.import_module("shared.core.dataset.reading")
    rules = importlib.import_module("shared.core.dataset.rules").RULES
    profile = importlib.import_module("shared.core.base_models").base_model("Phi-4-mini-instruct")

    def run(path: Path) -> None:
        learned = reading.read(chunks_of(path), profile, findings.Findings(rules, path.name))
        comparing.repeated(learned.rows)

    return run


def whole_check() -> Contestant:
    """TuneDrop's whole check: both passes, the split and the report."""
    dataset = importlib.import_module("shared.core.dataset")
    today = importlib.import_module("datetime").date(2026, 1, 1)
    return lambda path: dataset.check_dataset(lambda: chunks_of(path), None, None, path.name, today=today)


CONTESTANTS: dict[str, tuple[Callable[[], Contestant], str]] = {
    "read lines": (lambda: read_lines, "nothing"),
    "json.loads": (lambda: each_line(json.loads), "syntax"),
    "orjson.loads": (orjson_loads, "syntax"),
    "msgspec, untyped": (untyped_decode, "syntax"),
    "msgspec, typed": (typed_decode, "types: the floor"),
    "pydantic": (pydantic_models, "types"),
    "like Together's file check": (together_like, "structure, up to the first error"),
    "like OpenAI's cookbook": (cookbook_like, "7 kinds of errors, without lines"),
    "TuneDrop, first pass": (first_pass, "all rules of lines, exact duplicates, token estimate"),
    "TuneDrop, whole check": (whole_check, "all of that, the second pass, split and report"),
}


def main(name: str, path: Path) -> None:
    """Run one contestant once and print what it took."""
    run = CONTESTANTS[name][0]()
    begin = time.process_time()
    run(path)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    print(json.dumps({"seconds": seconds, "peak_mb": peak * 1024 / 1e6}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
