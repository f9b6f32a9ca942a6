"""Sets of characters: sorted ranges of code points, as a regular expression names them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

__all__ = ["ALL", "Ranges", "UnsupportedError", "difference", "holds", "intersect", "ranges_of", "union"]

Ranges = tuple[tuple[int, int], ...]
"""First and last code point of each range; sorted, and no two of them touch."""

ALL: Ranges = ((0, sys.maxunicode),)

_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
}


class UnsupportedError(Exception):
    """A regular expression holds what the analysis of routes can't read, such as an assertion."""


def union(sets: Iterable[Ranges]) -> Ranges:
    """Return what one of ``sets`` holds."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pair for item in sets for pair in item):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def difference(one: Ranges, other: Ranges) -> Ranges:
    """Return what ``one`` holds and ``other`` does not."""
    return intersect(one, tuple(_complement(other)))


def intersect(one: Ranges, other: Ranges) -> Ranges:
    """Return what both hold."""
    both = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return union([tuple((first, last) for first, last in both if first <= last)])


def holds(ranges: Ranges, code: int) -> bool:
    """Say whether the code point lies in one of the ranges."""
    return any(first <= code <= last for first, last in ranges)


def _complement(ranges: Ranges) -> Iterator[tuple[int, int]]:
    start = 0
    for first, last in ranges:
        if start < first:
            yield start, first - 1
        start = last + 1
    if start <= sys.maxunicode:
        yield start, sys.maxunicode


def ranges_of(items: Iterable[tuple[Any, Any]]) -> Ranges:
    """Return what a class of characters holds, given as the standard library's parser gives it."""
    found: list[Ranges] = []
    negated = False
    for kind, value in items:
        name = str(kind)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found.append(((value, value),))
        elif name == "RANGE":
            found.append((value,))
        elif name == "CATEGORY" and str(value) in _CATEGORIES:
            found.append(_category(_CATEGORIES[str(value)]))
        else:
            raise UnsupportedError(name)
    ranges = union(found)
    return tuple(_complement(ranges)) if negated else ranges


@lru_cache(maxsize=len(_CATEGORIES))
def _category(escape: str) -> Ranges:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    return tuple((found.start(), found.end() - 1) for found in re.finditer(f"{escape}+", every))
