"""Can each route be reached, and does each redirect lead somewhere?"""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.application import Application
from scaffold.application.route_faults import redirect_faults
from scaffold.checks.finding import Finding, finding_of
from scaffold.routing import Fact, Reverser, reachability

__all__ = ["check_routes"]

MOST_SHOWN = 2
"""How many of the routes that hide another one a message names."""


def check_routes(app: Application) -> Iterator[Finding]:
    """Yield an error for each route that nothing reaches, and a note for each of which others take some URLs.

    A redirect to a route that there is not is an error, too.
    """
    for fact in reachability(app.routes):
        yield _finding(fact)
    for error in redirect_faults(app.routes, Reverser(app.routes)):
        yield finding_of(error, "routes.invalid")


def _finding(fact: Fact) -> Finding:
    by = " and ".join(f"{other.url} ({other.source})" for other in fact.by[:MOST_SHOWN])
    more = " and others" if len(fact.by) > MOST_SHOWN else ""
    verb = "come before it" if len(fact.by) > 1 else "comes before it"
    if fact.kind == "unreachable":
        message = f"nothing reaches the route {fact.route.url}: {by}{more} {verb}, at {fact.example} for one"
        hint = "Take the route out, or make the others narrower."
        return Finding("error", "routes.unreachable", fact.route.source, message, hint)
    message = f"some URLs of {fact.route.url} are not its own: {by}{more} {verb}, at {fact.example} for one"
    return Finding("note", "routes.hidden", fact.route.source, message, "Make sure that this is what is meant.")
