"""What one line says as JSON, and what is wrong with it; slower than msgspec, but it can explain."""

import json
import re
from collections import Counter
from typing import Any

from shared.core.dataset.findings import Fault, shown
from shared.core.dataset.lines import MAX_LINE

MAX_DEPTH = 64
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # or what is left of one that never ends
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(Exception):
    """The line is no JSON that we read; `fault` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(code, "", message)


def value_of(line: bytes, offset: int = 0, *, terminated: bool = True) -> tuple[Any, list[Fault]]:
    """Return the line's value, and faults of spelling (keys twice, NaN, half surrogates); raises NotJson.

    `offset` is where the line begins in the file; a line that is not `terminated` is the file's last.
    """
    text = _text(line, offset)
    if _depth(line) > MAX_DEPTH:
        raise NotJson("F13", f"nested deeper than {MAX_DEPTH} levels")
    faults: list[Fault] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, faults),
            parse_constant=lambda name: _number(name, faults),
        )
    except json.JSONDecodeError as wrong:
        raise _not_json(wrong, text, terminated=terminated) from wrong
    except ValueError as wrong:  # an integer of thousands of digits
        raise NotJson("R01", "a number has too many digits") from wrong
    if "\\u" in text and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        faults.append(Fault("F15", "", "a text holds half of a surrogate pair"))
    return value, faults


def _text(line: bytes, offset: int) -> str:
    """Return the line as text; raises NotJson."""
    if len(line) > MAX_LINE:
        raise NotJson("F13", f"longer than {MAX_LINE // 2**20} MiB")
    if b"\0" in line:
        raise NotJson("F07", f"a NUL byte at character {line.index(0) + 1}")
    try:
        return line.decode()
    except UnicodeDecodeError as wrong:
        place = f"byte 0x{line[wrong.start]:02x} at offset {offset + wrong.start} of the file"
        raise NotJson("F04", f"not UTF-8: {place} (offset {wrong.start} of the line)") from wrong


def _depth(line: bytes) -> int:
    """Return how deep the brackets of a line nest."""
    if line.count(b"[") + line.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for byte in _STRING.sub(b"", line):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]], faults: list[Fault]) -> dict[str, Any]:
    """Return the object of these pairs, noting a key that stands twice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        faults.append(Fault("F14", "", f"the key {shown(twice)} stands twice in one object"))
    return value


def _number(name: str, faults: list[Fault]) -> float:
    """Note a NaN or an Infinity, which Python reads and JSON does not know."""
    faults.append(Fault("F14", "", f"{name} is no JSON number"))
    return 0.0


def _not_json(wrong: json.JSONDecodeError, text: str, *, terminated: bool) -> NotJson:
    """Return what is wrong: a line cut off, two values in one line, or other broken JSON."""
    if not terminated and text.lstrip().startswith("{") and _is_cut_off(wrong, text):
        return NotJson("F12", "the file's last line is cut off in the middle")
    if wrong.msg == "Extra data":
        return NotJson("R01", f"not JSON: something follows the object, at character {wrong.pos + 1}")
    return NotJson("R01", f"not JSON: {wrong.msg.removesuffix(' at')} at character {wrong.pos + 1}")


def _is_cut_off(wrong: json.JSONDecodeError, text: str) -> bool:
    """Tell whether the JSON is fine as far as it goes."""
    at_end = wrong.pos >= len(text.rstrip())
    return at_end or wrong.msg.startswith(("Unterminated string", "Invalid \\uXXXX"))
