"""The tree of routes: from a path and a method to a route and its parameters.

Each node stands for the segments walked so far. Literal segments lead on through a dict, so a lookup costs the same
with ten siblings as with ten thousand; behind them stand the parameters, the narrowest converter first. A branch that
leads nowhere is left, and the walk goes on with the next. The order of declaration decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from scaffold.exceptions import RouteConflictError
from scaffold.routing.patterns import Parameter, Route, Segment

__all__ = ["Match", "MethodMismatch", "Miss", "Resolution", "Resolver", "SlashRedirect"]


class Match(NamedTuple):
    """The route for a path and a method, and the values of its parameters by name."""

    route: Route
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MethodMismatch:
    """The path is known, but not with this method; ``allowed`` are the methods it has."""

    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class SlashRedirect:
    """The path matches but for its final slash; ``path`` is the right one, not percent-encoded."""

    path: str


@dataclass(frozen=True, slots=True)
class Miss:
    """No route has this path."""


Resolution = Match | MethodMismatch | SlashRedirect | Miss


class Resolver:
    """All routes of an application, ready to be looked up.

    Raises `RouteConflictError` for two routes that would match the same URLs with the same method and equal rank.
    """

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self.routes: list[Route] = []
        self._root = _Node()
        self._literal: dict[str, dict[str, Match]] = {}
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        """Add ``route``; raises `RouteConflictError`, and adds nothing, when another one claims its URLs."""
        node = self._root
        for segment in route.segments:
            for rival in node.rivals(segment):
                _check_rival(route, rival)
            node = node.descend(segment)
        for method in sorted(route.methods):
            other = node.routes.get(method)
            if other is not None:
                raise _conflict(route, other, route.path)
        node.routes.update(dict.fromkeys(route.methods, route))
        if not route.parameters:
            match = Match(route, MappingProxyType({}))
            self._literal.setdefault(route.path, {}).update(dict.fromkeys(route.methods, match))
        self.routes.append(route)

    def resolve(self, path: str, method: str) -> Resolution:
        """Return what ``method`` on ``path`` leads to; ``path`` is percent-decoded.

        One that does not begin with a slash, such as ``*``, leads nowhere.
        """
        literal = self._literal.get(path)
        if literal is not None and method in literal:
            return literal[method]
        if not path.startswith("/"):
            return Miss()
        match = self._straight(path, method)
        if match is not None:
            return match
        walk = _Walk(path, method)
        if walk.descend(self._root, 0):
            route, values = walk.found[0]
            return Match(route, dict(zip(route.parameters, values, strict=True)))
        if walk.allowed:
            return MethodMismatch(frozenset(walk.allowed))
        other = path.removesuffix("/") if path.endswith("/") else path + "/"
        # A path with two slashes in front would be read as the name of another host (RFC 3986 section 4.2).
        if other and not other.startswith("//"):
            walk = _Walk(other, method)
            if walk.descend(self._root, 0) or walk.allowed:
                return SlashRedirect(other)
        return Miss()

    def _straight(self, path: str, method: str) -> Match | None:
        """Return what the first way at each segment leads to, None where that is nothing.

        It is the way that a walk tries first, without the memory that a walk needs to turn back.
        """
        node, values = self._root, _NO_VALUES
        for segment in path[1:].split("/"):
            literal = node.literals.get(segment)
            if literal is not None:
                node = literal
                continue
            for edge in node.edges:
                if edge.spans:
                    return None
                converted = edge.convert(segment)
                if converted is not None:
                    node, values = edge.node, values + converted
                    break
            else:
                return None
        route = node.routes.get(method)
        return None if route is None else Match(route, dict(zip(route.parameters, values, strict=True)))


def rank_of(segment: Segment) -> tuple[int, int]:
    """Return how wide a segment with parameters is; the lowest is tried first.

    The widest converter decides; among equals, the segment with more literal text is the narrower one.
    """
    texts = [part for part in segment.parts if isinstance(part, str)]
    return max(parameter.converter.rank for parameter in segment.parameters), -sum(map(len, texts))


class _Edge:
    """The way from a node through a segment with parameters."""

    __slots__ = ("convert", "node", "rank", "shape", "spans")

    def __init__(self, segment: Segment) -> None:
        self.shape = segment.shape
        self.spans = segment.spans
        self.rank = rank_of(segment)
        self.convert = segment_converter(segment)
        self.node = _Node()


Values = tuple[Any, ...]

_NO_VALUES: Values = ()

MAX_MIXED_CHARACTERS = 255


def segment_converter(segment: Segment) -> Callable[[str], Values | None]:
    """Return what makes the values of a segment with parameters from its text, None where the text does not match."""
    is_mixed = any(isinstance(part, str) for part in segment.parts)
    return _mixed(segment) if is_mixed else _single(segment.parameters[0])


def _single(parameter: Parameter) -> Callable[[str], Values | None]:
    match = re.compile(parameter.converter.regex, re.DOTALL).fullmatch
    to_python = parameter.converter.to_python

    def convert(text: str) -> Values | None:
        if match(text) is None:
            return None
        try:
            return (to_python(text),)
        except ValueError:
            return None

    return convert


def _mixed(segment: Segment) -> Callable[[str], Values | None]:
    groups = [re.escape(part) if isinstance(part, str) else f"({part.converter.regex})" for part in segment.parts]
    match = re.compile("".join(groups), re.DOTALL).fullmatch
    converters = [parameter.converter for parameter in segment.parameters]

    def convert(text: str) -> Values | None:
        # Where one parameter ends and the next begins is found by trying, which must not take long.
        found = match(text) if len(text) <= MAX_MIXED_CHARACTERS else None
        if found is None:
            return None
        try:
            return tuple(converter.to_python(part) for converter, part in zip(converters, found.groups(), strict=True))
        except ValueError:
            return None

    return convert


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    edges: list[_Edge] = field(default_factory=list)
    routes: dict[str, Route] = field(default_factory=dict)

    def descend(self, segment: Segment) -> _Node:
        """Return the node behind ``segment``, made when it is new."""
        literal = segment.literal
        if literal is not None:
            return self.literals.setdefault(literal, _Node())
        for edge in self.edges:
            if edge.shape == segment.shape:
                return edge.node
        edge = _Edge(segment)
        self.edges.append(edge)
        self.edges.sort(key=lambda item: (item.rank, item.shape))
        return edge.node

    def walk(self) -> Iterator[_Node]:
        """Yield this node and every node below it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += [*node.literals.values(), *(edge.node for edge in node.edges)]

    def routes_below(self) -> set[Route]:
        """Return the routes of this node and of every node below it."""
        return {route for node in self.walk() for route in node.routes.values()}

    def rivals(self, segment: Segment) -> Iterator[_Edge]:
        """Yield the edges of another shape than ``segment`` that no rank decides between."""
        if self.edges and segment.literal is None:
            rank = rank_of(segment)
            yield from (edge for edge in self.edges if edge.rank == rank and edge.shape != segment.shape)


