"""Lines out of chunks: where the chunks are cut makes no difference, and memory does not grow with the file."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain

MAX_LINE = 4 * 1024 * 1024  # bytes
HEAD = 4096  # bytes that tell what kind of file it is
PIECE = 128 * 1024  # bytes that are split at once: what is done with them stays in the processor's cache
BOM = b"\xef\xbb\xbf"


class Lines:
    """Iterates once over the lines of a file without their line ends; tells size, hash and place on the way.

    The byte-order mark is taken off. A line longer than MAX_LINE comes cut, as MAX_LINE + 1 bytes.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.head, self._chunks = _head_of(chunks)
        self.bom = self.head.startswith(BOM)
        self.offset = len(BOM) if self.bom else 0  # of the present line in the file, bytes
        self.size = 0  # bytes read so far
        self.terminated = True  # whether the present line has a line end
        self._hash = hashlib.sha256()
        self.hashed = True  # unset it before the first line where the hash is not needed: it takes its time

    @property
    def sha256(self) -> str:
        """Hash of the bytes read so far, or nothing where they are not hashed."""
        return self._hash.hexdigest() if self.hashed else ""

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks():
            for line in block:
                yield line
                self.offset += len(line) + 1

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield the lines, many at once; `offset` is then that of the first, and the caller's to move on."""
        held = _Held()
        for piece in self._pieces():
            lines = piece.split(b"\n")
            held.add(lines[0])
            if len(lines) == 1:
                continue
            rest = lines.pop()
            if held.length > MAX_LINE:
                yield [held.line]
                self.offset += held.length - MAX_LINE - 1  # of which the caller knows nothing
                del lines[0]
            else:
                lines[0] = held.line
            held = _Held()
            held.add(rest)
            yield lines
        if held.length:
            self.terminated = False
            yield [held.line]

    def _pieces(self) -> Iterator[bytes]:
        """Yield the bytes after the byte-order mark in pieces that are small enough to be split."""
        skip = self.offset
        for chunk in self._chunks:
            if self.hashed:
                self._hash.update(chunk)
            self.size += len(chunk)
            if len(chunk) <= PIECE and not skip:
                yield chunk
            else:
                yield from (chunk[start : start + PIECE] for start in range(skip, len(chunk), PIECE))
            skip = 0


class _Held:
    """The parts of a line that is not complete yet, cut at MAX_LINE + 1 bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.length = 0  # of the line, also beyond the cut

    def add(self, part: bytes) -> None:
        """Add what follows."""
        room = MAX_LINE + 1 - self.length
        if room > 0 and part:
            self._parts.append(part[:room])
        self.length += len(part)

    @property
    def line(self) -> bytes:
        """The line so far."""
        return b"".join(self._parts)


def hash_of(chunks: Iterable[bytes]) -> str:
    """Return the SHA-256 of all bytes."""
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()


def _head_of(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes (HEAD of them, or all there are), and all bytes again, the head within one chunk."""
    rest = iter(chunks)
    taken = b""
    for chunk in rest:
        taken += chunk
        if len(taken) >= HEAD:
            break
    return taken[:HEAD], chain([taken], rest)
