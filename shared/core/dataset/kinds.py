"""Tells by its first bytes when a file is no JSON Lines at all, so that one finding says so, not thousands."""

import codecs
import re

import msgspec

from shared.core.dataset.findings import Fault
from shared.core.dataset.lines import HEAD

_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WIDE_BRACES = (b"{\0", b"\0{", b"[\0", b"\0[", b"\0\0\0{", b"\0\0\0[")
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip (or Excel, .xlsx)"),
    (b"PK\x05\x06", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"PAR1", "Parquet"),
    (b"\xd0\xcf\x11\xe0", "old Excel (.xls)"),
    (b"%PDF", "PDF"),
)
_TABLE_HEADER = re.compile(rb'"?[\w .-]{1,60}"?(?:[,;\t]"?[\w .-]{0,60}"?)+')


def other_kind(head: bytes) -> Fault | None:
    """Return what the file is by its head (its first bytes, without byte-order mark), or None for JSON Lines."""
    if head.startswith(_WIDE_MARKS) or head.startswith(_WIDE_BRACES):
        return Fault("F06", "", "the file is UTF-16 or UTF-32, not UTF-8")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return Fault("F11", "", f"the file is {kind}, not text")
    first, _, rest = head.lstrip().partition(b"\n")
    if first.startswith((b"[", b"{")):
        return _other_json(first.rstrip(), rest.lstrip(), complete=len(head) < HEAD or b"\n" in head.lstrip())
    if _TABLE_HEADER.fullmatch(first.strip()):
        return Fault("F11", "", "the file looks like a table (CSV or TSV)")
    return None


def _other_json(first: bytes, rest: bytes, *, complete: bool) -> Fault | None:
    """Tell a JSON array and indented JSON from lines of JSON."""
    value = _json(first) if complete else None
    if first.startswith(b"["):
        holds_objects = isinstance(value, list) and any(isinstance(item, dict) for item in value)
        if value is None or holds_objects:
            return Fault("F10", "", "the file is one JSON array, not one object per line")
    elif value is None and (
        (first.endswith((b"{", b"[", b",")) and rest.startswith((b'"', b"}", b"]")))
        or (first.endswith(b"[") and rest.startswith(b"{"))
    ):
        return Fault("F10", "", "the JSON is indented over several lines, not one object per line")
    return None


def _json(text: bytes) -> object:
    """Return the JSON value, or None where it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
