"""Languages: which texts regular expressions match, and which of them several have in common.

A language is a term, and what may follow a character is found with partial derivatives (Antimirov, 1996). So no
automaton is built before it is walked, and a counted repeat costs nothing until it is counted.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scaffold.routing.characters import ALL, Ranges, UnsupportedError, difference, holds, ranges_of

__all__ = ["EMPTY", "BudgetError", "Term", "chars", "first_text", "join", "language", "literal", "texts_of"]

MAX_STATES = 20_000
"""How many states a walk looks at before it gives up."""

_parse: Callable[[str, int], Any] = re._parser.parse  # type: ignore[attr-defined]

# The characters that an example is made of, the plainest first.
_READABLE = [ord(char) for char in "a1-b2._Ac3Z0~"]
_SLASH: Ranges = ((ord("/"), ord("/")),)
_UNBOUNDED = 1 << 31  # what the parser calls MAXREPEAT is no less


class BudgetError(Exception):
    """A walk looked at `MAX_STATES` and had not come to an end."""


@dataclass(frozen=True, slots=True)
class _Chars:
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class _Cat:
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Alt:
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Rep:
    item: Term
    least: int
    most: int | None


Term = _Chars | _Cat | _Alt | _Rep
States = frozenset[Term]

EMPTY: Term = _Cat(())
"""The language of the empty text alone."""


def chars(ranges: Ranges) -> Term:
    """Return the language of the texts of one character out of ``ranges``."""
    return _Chars(ranges)


def literal(text: str) -> Term:
    """Return the language of ``text`` alone."""
    return join([_Chars(((ord(char), ord(char)),)) for char in text])


def join(terms: Iterable[Term]) -> Term:
    """Return the language of the texts that are made of one text of each of ``terms``."""
    items: list[Term] = []
    for term in terms:
        items += term.items if isinstance(term, _Cat) else (term,)
    return items[0] if len(items) == 1 else _Cat(tuple(items))


@lru_cache(maxsize=512)
def language(regex: str, *, slashes: bool) -> Term:
    """Return the language of ``regex``, where a dot matches all; without ``slashes``, no text of it holds one.

    Raises `UnsupportedError` for what is no regular language or is not read: assertions, references, flags.
    """
    parsed = _parse(regex, re.DOTALL)
    if parsed.state.flags & ~(re.DOTALL | re.UNICODE):
        raise UnsupportedError("flags")
    return _sequence(parsed, slashes)


def _sequence(items: Iterable[tuple[Any, Any]], slashes: bool) -> Term:
    return join([_term(str(kind), value, slashes) for kind, value in items])


def _term(kind: str, value: Any, slashes: bool) -> Term:
    match kind:
        case "LITERAL":
            return _class([(kind, value)], slashes)
        case "NOT_LITERAL":
            return _class([("NEGATE", None), ("LITERAL", value)], slashes)
        case "ANY":
            return _Chars(ALL if slashes else difference(ALL, _SLASH))
        case "IN":
            return _class(value, slashes)
        case "BRANCH":
            return _Alt(tuple(_sequence(branch, slashes) for branch in value[1]))
        case "SUBPATTERN" if not value[1] and not value[2]:
            return _sequence(value[3], slashes)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, body = value
            return _Rep(_sequence(body, slashes), least, None if most >= _UNBOUNDED else most)
    raise UnsupportedError(kind)


def _class(items: Sequence[tuple[Any, Any]], slashes: bool) -> Term:
    ranges = ranges_of(items)
    return _Chars(ranges if slashes else difference(ranges, _SLASH))


def _nullable(term: Term) -> bool:
    match term:
        case _Chars():
            return False
        case _Cat(items):
            return all(map(_nullable, items))
        case _Alt(items):
            return any(map(_nullable, items))
        case _Rep(item, least, _):
            return least == 0 or _nullable(item)


def _heads(term: Term) -> Iterator[Ranges]:
    """Yield the characters that a text may begin with."""
    match term:
        case _Chars(ranges):
            yield ranges
        case _Cat(items):
            for item in items:
                yield from _heads(item)
                if not _nullable(item):
                    return
        case _Alt(items):
            for item in items:
                yield from _heads(item)
        case _Rep(item, _, most):
            if most != 0:
                yield from _heads(item)


def _after(term: Term, code: int) -> Iterator[Term]:
    """Yield the languages of what may follow the character ``code``."""
    match term:
        case _Chars(ranges):
            if holds(ranges, code):
                yield EMPTY
        case _Alt(items):
            for item in items:
                yield from _after(item, code)
        case _Cat(items):
            for index, item in enumerate(items):
                yield from (join([rest, *items[index + 1 :]]) for rest in _after(item, code))
                if not _nullable(item):
                    return
        case _Rep(item, least, most):
            if most == 0:
                return
            fewer = 0 if _nullable(item) else max(least - 1, 0)
            again = _Rep(item, fewer, None if most is None else most - 1)
            yield from (rest if again.most == 0 else join([rest, again]) for rest in _after(item, code))


@lru_cache(maxsize=100_000)
def _step(states: States, code: int) -> States:
    return frozenset(rest for term in states for rest in _after(term, code))


def _accepts(states: States) -> bool:
    return any(map(_nullable, states))


def _codes(groups: Iterable[States]) -> list[int]:
    """Return a character for each way that some of the states tell characters apart, the plainest first."""
    cuts = {0}
    for states in groups:
        for term in states:
            for ranges in _heads(term):
                for first, last in ranges:
                    cuts |= {first, last + 1}
    bounds = sorted(cuts)
    found = []
    for first, beyond in zip(bounds, [*bounds[1:], ALL[0][1] + 1], strict=True):
        if first < beyond:
            plain = next((code for code in _READABLE if first <= code < beyond), first)
            found.append(plain)
    order = {code: index for index, code in enumerate(_READABLE)}
    return sorted(found, key=lambda code: (order.get(code, len(order)), code))


def first_text(wanted: Sequence[Term], unwanted: Sequence[Term] = ()) -> str | None:
    """Return one of the shortest texts that is in each of ``wanted`` and in none of ``unwanted``; None without one.

    Raises `BudgetError`.
    """
    starts = (*(frozenset([term]) for term in wanted), frozenset(unwanted))
    seen = {starts}
    queue = deque([(starts, "")])
    while queue:
        states, text = queue.popleft()
        *those, others = states
        if all(map(_accepts, those)) and not _accepts(others):
            return text
        for code in _codes(states):
            step = tuple(_step(group, code) for group in states)
            if all(step[:-1]) and step not in seen:
                if len(seen) >= MAX_STATES:
                    raise BudgetError
                seen.add(step)
                queue.append((step, text + chr(code)))
    return None


def texts_of(wanted: Sequence[Term], limit: int) -> Iterator[str]:
    """Yield up to ``limit`` texts that are in each of ``wanted``, short ones first; not all that there are."""
    queue = deque([(tuple(frozenset([term]) for term in wanted), "")])
    steps = 0
    while queue and limit > 0 and steps < MAX_STATES // 10:
        steps += 1
        states, text = queue.popleft()
        if all(map(_accepts, states)):
            limit -= 1
            yield text
        for code in _codes(states):
            step = tuple(_step(group, code) for group in states)
            if all(step):
                queue.append((step, text + chr(code)))
