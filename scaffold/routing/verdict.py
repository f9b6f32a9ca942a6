"""Which route wins a path and why, or why none does: a `Resolution` with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scaffold.routing.explain import Attempt, Step, compare, explain, has_path
from scaffold.routing.patterns import ANY_METHOD, Route, Segment
from scaffold.routing.resolver import Match, MethodMismatch, Miss, Resolution, Resolver, SlashRedirect, rank_of

__all__ = ["Rival", "Verdict", "judge"]

MOST_RIVALS = 20


@dataclass(frozen=True, slots=True)
class Rival:
    """A route that has the path as well; ``reason`` says why it does not answer."""

    route: Route
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a path and a method lead to.

    ``steps`` are the segments of the route that won, ``rivals`` are other routes that have the path, and ``attempts``
    are the nearest routes where none has it.
    """

    path: str
    method: str
    found: Resolution
    steps: tuple[Step, ...] = ()
    rivals: tuple[Rival, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def route(self) -> Route | None:
        """The route that won, or None."""
        return self.found.route if isinstance(self.found, Match) else None


def judge(routes: Sequence[Route], path: str, method: str, found: Resolution, host: str = "") -> Verdict:
    """Give the reasons for ``found``, which is what ``method`` on the percent-decoded ``path`` of ``host`` leads to."""
    if isinstance(found, Match):
        rivals = tuple(
            Rival(route, _why_behind(found.route, route, method))
            for route in _takers(routes, path, method, host)
            if route is not found.route
        )
        return Verdict(path, method, found, _steps_of(found.route, path, method, host), rivals)
    if isinstance(found, MethodMismatch):
        rivals = tuple(Rival(route, _other_methods(route, method)) for route in _takers(routes, path, method, host))
        return Verdict(path, method, found, rivals=rivals)
    if isinstance(found, SlashRedirect):
        return Verdict(path, method, found)
    return Verdict(path, method, found, attempts=tuple(explain(routes, path, method, host=host)))


def _steps_of(route: Route, path: str, method: str, host: str) -> tuple[Step, ...]:
    """Return the steps of a route that won: all fit, also where several <path:...> share the text in another way."""
    return tuple(replace(step, reason="") for step in compare(route, path, method, host))


def _takers(routes: Sequence[Route], path: str, method: str, host: str) -> Iterator[Route]:
    """Yield the routes that have the path, the first few of them, each asked as if there were no other."""
    count = 0
    for route in has_path(routes, path):
        if count < MOST_RIVALS and not isinstance(Resolver((route,)).resolve(path, method, host), Miss | SlashRedirect):
            count += 1
            yield route


def _other_methods(route: Route, method: str) -> str:
    return f"it takes {', '.join(sorted(route.methods))}, not {method}"


def _why_behind(winner: Route, rival: Route, method: str) -> str:
    """Say what decided between two routes that both have the path."""
    if method not in rival.methods and ANY_METHOD not in rival.methods:
        return _other_methods(rival, method)
    if bool(winner.host) != bool(rival.host):
        return f"the routes of {winner.host} come before those of any host"
    for first, second in zip(winner.walked, rival.walked, strict=False):
        if first.shape != second.shape:
            return _narrower(first, second)
    if ANY_METHOD in rival.methods:
        return "a route that names the method comes before one for all"
    return "the other one is tried first"


def _narrower(first: Segment, second: Segment) -> str:
    if first.literal is not None:
        return f'the text "{first.literal}" comes before {second.shape}'
    (width, text), (other_width, other_text) = rank_of(first), rank_of(second)
    if width < other_width:
        return f"{first.shape} is narrower than {second.shape}"
    if text < other_text:
        return f"{first.shape} holds more text than {second.shape}"
    return f"{first.shape} is tried before {second.shape}"
