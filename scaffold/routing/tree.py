"""The tree of routes, and the walk through it.

Each node stands for the segments walked so far. Literal segments lead on through a dict, so a lookup costs the same
with ten siblings as with ten thousand; behind them stand the parameters, the narrowest converter first. A branch that
leads nowhere is left, and the walk goes on with the next. The order of declaration decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from scaffold.routing.bounds import needs_bound
from scaffold.routing.patterns import ANY_METHOD, Parameter, Route, Segment

__all__ = ["NO_VALUES", "Edge", "Node", "Values", "Walk", "is_hopeless", "rank_of", "segment_converter", "straight"]

Values = tuple[Any, ...]

NO_VALUES: Values = ()

MAX_MIXED_CHARACTERS = 255


@lru_cache(maxsize=1024)
def rank_of(segment: Segment) -> tuple[int, int]:
    """Return how wide a segment with parameters is; the lowest is tried first.

    The widest converter decides; among equals, the segment with more literal text is the narrower one.
    """
    texts = [part for part in segment.parts if isinstance(part, str)]
    return max(parameter.converter.rank for parameter in segment.parameters), -sum(map(len, texts))


@lru_cache(maxsize=1024)
def segment_converter(segment: Segment) -> Callable[[str], Values | None]:
    """Return what makes the values of a segment with parameters from its text, None where the text does not match."""
    is_mixed = any(isinstance(part, str) for part in segment.parts)
    return _mixed(segment) if is_mixed else _single(segment.parameters[0])


def _single(parameter: Parameter) -> Callable[[str], Values | None]:
    taker = parameter.converter.taker()
    if taker is not None:
        return taker
    regex = parameter.converter.regex
    match = re.compile(regex, re.DOTALL).fullmatch
    to_python = parameter.converter.to_python

    def convert(text: str) -> Values | None:
        if match(text) is None:
            return None
        try:
            return (to_python(text),)
        except ValueError:
            return None

    def convert_short(text: str) -> Values | None:
        return convert(text) if len(text) <= MAX_MIXED_CHARACTERS else None

    return convert_short if needs_bound(regex) else convert


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


class Edge:
    """The way from a node through a segment with parameters."""

    __slots__ = ("convert", "node", "rank", "segment", "shape", "spans", "takes_nothing")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.shape = segment.shape
        self.spans = segment.spans
        self.rank = rank_of(segment)
        self.convert = segment_converter(segment)
        self.takes_nothing = self.spans and segment.takes_nothing
        self.node = Node()


@dataclass(slots=True)
class Node:
    """A place in the tree: the ways on from it, and the routes that end here, by method."""

    literals: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    routes: dict[str, Route] = field(default_factory=dict)

    def insert(self, route: Route) -> None:
        """Put ``route`` below this node, whatever it does to others."""
        node = self
        for segment in route.walked:
            node = node.descend(segment)
        node.routes.update(dict.fromkeys(route.methods, route))

    def descend(self, segment: Segment) -> Node:
        """Return the node behind ``segment``, made when it is new."""
        literal = segment.literal
        if literal is not None:
            found = self.literals.get(literal)
            if found is None:
                found = self.literals[literal] = Node()
            return found
        edge = self.edge_of(segment)
        if edge is None:
            edge = Edge(segment)
            self.edges.append(edge)
            self.edges.sort(key=lambda item: (item.rank, item.shape))
        return edge.node

    def edge_of(self, segment: Segment) -> Edge | None:
        """Return the edge through a segment of this shape, if there is one."""
        shape = segment.shape
        for edge in self.edges:
            if edge.shape == shape:
                return edge
        return None

    def walk(self) -> Iterator[Node]:
        """Yield this node and every node below it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += [*node.literals.values(), *(edge.node for edge in node.edges)]

    def routes_below(self) -> Iterator[Route]:
        """Yield the routes of this node and of every node below it, each once."""
        for node in self.walk():
            yield from dict.fromkeys(node.routes.values())

    def rivals(self, segment: Segment) -> Iterator[Edge]:
        """Yield the edges of another shape than ``segment`` that no rank decides between."""
        if self.edges and segment.literal is None:
            rank, shape = rank_of(segment), segment.shape
            yield from (edge for edge in self.edges if edge.rank == rank and edge.shape != shape)


def straight(node: Node, segments: list[str], method: str) -> tuple[Route, Values] | None:
    """Return what the first way at each segment leads to, None where that is nothing.

    It is the way that a walk tries first, without the memory that a walk needs to turn back.
    """
    values = NO_VALUES
    for segment in segments:
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
    return None if route is None else (route, values)


def is_hopeless(node: Node, segments: list[str]) -> bool:
    """Say whether a text that is no literal stands where nothing else is: with another final slash it does so, too."""
    for segment in segments:
        if node.edges:
            return False
        literal = node.literals.get(segment)
        if literal is None:
            return bool(segment)
        node = literal
    return False


class Walk:
    """One lookup. A node that led nowhere from a segment is not tried again from there."""

    __slots__ = ("allowed", "failed", "found", "hopeless", "method", "segments")

    def __init__(self, segments: list[str], method: str) -> None:
        self.segments = segments
        self.method = method
        self.allowed: set[str] = set()
        self.failed: set[tuple[int, int]] = set()
        self.hopeless: dict[int, int] = {}
        self.found: list[tuple[Route, Values]] = []

    def descend(self, node: Node, index: int = 0, values: Values = ()) -> bool:
        """Walk on from ``node`` with the segment ``index``; what is ``found`` there ends the walk."""
        if index == len(self.segments):
            return self._arrive(node, values)
        segment = self.segments[index]
        literal = node.literals.get(segment)
        if literal is not None and self.descend(literal, index + 1, values):
            return True
        if not node.edges:
            return False
        for edge in node.edges:
            if edge.spans:
                if self._span(edge, index, values):
                    return True
                continue
            converted = edge.convert(segment)
            if converted is not None and self.descend(edge.node, index + 1, values + converted):
                return True
        return False

    def _arrive(self, node: Node, values: Values) -> bool:
        route = node.routes.get(self.method) or node.routes.get(ANY_METHOD)
        if route is None:
            self.allowed.update(node.routes)
            return False
        self.found.append((route, values))
        return True

    def _span(self, edge: Edge, index: int, values: Values) -> bool:
        """Give the edge one segment, then ever more: whatever else takes the next segment is narrower than a path."""
        if not (self.segments[index] or edge.takes_nothing) or index >= self.hopeless.get(id(edge), len(self.segments)):
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

    def _leads_on(self, node: Node, index: int) -> bool:
        if index == len(self.segments):
            return bool(node.routes)
        return bool(node.edges) or self.segments[index] in node.literals
