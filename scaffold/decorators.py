"""Decorators of views: for functions, ``async def`` functions, methods of a `View` and whole `View` classes."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from scaffold.exceptions import HTTPError
from scaffold.http import Request, Response
from scaffold.http.conditional import precondition

__all__ = ["cache_control", "etag", "no_store", "require_methods"]

V = TypeVar("V", bound=Callable[..., Any])

# What is done before the view is called: a response takes the view's place.
_Before = Callable[[Request, dict[str, Any]], Response | None]

_FIRST_ERROR = 400
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')  # entity-tag, RFC 9110 section 8.8.3


def require_methods(*methods: str) -> Callable[[V], V]:
    """Serve ``methods`` alone, and HEAD with GET; any other is `HTTPError` 405 with ``Allow``.

    A route without ``methods`` of its own takes them from the view. Raises ``ValueError`` without a method.
    """
    names = {method.upper() for method in methods}
    if not names:
        raise ValueError('require_methods() needs methods, such as require_methods("GET", "POST")')
    if "GET" in names:
        names.add("HEAD")
    allow = ", ".join(sorted(names))

    def check(request: Request, _params: dict[str, Any]) -> None:
        if request.method not in names:
            raise HTTPError(405, f"{request.method} is not allowed here.", headers={"Allow": allow})

    def decorate(view: V) -> V:
        own = getattr(view, "view_methods", None) if isinstance(view, type) else None
        decorated: Any = _decorated(view, check)
        decorated.view_methods = tuple(sorted(names if own is None else names & set(own)))
        return cast("V", decorated)

    return decorate


def cache_control(**directives: Any) -> Callable[[V], V]:
    """Set ``Cache-Control`` on what the view answers, unless that is an error or has the field already.

    The ``directives`` are those of `Response.cache_control`. Raises ``ValueError`` for those that contradict each
    other, and ``TypeError`` for an unknown one.
    """
    Response().cache_control(**directives)  # so that what is wrong is wrong where it is written

    def finish(response: Response) -> None:
        if response.status < _FIRST_ERROR and "Cache-Control" not in response.headers:
            response.cache_control(**directives)

    return lambda view: _decorated(view, lambda request, _params: request.after_this_request(finish))


def no_store(view: V) -> V:
    """Forbid every cache to keep what the view answers, errors included (RFC 9111 section 5.2.2.5)."""

    def finish(response: Response) -> None:
        response.cache_control(no_store=True)

    return _decorated(view, lambda request, _params: request.after_this_request(finish))


def etag(function: Callable[..., str | None]) -> Callable[[V], V]:
    """Give the answer the entity tag that ``function(request, **params)`` returns, asked before the view is.

    A client that has the answer with this tag gets 304, and a change that was meant for another one 412 (RFC 9110
    section 13). The tag is any text, or one in quotes as it goes over the wire; with None there is none.
    """

    def ask(request: Request, params: dict[str, Any]) -> Response | None:
        found = function(request, **params)
        if found is not None and not isinstance(found, str):
            raise TypeError(f"the function of etag() returned {type(found).__name__}, not a text or None")
        tag = _quoted(found)
        status = precondition(request, etag=tag)
        if status == 412:
            raise HTTPError(412, "It is no longer what the request was meant for.")
        if tag:
            request.after_this_request(functools.partial(_set_etag, tag, request.method))
        return Response(status=304) if status == 304 else None

    return lambda view: _decorated(view, ask)


def _quoted(text: str | None) -> str:
    if text is None or _TAG.fullmatch(text):
        return text or ""
    quoted = f'"{text}"'
    if not _TAG.fullmatch(quoted):
        raise ValueError(f"an entity tag is printable ASCII without spaces and quotes, not {text!r}")
    return quoted


def _set_etag(tag: str, method: str, response: Response) -> None:
    # The answer to a change is no representation of what has the tag, and the tag is the former one.
    if method in {"GET", "HEAD"} and response.status in {200, 304}:
        response.headers["ETag"] = tag


# --- all kinds of views ----------------------------------------------------------------------------------------------


def _decorated(view: V, before: _Before) -> V:
    """Return ``view`` with ``before`` before each call of it."""
    if isinstance(view, type):
        own: Any = view
        own.__call__ = _wrapped(own.__call__, before)  # that of its instances
        return view
    return cast("V", _wrapped(view, before))


def _wrapped(view: Callable[..., Any], before: _Before) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(view):

        @functools.wraps(view)
        async def call_async(*args: Any, **params: Any) -> Any:
            answer = before(_request_of(args), params)
            return await view(*args, **params) if answer is None else answer

        return call_async

    @functools.wraps(view)
    def call(*args: Any, **params: Any) -> Any:
        answer = before(_request_of(args), params)
        return view(*args, **params) if answer is None else answer

    return call


def _request_of(args: tuple[Any, ...]) -> Request:
    """Return the request: the first argument of a function, and the second one of a method."""
    for item in args[:2]:
        if isinstance(item, Request):
            return item
    raise TypeError("a decorated view was called without a request")
