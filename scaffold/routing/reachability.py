"""Which routes are hidden by narrower ones: for some of their URLs, or for all of them.

A route is said to be unreachable when the languages of the routes before it hold the whole of its own. That counts
routes whose converters name their `language` exactly; behind others a route is said to be hidden, never unreachable.
Routes with two parameters that span segments are compared by some of the URLs that they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from scaffold.routing.characters import UnsupportedError
from scaffold.routing.languages import BudgetError, Term, first_text, join, literal
from scaffold.routing.patterns import ANY_METHOD, Route, Segment
from scaffold.routing.resolver import Resolver
from scaffold.routing.rivals import Overlaps, compatible, example_of, is_exact, shared_methods, term_of, url_of
from scaffold.routing.tree import Edge, Node, Walk, rank_of, straight

__all__ = ["Fact", "reachability", "unreachable"]

MOST_NAMED = 5
"""How many of the routes that hide another one are named."""

MAX_HIDING = 500
"""How many routes are put together to see whether they leave a URL to another."""

MAX_SHARED = 20
"""How many URLs that two routes share are looked up, where it depends on the URL which one comes first."""

MAX_EXAMINED = 1_000
"""How many routes are compared with one, so that a wide one among thousands takes no longer than others."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What keeps requests from a route: ``hidden`` for some URLs, ``unreachable`` for all of them.

    ``example`` is a URL of ``route`` that the first of ``by`` answers; a host stands in front of it where the routes
    ask for one (``//api.example.org/posts/``). ``by`` names the first few.
    """

    kind: Literal["hidden", "unreachable"]
    route: Route
    by: tuple[Route, ...]
    example: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The places: that of the route, then those of the routes that hide it."""
        return (self.route.source, *(route.source for route in self.by))


def reachability(routes: Resolver | Iterable[Route]) -> list[Fact]:
    """Return a fact for each of ``routes`` that others hide, in their order.

    Each example is a URL that was looked up. Raises `RouteConflictError` for routes that a `Resolver` refuses.
    """
    survey = _Survey(routes if isinstance(routes, Resolver) else Resolver(routes))
    return [fact for route in survey.routes for fact in survey.facts(route)]


def unreachable(resolver: Resolver) -> list[Fact]:
    """Return the facts of the routes that nothing reaches; most routes cost one lookup."""
    survey = _Survey(resolver)
    suspects = [route for route in survey.routes if route.slots and not survey.reaches_example(route)]
    return [fact for route in suspects for fact in survey.facts(route) if fact.kind == "unreachable"]


class _Survey:
    """The routes of a resolver, and what is asked of them."""

    def __init__(self, resolver: Resolver) -> None:
        self.routes = resolver.routes
        self._tree = resolver.tree_of
        self._overlaps = Overlaps()

    def winner(self, route: Route, texts: list[str], method: str) -> Route | None:
        """Return what answers the URL of these texts."""
        root = self._tree(route)
        found = straight(root, texts, method)
        if found is not None:
            return found[0]
        walk = Walk(texts, method)
        return walk.found[0][0] if walk.descend(root) else None

    def reaches_example(self, route: Route) -> bool:
        """Say whether the route answers the URL made of its converters' examples."""
        example = example_of(route)
        return example is not None and any(self.winner(route, example, method) is route for method in route.methods)

    def facts(self, route: Route) -> Iterator[Fact]:
        """Yield the fact about ``route``, if there is one."""
        if not route.slots:
            return  # literal segments come first everywhere
        found = self._hiding(route)
        named = dict(islice(found, MOST_NAMED))
        if not named:
            return
        kind: Literal["hidden", "unreachable"] = "hidden"
        if not self.reaches_example(route) and self._is_covered(route):
            kind = "unreachable"
        yield Fact(kind, route, tuple(named), next(iter(named.values())))

    def _hiding(self, route: Route) -> Iterator[tuple[Route, str]]:
        """Yield routes that answer a URL of ``route``, each with the URL."""
        seen: set[Route] = set()
        for other in islice(_before(self._tree(route), route, self._overlaps), MAX_EXAMINED):
            methods = shared_methods(route, other)
            if not methods:
                continue
            for texts in islice(self._overlaps.all_of(route, other), MAX_SHARED):
                winner = self.winner(route, texts, min(methods - {"HEAD"} or methods))
                if winner is not None and winner is not route:
                    if winner not in seen:
                        seen.add(winner)
                        yield winner, url_of(texts)
                    break

    def _is_covered(self, route: Route) -> bool:
        """Say whether others answer every URL of ``route``, with each of its methods."""
        before = [
            other
            for other in islice(_before(self._tree(route), route, self._overlaps), MAX_HIDING)
            if all(map(is_exact, other.walked)) and not _is_open(route, other)
        ]
        try:
            return all(self._leaves_nothing(route, before, method) for method in route.methods)
        except (BudgetError, UnsupportedError):
            return False

    def _leaves_nothing(self, route: Route, before: Sequence[Route], method: str) -> bool:
        others = [other for other in before if method in other.methods or ANY_METHOD in other.methods]
        return bool(others) and first_text([_term(route)], [_term(other) for other in others]) is None


def _term(route: Route) -> Term:
    terms: list[Term] = []
    for index, segment in enumerate(route.walked):
        terms += [literal("/")] * bool(index) + [term_of(segment)]
    return join(terms)


def _before(node: Node | None, route: Route, overlaps: Overlaps) -> Iterator[Route]:
    """Yield the routes that a lookup tries before ``route`` and that may have URLs of it."""
    segments = route.walked
    for index, segment in enumerate(segments):
        if node is None:
            return
        if segment.literal is not None:
            node = node.literals.get(segment.literal)
            continue
        edge = node.edge_of(segment)
        if edge is None:
            return
        yield from _narrower(node, edge, segments, index, overlaps)
        if segment.spans:
            yield from _shorter(edge.node, route, index)
        node = edge.node


def _narrower(node: Node, own: Edge, segments: Sequence[Segment], index: int, overlaps: Overlaps) -> Iterator[Route]:
    """Yield the routes that leave ``node`` by a way before ``own``."""
    for text, child in node.literals.items():
        if own.spans:
            yield from child.routes_below()
        elif own.convert(text) is not None:
            yield from compatible(child, segments, index + 1, overlaps)
    for edge in node.edges:
        if edge.rank >= own.rank:
            return
        if own.spans or edge.spans:
            yield from edge.node.routes_below()
        elif overlaps.shared(own.segment, edge.segment) is not None:
            yield from compatible(edge.node, segments, index + 1, overlaps)


def _is_open(route: Route, other: Route) -> bool:
    """Say whether it depends on the URL which of the two comes first: two of their segments span others."""
    return any(sum(segment.spans for segment in item.walked) > 1 for item in (route, other))


def _shorter(node: Node, route: Route, index: int) -> Iterator[Route]:
    """Yield the routes that end the segment that spans others earlier than ``route`` does, and those that may.

    With fixed segments alone behind it, the one with more of them does; with as many, the narrower one is first.
    """
    rest = route.walked[index + 1 :]
    for other in node.routes_below():
        behind = other.walked[index + 1 :]
        if other is route:
            continue
        depends = any(segment.spans for segment in (*rest, *behind))
        if depends or len(behind) > len(rest) or (len(behind) == len(rest) and _is_before(behind, rest)):
            yield other


def _is_before(segments: Sequence[Segment], others: Sequence[Segment]) -> bool:
    for one, other in zip(segments, others, strict=True):
        if one.shape == other.shape:
            continue
        if one.literal is not None or other.literal is not None:
            return one.literal is not None
        return rank_of(one) < rank_of(other)
    return False
