"""What views use most: `render`, `stream_template`, `redirect`, `abort` and `url_for`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from scaffold.exceptions import HTTPError, ScaffoldError
from scaffold.http import RedirectResponse, Request, Response, StreamingResponse, current_request, is_safe_url

__all__ = ["abort", "redirect", "render", "stream_template", "url_for"]


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    block: str = "",
) -> Response:
    """Return a response with the text of ``template``, which sees ``context``, ``request``, ``url_for`` and ``static``.

    With ``block`` it is the text of that block alone, for a page that takes in a part of itself. A template named
    ``*.txt`` is sent as plain text, any other as HTML. Raises `TemplateMissingError` when there is no such template,
    and `BlockMissingError` when it has no such block.
    """
    text = request.app.render(template, context, request, block=block)
    return Response(text, status, headers=headers, content_type=_content_type(template))


def stream_template(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> StreamingResponse:
    """Return a response with the text of ``template`` that is sent while it is rendered, for a page that takes long.

    It takes what `render` takes. The first 8 KiB are rendered at once, so what fails in them is answered like any
    error; what fails later is logged, and the client's answer breaks off.
    """
    pieces = request.app.stream(template, context, request)
    first = next(pieces, "")
    return StreamingResponse(_behind(first, pieces), status, headers=headers, content_type=_content_type(template))


def _behind(first: str, pieces: Iterator[str]) -> Iterator[str]:
    yield first
    yield from pieces


def _content_type(template: str) -> str:
    return f"text/{'plain' if template.endswith('.txt') else 'html'}; charset=utf-8"


def redirect(location: str, *, status: int | None = None, fallback: str | None = None) -> Response:
    """Return a redirect to ``location``: 302, or after a POST and the like 303, so that the client follows with GET.

    With a ``fallback`` the location may come from the client, such as ``?next=``: where `is_safe_url` says no to it,
    which it does while no request is handled, the redirect leads to the fallback.
    """
    request = current_request.get(None)
    if fallback is not None and (request is None or not is_safe_url(location, request)):
        location = fallback
    if status is None:
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
