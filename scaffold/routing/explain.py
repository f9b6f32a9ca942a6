"""Why a path led where it did: what stands against what in a route, and the routes nearest to a path that none has."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from scaffold.routing.patterns import ANY_METHOD, Parameter, Route, Segment
from scaffold.routing.resolver import host_name, segment_converter

__all__ = ["Attempt", "Step", "compare", "explain", "has_path", "written"]

# What of a path is compared, so that a long one costs no more than others.
MAX_CHARACTERS = 2000
MAX_SEGMENTS = 32
MAX_SEGMENT_CHARACTERS = 100
MOST_REASONS = 3
_SHOWN_CHARACTERS = 40
_LEAST_RATIO = 0.5

# What each difference adds to the distance.
_EXTRA = 1.0
_MISSING = 0.9
_REFUSED = 0.6
_PARAMETER = 0.05
_SWALLOWED = 0.5  # a <path:...> takes anything, which means little when its start is another
_SLASH = 0.1
_HOST = 0.5
_LEAST_DIFFERENCE, _MOST_DIFFERENCE = 0.1, 1.2  # of a literal and another text in its place

_Pair = tuple[Segment | None, str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """A segment of a route beside the text of the path in its place; ``reason`` is empty when that fits.

    ``rule`` is the segment as written, empty where the path has a segment more; ``text`` is None where it has one less.
    """

    rule: str
    text: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A route that did not match: ``reason`` says why, and a smaller ``distance`` is nearer."""

    route: Route
    reason: str
    distance: float
    steps: tuple[Step, ...] = ()


def explain(routes: Iterable[Route], path: str, method: str, limit: int = 10, *, host: str = "") -> list[Attempt]:
    """Return why ``routes`` did not match ``path``, which is percent-decoded, the nearest ``limit`` of them first.

    Of equals, the one that agrees longer from the start comes first, then the one that was declared first. ``host`` is
    that of the request, with or without a port.
    """
    comparer = _Comparer(path, method, host)
    ranked = ((*comparer.rank(route), index, route) for index, route in enumerate(routes))
    nearest = heapq.nsmallest(limit, ranked, key=lambda item: item[:3])
    return [
        Attempt(route, comparer.reason(route), distance, comparer.steps(route)) for distance, _, _, route in nearest
    ]


def compare(route: Route, path: str, method: str, host: str = "") -> tuple[Step, ...]:
    """Return what stands against what in ``route`` and ``path``: the host where it asks for one, then the segments."""
    return _Comparer(path, method, host).steps(route)


def has_path(routes: Iterable[Route], path: str) -> Iterator[Route]:
    """Yield those of ``routes`` that may have the whole ``path``, whatever their methods and hosts."""
    comparer = _Comparer(path, "", "")
    return (route for route in routes if comparer.may_fit(route))


