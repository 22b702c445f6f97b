"""Where in a line the texts of its messages stand, so that one can be changed and every other byte stays."""

import json
import re
from collections.abc import Callable, Iterator

_TOKEN = re.compile(rb'("(?:[^"\\]|\\.)*+")(\s*+:)?|[][{}]', re.DOTALL)


def with_contents(line: bytes, changed: Callable[[str], str]) -> bytes:
    """Return an example, as valid JSON with a list of messages, with the content of each message changed."""
    parts, end = [], 0
    for start, stop in _contents_in(line):
        text = json.loads(line[start:stop])
        other = changed(text)
        if other != text:
            parts += [line[end:start], json.dumps(other, ensure_ascii=line.isascii()).encode()]
            end = stop
    return b"".join((*parts, line[end:]))


def _contents_in(line: bytes) -> Iterator[tuple[int, int]]:
    """Yield from where to where the contents that are texts stand, with their quotes."""
    keys: dict[int, str] = {}  # the present one at each depth; in a list there is none
    depth = 0
    for token in _TOKEN.finditer(line):
        text, colon = token.groups()
        if token[0] in (b"[", b"{"):
            depth += 1
            keys[depth] = ""
        elif text is None:
            depth -= 1
        elif colon:
            keys[depth] = json.loads(text)
        elif depth == 3 and (keys[1], keys[3]) == ("messages", "content"):
            yield token.span(1)
