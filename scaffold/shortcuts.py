"""What views use most: `render`, `redirect`, `abort` and `url_for`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from scaffold.exceptions import HTTPError, ScaffoldError
from scaffold.http import RedirectResponse, Request, Response, current_request

__all__ = ["abort", "redirect", "render", "url_for"]


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a response with the text of ``template``, which sees ``context``, ``request``, ``url_for`` and ``static``.

    A template named ``*.txt`` is sent as plain text, any other as HTML. Raises `TemplateMissingError` when there is no
    such template.
    """
    kind = "text/plain" if template.endswith(".txt") else "text/html"
    text = request.app.render(template, context, request)
    return Response(text, status, headers=headers, content_type=f"{kind}; charset=utf-8")


def redirect(location: str, *, status: int | None = None) -> Response:
    """Return a redirect to ``location``: 302, or after a POST and the like 303, so that the client follows with GET."""
    if status is None:
        request = current_request.get(None)
        status = 302 if request is None or request.method in {"GET", "HEAD"} else 303
    return RedirectResponse(location, status)


def abort(status: int, detail: str = "") -> NoReturn:
    """End the request with an error ``status`` (400 to 599); ``detail`` is a sentence for the client."""
    raise HTTPError(status, detail)


def url_for(name: str, /, **values: Any) -> str:
    """Return the URL of the route ``name`` of the application that handles the current request.

    Raises `ReverseError` for an unknown name or wrong values, and `ScaffoldError` where no request is being handled.
    """
    request = current_request.get(None)
    if request is None:
        raise ScaffoldError(
            f"url_for({name!r}) was called while no request is handled", hint="Call app.url_for(...) instead."
        )
    return request.url_for(name, **values)
