"""Range requests (RFC 9110 section 14): which bytes of a representation are asked for, and how they are sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["MAX_RANGES", "ByteRange", "Part", "content_range", "make_parts", "parse_ranges"]

MAX_RANGES = 32  # a field with more is passed over, as RFC 9110 section 14.2 allows

_SPEC = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")  # int-range and suffix-range, RFC 9110 section 14.1.1
_BOUNDARY_BYTES = 12


class ByteRange(NamedTuple):
    """Bytes ``start`` up to, and not with, ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.stop - self.start


class Part(NamedTuple):
    """A part of a ``multipart/byteranges`` body: what stands before its bytes, and which these are."""

    head: bytes
    range: ByteRange


def parse_ranges(field: str, size: int) -> list[ByteRange] | None:
    """Return what a ``Range`` field asks of ``size`` bytes: no range when none of them is there, which is 416.

    None stands for a field that is to be passed over: it is malformed, in another unit, asks for more than `MAX_RANGES`
    ranges, or there are no bytes. Ranges that overlap become one, so that no byte is sent twice.
    """
    unit, equals, text = field.partition("=")
    specs = [spec for part in text.split(",", MAX_RANGES) if (spec := part.strip(" \t"))]
    if not equals or unit.strip(" \t").lower() != "bytes" or not specs or len(specs) > MAX_RANGES or not size:
        return None
    ranges = []
    for spec in specs:
        found = _SPEC.fullmatch(spec)
        if found is None or spec == "-":
            return None
        first, last = found.groups()
        if first and last and int(last) < int(first):
            return None
        start = int(first) if first else max(0, size - int(last))
        stop = min(size, int(last) + 1) if first and last else size
        if start < stop:
            ranges.append(ByteRange(start, stop))
    return _without_overlaps(ranges)


def _without_overlaps(ranges: list[ByteRange]) -> list[ByteRange]:
    """Return the ranges as they came when they are apart, else put together and in order."""
    merged: list[ByteRange] = []
    for item in sorted(ranges):
        if merged and item.start <= merged[-1].stop:
            merged[-1] = ByteRange(merged[-1].start, max(merged[-1].stop, item.stop))
        else:
            merged.append(item)
    return ranges if len(merged) == len(ranges) else merged


def content_range(part: ByteRange, size: int) -> str:
    """Return the text of a ``Content-Range`` field (RFC 9110 section 14.4)."""
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def make_parts(ranges: Iterable[ByteRange], size: int, content_type: str) -> tuple[str, Sequence[Part], bytes]:
    """Return the content type, the parts and the end of a body of several ranges (RFC 9110 section 14.6)."""
    boundary = os.urandom(_BOUNDARY_BYTES).hex()
    parts = [
        Part(
            f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"
            f"Content-Range: {content_range(item, size)}\r\n\r\n".encode("latin-1"),
            item,
        )
        for item in ranges
    ]
    return f"multipart/byteranges; boundary={boundary}", parts, f"\r\n--{boundary}--\r\n".encode("ascii")
