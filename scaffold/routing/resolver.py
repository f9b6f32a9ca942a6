"""From a path and a method to a route and its parameters: the tree with all routes, and what a lookup returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from scaffold.routing.patterns import HOST_END, Route
from scaffold.routing.rivals import Overlaps, conflict, shared_methods
from scaffold.routing.tree import Node, Values, Walk, is_hopeless, rank_of, segment_converter, straight

__all__ = [
    "Match",
    "MethodMismatch",
    "Miss",
    "Resolution",
    "Resolver",
    "SlashRedirect",
    "host_name",
    "rank_of",
    "segment_converter",
]


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

_Way = tuple[Node, list[str]]

_MISS = Miss()


def host_name(host: str) -> str:
    """Return the name in a ``Host`` field: in lower case, without the port and the dot at the end."""
    name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return name.lower().removesuffix(".")


class Resolver:
    """All routes of an application, ready to be looked up.

    ``has_hosts`` says whether a route asks for a host, so that a lookup needs it. Raises `RouteConflictError` for two
    routes that would match one URL with the same method and equal rank.
    """

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self.routes: list[Route] = []
        self._root = Node()
        self._hosts: Node | None = None
        # The routes without parameters, by their path; by far most requests are a GET.
        self._gets: dict[str, Match] = {}
        self._others: dict[tuple[str, str], Match] = {}
        self._overlaps = Overlaps()
        self.has_hosts = False
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        """Add ``route``; raises `RouteConflictError`, and adds nothing, when another one claims its URLs."""
        if route.host and self._hosts is None:
            self._hosts, self.has_hosts = Node(), True
            self._gets, self._others = {}, {}  # they ask for no host, so that they would hide the routes of one
        root = self.tree_of(route)
        self._check(route, root)
        root.insert(route)
        if not self.has_hosts and not route.parameters:
            match = Match(route, MappingProxyType({}))
            for method in route.methods:
                if method == "GET":
                    self._gets[route.path] = match
                else:
                    self._others[route.path, method] = match
        self.routes.append(route)

    def tree_of(self, route: Route) -> Node:
        """Return the root of the tree that ``route`` belongs into: that of its host's last label, or of the paths."""
        return self._hosts if route.host and self._hosts is not None else self._root

    def _check(self, route: Route, root: Node) -> None:
        """Raise when another route of equal rank has a URL of ``route``."""
        node: Node | None = root
        for index, segment in enumerate(route.walked):
            if node is None:
                return
            literal = segment.literal
            if literal is not None:
                node = node.literals.get(literal)
                continue
            for rival in node.rivals(segment):
                self._overlaps.check(route, rival, route.walked[:index])
            edge = node.edge_of(segment)
            node = edge.node if edge is not None else None
        if node is not None and node.routes:
            for other in node.routes.values():
                if shared_methods(route, other):
                    raise conflict(route, other, route.url)

    def resolve(self, path: str, method: str, host: str = "") -> Resolution:
        """Return what ``method`` on ``path`` leads to; ``path`` is percent-decoded.

        A path that does not begin with a slash, such as ``*``, leads nowhere. ``host`` is that of the request, with or
        without a port; it counts where a route asks for one, see `has_hosts`.
        """
        match = self._gets.get(path) if method == "GET" else self._others.get((path, method))
        if match is not None:
            return match
        if self._hosts is not None and host:
            return self._resolve_at(self._hosts, path, method, host)
        if path[:1] != "/":
            return _MISS
        segments = path[1:].split("/")
        found = straight(self._root, segments, method)
        if found is not None:
            route, values = found
            return Match(route, dict(zip(route.slots, values, strict=True)))
        if is_hopeless(self._root, segments):
            return _MISS
        return _search([(self._root, [])], path, method)

    def _resolve_at(self, hosts: Node, path: str, method: str, host: str) -> Resolution:
        """Look among the routes that ask for the host first, then among the others."""
        if path[:1] != "/":
            return _MISS
        name = host_name(host)
        ways: list[_Way] = [(self._root, [])]
        if ":" not in name:
            ways.insert(0, (hosts, [*reversed(name.split(".")), HOST_END]))
        return _search(ways, path, method)


def _search(ways: list[_Way], path: str, method: str) -> Resolution:
    """Walk each way in turn, then ask whether the final slash is what keeps the path from matching."""
    segments = path[1:].split("/")
    allowed: set[str] = set()
    for root, lead in ways:
        walk = Walk(lead + segments, method)
        if walk.descend(root):
            return _match(*walk.found[0])
        allowed |= walk.allowed
    if allowed:
        return MethodMismatch(frozenset(allowed))
    has_slash = not segments[-1]
    other = path[:-1] if has_slash else path + "/"
    # A path with two slashes in front would be read as the name of another host (RFC 3986 section 4.2).
    if other and other[:2] != "//":
        segments = segments[:-1] if has_slash else [*segments, ""]
        for root, lead in ways:
            walk = Walk(lead + segments, method)
            if walk.descend(root) or walk.allowed:
                return SlashRedirect(other)
    return _MISS


def _match(route: Route, values: Values) -> Match:
    params = dict(zip(route.slots, values, strict=True))
    params.pop("", None)  # what a * in the host stands for
    return Match(route, params)