class _Comparer:
    """One path, cut into segments; what was found out about a text is kept for the next route."""

    def __init__(self, path: str, method: str, host: str) -> None:
        self.path = path
        self.method = method
        self.host = host_name(host)
        self._labels = self.host.split(".")[::-1]
        pieces = path[:MAX_CHARACTERS].removeprefix("/").split("/", MAX_SEGMENTS)[:MAX_SEGMENTS]
        self.has_slash = path.endswith("/")
        if pieces[-1] == "":
            pieces.pop()
        self.pieces = [piece[:MAX_SEGMENT_CHARACTERS] for piece in pieces]
        self._converters: dict[tuple[object, ...], Callable[[str], tuple[Any, ...] | None]] = {}
        self._accepted: dict[tuple[tuple[object, ...], str], bool] = {}
        self._differences: dict[tuple[str, str], float] = {}

    def rank(self, route: Route) -> tuple[float, int]:
        """Return the distance, and what makes the longer agreement from the start the smaller number."""
        pairs, agreed = self._pairs(route)
        distance = sum(self._cost(segment, piece) for segment, piece in pairs)
        distance += _PARAMETER * len(route.parameters) + _SLASH * (self._slash_reason(route) != "")
        distance += _HOST * (self._host_reason(route) != "")
        if not agreed and route.segments[-1].spans:
            distance += _SWALLOWED
        return round(distance, 3), -agreed

    def reason(self, route: Route) -> str:
        reasons = [_reason(segment, piece) for segment, piece in self._pairs(route)[0] if self._cost(segment, piece)]
        reasons += filter(None, [self._slash_reason(route), self._host_reason(route)])
        if len(reasons) > MOST_REASONS:
            reasons[MOST_REASONS:] = [f"{len(reasons) - MOST_REASONS} more"]
        if reasons:
            return "; ".join(reasons)
        if not self.path.startswith("/"):
            return "the path begins with no slash"
        if self.method not in route.methods and ANY_METHOD not in route.methods:
            return f"it takes {', '.join(sorted(route.methods))}, not {self.method}"
        return f"{_quoted(self.path)} as a whole is refused"

    def steps(self, route: Route) -> tuple[Step, ...]:
        """Return each segment with its text, and the final slash where it makes the difference."""
        segments, pieces = _content(route), self.pieces
        pairs, agreed = self._pairs(route)
        rest = len(segments) - agreed - sum(segment is not None for segment, _ in pairs)
        equal = [*zip(segments[:agreed], pieces[:agreed], strict=True)]
        end = [*zip(segments[len(segments) - rest :], pieces[len(pieces) - rest :], strict=True)]
        steps = [Step(f"//{route.host}", f"//{self.host}", self._host_reason(route))] if route.host else []
        steps += [self._step(segment, piece) for segment, piece in (*equal, *pairs, *end)]
        slash = self._slash_reason(route)
        if slash:
            steps.append(Step("/" if route.path.endswith("/") else "", "/" if self.has_slash else None, slash))
        return tuple(steps)

    def may_fit(self, route: Route) -> bool:
        """Say whether nothing in ``route`` stands against the path as far as it is compared."""
        if sum(segment.spans for segment in route.segments) > 1:
            return True
        return not self._slash_reason(route) and not any(self._cost(*pair) for pair in self._pairs(route)[0])

    def _step(self, segment: Segment | None, piece: str | None) -> Step:
        reason = _reason(segment, piece) if self._cost(segment, piece) else ""
        return Step(_rule(segment) if segment is not None else "", piece, reason)

    def _pairs(self, route: Route) -> tuple[list[_Pair], int]:
        """Return what stands against what between the equal start and the equal end, and how long the start is."""
        segments = _content(route)
        pieces: Sequence[str] = self.pieces
        shorter = min(len(segments), len(pieces))
        start = 0
        while start < shorter and self._agree(segments[start], pieces[start]):
            start += 1
        end = 0
        while end < shorter - start and self._agree(segments[-1 - end], pieces[-1 - end]):
            end += 1
        return list(_paired(segments[start : len(segments) - end], pieces[start : len(pieces) - end])), start

    def _agree(self, segment: Segment, piece: str) -> bool:
        return not segment.spans and self._cost(segment, piece) == 0

    def _cost(self, segment: Segment | None, piece: str | None) -> float:
        if segment is None:
            return _EXTRA
        if piece is None:
            return 0 if segment.takes_nothing else _MISSING
        literal = segment.literal
        if literal is None:
            return 0 if self._accepts(segment, piece) else _REFUSED
        return 0 if literal == piece else self._difference(literal, piece)

    def _accepts(self, segment: Segment, piece: str) -> bool:
        shape = tuple(part if isinstance(part, str) else (type(part.converter), part.rule) for part in segment.parts)
        key = (shape, piece)
        if key not in self._accepted:
            if shape not in self._converters:
                self._converters[shape] = segment_converter(segment)
            try:
                self._accepted[key] = self._converters[shape](piece) is not None
            except Exception:  # a converter of the project's own that fails has not taken it either
                self._accepted[key] = False
        return self._accepted[key]

    def _difference(self, literal: str, piece: str) -> float:
        key = (literal, piece)
        if key not in self._differences:
            matcher = SequenceMatcher(None, literal[:MAX_SEGMENT_CHARACTERS].casefold(), piece.casefold(), False)
            tests = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)  # each is dearer than the last
            ratio = 0.0
            for test in tests:
                ratio = test()
                if ratio < _LEAST_RATIO:
                    ratio = 0.0
                    break
            self._differences[key] = _LEAST_DIFFERENCE + (_MOST_DIFFERENCE - _LEAST_DIFFERENCE) * (1 - ratio)
        return self._differences[key]

    def _host_reason(self, route: Route) -> str:
        if not route.host:
            return ""
        is_it = len(route.labels) == len(self._labels) and all(map(self._agree, route.labels, self._labels))
        return "" if is_it else f"it is for the host {route.host}"

    def _slash_reason(self, route: Route) -> str:
        if route.segments[-1].spans:
            return ""  # it takes a slash as well
        has_slash = route.path.endswith("/")
        if has_slash == self.has_slash:
            return ""
        return "the final slash is missing" if has_slash else "the final slash is one too many"


def _content(route: Route) -> tuple[Segment, ...]:
    return route.segments if route.segments[-1].parts else route.segments[:-1]


def _paired(segments: Sequence[Segment], pieces: Sequence[str]) -> Iterator[_Pair]:
    """Yield each segment with its piece; one that spans gets as many as those behind it leave."""
    position = 0
    for index, segment in enumerate(segments):
        behind = len(segments) - index - 1
        end = max(position + 1, len(pieces) - behind) if segment.spans else position + 1
        taken = pieces[position:end]
        yield segment, "/".join(taken) if taken else None
        position = end
    for piece in pieces[position:]:
        yield None, piece


def _rule(segment: Segment) -> str:
    return "".join(part if isinstance(part, str) else written(part) for part in segment.parts)


def written(parameter: Parameter) -> str:
    """Return a parameter as it is written in a path, its arguments in their shortest form."""
    return f"<{_kind(parameter)}:{parameter.name}>"


def _kind(parameter: Parameter) -> str:
    """Return the kind of a parameter with its arguments, as it is written in a path."""
    has_own = not parameter.rule.startswith(parameter.kind)  # what a mount stands for is written in no path
    return parameter.kind if has_own else parameter.rule


def _reason(segment: Segment | None, piece: str | None) -> str:
    if segment is None:
        return f"{_quoted(piece or '')} is one segment too many"
    literal = segment.literal
    rule = _rule(segment)
    if piece is None:
        return f"{rule if literal is None else _quoted(rule)} is missing"
    if literal is not None:
        return f"{_quoted(piece)} is not {_quoted(literal)}"
    if len(segment.parts) > 1:
        return f"{_quoted(piece)} does not fit {rule}"
    return f"{_quoted(piece)} is no {_kind(segment.parameters[0])}"


def _quoted(text: str) -> str:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:_SHOWN_CHARACTERS])
    return f'"{shown}{"..." if len(text) > _SHOWN_CHARACTERS else ""}"'
