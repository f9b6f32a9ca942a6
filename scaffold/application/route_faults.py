"""Routes that can't do their work, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaffold.application.mounting import Redirection
from scaffold.exceptions import ReverseError, RoutingError
from scaffold.routing import Resolver, Reverser, Route, unreachable

__all__ = ["redirect_faults", "route_faults"]


def route_faults(resolver: Resolver, reverser: Reverser) -> Iterator[RoutingError]:
    """Yield an error for each route that nothing reaches, and for each redirect to a name or values that are none."""
    for fact in unreachable(resolver):
        by = " and ".join(f"{other.url} ({other.source})" for other in fact.by)
        yield RoutingError(
            f"nothing reaches the route {fact.route.url}, for {by} come before it, at {fact.example} for one",
            source=fact.route.source,
            hint="Take the route out, or make the others narrower.",
        )
    yield from redirect_faults(resolver.routes, reverser)


def redirect_faults(routes: Sequence[Route], reverser: Reverser) -> Iterator[RoutingError]:
    """Yield an error for each redirect to a name or values that are none."""
    for route in routes:
        fault = _redirect_fault(route, reverser)
        if fault is not None:
            yield RoutingError(f"{route.url} redirects to nowhere: {fault.cause}", source=route.source, hint=fault.hint)


def _redirect_fault(route: Route, reverser: Reverser) -> ReverseError | None:
    view = route.view
    if isinstance(view, Redirection) and not view.is_url:
        try:
            reverser.check(view.target, {*route.parameters, *view.values})
        except ReverseError as error:
            return error
    return None
