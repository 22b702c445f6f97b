"""Server-sent events as OpenAI's API has them: read however the bytes are cut, written for every client."""

from collections.abc import Iterator

import msgspec

LONGEST_EVENT = 1_000_000  # bytes; more is no chunk of a chat completion
DONE = b"data: [DONE]\n\n"
# Some clients split lines wherever Unicode would: these are escaped, as JSON allows.
SEPARATORS = ((b"\xc2\x85", b"\\u0085"), (b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))
_encode = msgspec.json.Encoder().encode


class UnreadableStream(ValueError):
    """The bytes are not a stream of events."""


class EventReader:
    """Collects bytes, however they are cut, and yields the `data` of each event (joined lines, undecoded)."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        r"""Yield the data of the events that this piece completes; lines may end with \n, \r\n or \r."""
        buffer = self._rest + piece
        if b"\r" in buffer:
            held = buffer[-1:] == b"\r"  # its \n may be in the next piece
            buffer = buffer[: -1 if held else None].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + b"\r" * held
        *lines, self._rest = buffer.split(b"\n")
        if len(self._rest) + sum(map(len, self._data)) > LONGEST_EVENT:
            raise UnreadableStream("an event is too long")
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line and self._data:
                yield b"\n".join(self._data)
                self._data = []


def frame(event: object) -> bytes:
    """Return the event as one frame: LF only, no comment, no event name, no line break inside."""
    encoded = _encode(event)
    if not encoded.isascii():
        for raw, escaped in SEPARATORS:
            encoded = encoded.replace(raw, escaped)
    return b"data: " + encoded + b"\n\n"
