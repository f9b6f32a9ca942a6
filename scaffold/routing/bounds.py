"""Is a regular expression bounded? Some take a time that doubles with each character of a text that they refuse.

The analysis is careful rather than clever: it refuses some that would do, and says which part it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from scaffold.routing.characters import ALL, Ranges, UnsupportedError, difference, intersect, ranges_of, union

__all__ = ["needs_bound", "unbounded_part"]

MAX_WAYS = 256**3
"""How many ways there may be to cut a text of 255 characters, the longest that such an expression is given."""

_MANY = 64  # a repeat that may be left after fewer times is as good as unbounded from here on
_MAX_TOTAL = 10_000  # of counted repeats inside of each other, which the compiler writes out

_parse: Callable[[str, int], Any] = re._parser.parse  # type: ignore[attr-defined]
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_Item = tuple[Any, Any]


@lru_cache(maxsize=512)
def needs_bound(regex: str) -> bool:
    """Say whether ``regex`` tries so many ways that only short texts may be given to it."""
    items = list(_parse(regex, re.DOTALL))
    return _open_repeats(items) > 1 and not _is_marked(items)


def unbounded_part(regex: str) -> str:
    """Say what in ``regex`` may take time without bound; empty when nothing does."""
    parsed = _parse(regex, re.DOTALL)
    if parsed.state.flags & ~(re.DOTALL | re.UNICODE):
        return "it sets flags; write both cases, as in [aA]"
    items = list(parsed)
    if _total(items) > _MAX_TOTAL:
        return "its counted repeats multiply to more than " + str(_MAX_TOTAL)
    fault = next(_faults(items), "")
    if not fault and _ways(items) > MAX_WAYS and not _is_marked(items):
        return "too many repeats stand behind each other, with no character that marks where each one ends"
    return fault


def _faults(items: Iterable[_Item]) -> Iterator[str]:
    for kind, value in items:
        name = str(kind)
        if name in _REPEATS and value[1] > 1:
            yield from _repeat_faults(list(value[2]))
        if name in {"GROUPREF", "GROUPREF_EXISTS"}:
            yield "it refers to a group"
        if name == "SUBPATTERN" and (value[1] or value[2]):
            yield "it sets flags; write both cases, as in [aA]"
        for body in _bodies(name, value):
            yield from _faults(body)


def _repeat_faults(body: Sequence[_Item]) -> Iterator[str]:
    """Yield what makes a repeat of ``body`` try many ways to cut one text into pieces."""
    body = _unwrapped(body)
    if _may_be_empty(body):
        yield "what may be empty is repeated"
    if any(str(kind) == "BRANCH" and _is_ambiguous(value[1]) for kind, value in body) and not _is_marked(body, True):
        yield "alternatives that begin with the same character are repeated"
    if any(map(_is_variable, body)) and not _is_marked(body, True):
        yield "a repeat stands inside of another one, with no character that marks where each piece ends"


def _is_ambiguous(branches: Sequence[Any]) -> bool:
    """Say whether the first character does not tell which of the alternatives is meant."""
    heads = [_heads(branch) for branch in branches]
    overlap = any(intersect(head, other) for index, head in enumerate(heads) for other in heads[:index])
    return overlap or any(map(_may_be_empty, branches))


def _unwrapped(body: Sequence[_Item]) -> list[_Item]:
    """Return what stands inside groups that do nothing but hold a sequence."""
    found: list[_Item] = []
    for kind, value in body:
        found += _unwrapped(list(value[3])) if str(kind) == "SUBPATTERN" else [(kind, value)]
    return found


def _is_marked(items: Sequence[_Item], is_repeated: bool = False) -> bool:
    """Say whether one way at most cuts a text into the items.

    Each variable item must be followed by a character that it can't hold; when the sequence is repeated, what follows
    the last item is the first one.
    """
    items = _unwrapped(items)
    for index, item in enumerate(items):
        if not _is_variable(item):
            continue
        if str(item[0]) == "BRANCH" and sum(map(_may_be_empty, item[1][1])) > 1:
            return False
        behind = [*items[index + 1 :], *(items[: index + 1] if is_repeated else ())]
        if intersect(_all(item), _heads(behind)):
            return False
    return True


def _is_open(value: Any) -> bool:
    least, most, _ = value
    return bool(most - least >= _MANY)


def _is_variable(item: _Item) -> bool:
    kind, value = item
    name = str(kind)
    if name in _REPEATS:
        return value[0] != value[1] or any(map(_is_variable, value[2]))
    if name == "BRANCH" and _is_ambiguous(value[1]):
        return True
    return any(_is_variable(inner) for body in _bodies(name, value) for inner in body)


def _open_repeats(items: Iterable[_Item]) -> int:
    """Return how many open repeats stand one behind the other, on the way with the most of them."""
    count = 0
    for kind, value in items:
        name = str(kind)
        if name == "BRANCH":
            count += max(map(_open_repeats, value[1]))
            continue
        inner = sum(_open_repeats(body) for body in _bodies(name, value))
        count += max(inner, 1) if name in _REPEATS and _is_open(value) else inner
    return count


def _ways(items: Iterable[_Item]) -> int:
    """Return how many ways there are, at most, to give each item its part of a text."""
    ways = 1
    for kind, value in items:
        name = str(kind)
        if name == "BRANCH":
            ways *= max(1, sum(map(_ways, value[1])))
            continue
        if name in _REPEATS:
            ways *= max(1, min(value[1] - value[0] + 1, 256))
        for body in _bodies(name, value):
            ways *= _ways(body)
    return ways


def _total(items: Iterable[_Item]) -> int:
    """Return how many items the compiler makes of counted repeats."""
    count = 0
    for kind, value in items:
        name = str(kind)
        times = max(value[0], 1) if name in _REPEATS else 1
        count += times * max(1, sum(_total(body) for body in _bodies(name, value)))
    return count


def _bodies(name: str, value: Any) -> list[Any]:
    """Return the sequences inside of an item."""
    if name in _REPEATS:
        return [value[2]]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "BRANCH":
        return list(value[1])
    if name in {"ASSERT", "ASSERT_NOT"}:
        return [value[1]]
    return [value] if name == "ATOMIC_GROUP" else []


def _may_be_empty(items: Iterable[_Item]) -> bool:
    for kind, value in items:
        name = str(kind)
        if name in _REPEATS:
            if value[0] and not _may_be_empty(value[2]):
                return False
        elif name == "BRANCH":
            if not any(map(_may_be_empty, value[1])):
                return False
        elif name in {"SUBPATTERN", "ATOMIC_GROUP"}:
            if not _may_be_empty(_bodies(name, value)[0]):
                return False
        elif name not in {"AT", "ASSERT", "ASSERT_NOT"}:
            return False
    return True


def _own(kind: Any, value: Any) -> Ranges | None:
    """Return what a single character may be, None where the item is no single character."""
    try:
        match str(kind):
            case "LITERAL" | "RANGE" | "CATEGORY":
                return ranges_of([(kind, value)])
            case "NOT_LITERAL":
                return difference(ALL, ((value, value),))
            case "IN":
                return ranges_of(value)
            case "ANY":
                return ALL
    except UnsupportedError:
        return ALL
    return None


def _all(item: _Item) -> Ranges:
    """Return every character that the item may hold."""
    kind, value = item
    own = _own(kind, value)
    if own is not None:
        return own
    return union(_all(inner) for body in _bodies(str(kind), value) for inner in body)


def _heads(items: Iterable[_Item]) -> Ranges:
    """Return the characters that a sequence may begin with."""
    found: list[Ranges] = []
    for kind, value in items:
        own = _own(kind, value)
        found.append(own if own is not None else union(map(_heads, _bodies(str(kind), value))))
        if not _may_be_empty([(kind, value)]):
            break
    return union(found)
