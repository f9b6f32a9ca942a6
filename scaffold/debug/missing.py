"""What a developer sees of an address that no route has: what was tried, and why it did not match."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from scaffold.debug.pages import DebugPage
from scaffold.debug.values import printable
from scaffold.exceptions import HTTPError, reason_phrase
from scaffold.http import JSONResponse, Request, Response, prefers_json
from scaffold.routing import Route
from scaffold.routing.explain import Attempt, explain

__all__ = ["missing_response"]


@functools.cache
def _template() -> Template:
    page = Path(__file__).with_name("missing.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["methods"] = _methods
    return environment.from_string(page)


def missing_response(error: HTTPError, request: Request, routes: Sequence[Route]) -> Response:
    """Return the answer for ``error``, that no one of ``routes`` has the request's path, with the nearest of them.

    It is HTML or JSON for clients that ask for it, and a text for others.
    """
    headers = {**error.headers, "Cache-Control": "no-store"}
    attempts = explain(routes, request.path, request.method, host=request.environ.get("HTTP_HOST", ""))
    if prefers_json(request):
        return JSONResponse(_json(error, attempts), error.status, headers=headers)
    if request.prefers("text/plain", "text/html") == "text/html":
        page = _template().render(
            where=printable(f"{request.method} {request.path}"),
            status=error.status,
            reason=reason_phrase(error.status),
            detail=error.detail,
            attempts=attempts,
            count=len(routes),
            link=partial(_editor_link, request),
        )
        return DebugPage(page, error.status, headers=headers)
    text = "\n".join(_lines(error, request, attempts, len(routes))) + "\n"
    return Response(text, error.status, headers=headers, content_type="text/plain; charset=utf-8")


def _json(error: HTTPError, attempts: Iterable[Attempt]) -> dict[str, Any]:
    tried = [
        {
            "path": attempt.route.path,
            "host": attempt.route.host,
            "name": attempt.route.name,
            "methods": _methods(attempt.route),
            "source": attempt.route.source,
            "reason": attempt.reason,
            "steps": [
                {"rule": step.rule, "text": step.text, "fits": not step.reason, "reason": step.reason}
                for step in attempt.steps
            ],
        }
        for attempt in attempts
    ]
    return {"status": error.status, "error": reason_phrase(error.status), "detail": error.detail, "tried": tried}


def _lines(error: HTTPError, request: Request, attempts: Sequence[Attempt], count: int) -> Iterable[str]:
    yield printable(f"{error.status} {reason_phrase(error.status)}: {request.method} {request.path}")
    yield error.detail
    yield f"The nearest of {count} routes:" if len(attempts) < count else "The routes, the nearest first:"
    for attempt in attempts:
        route = attempt.route
        yield printable("  ".join(filter(None, (f"  {route.url}", ", ".join(_methods(route)), route.name))))
        yield printable(f"      {attempt.reason}")
        yield printable(f"      {route.source}")


def _methods(route: Route) -> list[str]:
    """Return the methods without HEAD, which follows GET."""
    return sorted(route.methods - {"HEAD"}) or sorted(route.methods)


def _editor_link(request: Request, route: Route) -> str:
    editor_url = getattr(vars(request).get("_app"), "editor_url", None)
    file, _, line = route.source.rpartition(":")
    if editor_url is None or not Path(file or route.source).is_absolute():
        return ""
    return str(editor_url(file, int(line)) if file and line.isdecimal() else editor_url(route.source))