class _Walk:
    """One lookup. A node that led nowhere from a segment is not tried again from there."""

    __slots__ = ("allowed", "failed", "found", "hopeless", "method", "segments")

    def __init__(self, path: str, method: str) -> None:
        self.segments = path[1:].split("/")
        self.method = method
        self.allowed: set[str] = set()
        self.failed: set[tuple[int, int]] = set()
        self.hopeless: dict[int, int] = {}
        self.found: list[tuple[Route, Values]] = []

    def descend(self, node: _Node, index: int, values: Values = ()) -> bool:
        if index == len(self.segments):
            return self._arrive(node, values)
        segment = self.segments[index]
        literal = node.literals.get(segment)
        if literal is not None and self.descend(literal, index + 1, values):
            return True
        for edge in node.edges:
            if edge.spans:
                if self._span(edge, index, values):
                    return True
                continue
            converted = edge.convert(segment)
            if converted is not None and self.descend(edge.node, index + 1, values + converted):
                return True
        return False

    def _arrive(self, node: _Node, values: Values) -> bool:
        route = node.routes.get(self.method)
        if route is None:
            self.allowed.update(node.routes)
            return False
        self.found.append((route, values))
        return True

    def _span(self, edge: _Edge, index: int, values: Values) -> bool:
        """Give the edge one segment, then ever more: whatever else takes the next segment is narrower than a path."""
        if not self.segments[index] or index >= self.hopeless.get(id(edge), len(self.segments)):
            return False  # a path begins with no slash, and no end behind this place led anywhere
        refused = False
        for end in range(index + 1, len(self.segments) + 1):
            if (id(edge), end) in self.failed or not self._leads_on(edge.node, end):
                continue
            converted = edge.convert("/".join(self.segments[index:end]))
            if converted is None:
                refused = True
                continue
            if self.descend(edge.node, end, values + converted):
                return True
            self.failed.add((id(edge), end))
        if not refused:
            self.hopeless[id(edge)] = index
        return False

    def _leads_on(self, node: _Node, index: int) -> bool:
        if index == len(self.segments):
            return bool(node.routes)
        return bool(node.edges) or self.segments[index] in node.literals


def _check_rival(route: Route, rival: _Edge) -> None:
    """Raise when ``route`` takes a URL that stands for a route behind ``rival``, or the other way round."""
    for other in rival.node.routes_below():
        for one, two in ((route, other), (other, route)):
            example = _example(one)
            if example and any(_takes(two, example, method) for method in one.methods & two.methods):
                raise _conflict(route, other, example)


def _takes(route: Route, path: str, method: str) -> bool:
    return isinstance(Resolver((route,)).resolve(path, method), Match)


def _example(route: Route) -> str | None:
    pieces = []
    for segment in route.segments:
        parts = [part if isinstance(part, str) else part.converter.example for part in segment.parts]
        if segment.parts and not all(parts):
            return None
        pieces.append("".join(parts))
    return "/" + "/".join(pieces)


def _conflict(route: Route, other: Route, path: str) -> RouteConflictError:
    """Return the error that names both places; ``route`` is the one that came second."""
    methods = ", ".join(sorted(route.methods & other.methods - {"HEAD"})) or "HEAD"
    places = " and ".join(f"{item.view_name} ({item.source})" for item in (other, route))
    return RouteConflictError(
        f"{methods} {path} leads to two views: {places}",
        source=route.source,
        hint="Change the path or the methods of one of them.",
    )
