"""The chain of middleware around the view, closed at each link: what one raises, the next one sees as a response."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from scaffold.application.errors import ErrorResponder
from scaffold.application.observing import Observer
from scaffold.application.views import kind_of
from scaffold.conf import Settings, import_object
from scaffold.exceptions import SettingsError, ViewError
from scaffold.http import Request, RequestApplication, Response
from scaffold.middleware import Handler
from scaffold.routing import dotted_name

__all__ = ["Link", "build_chain", "links"]


def build_chain(
    app: RequestApplication,
    settings: Settings,
    dispatch: Handler,
    errors: ErrorResponder,
    observer: Observer | None = None,
) -> Handler:
    """Return ``dispatch`` with the MIDDLEWARE around it, and the last touch to each response before it is sent.

    A middleware that returns the very handler that it was given has nothing to do with these settings, and costs
    nothing. An ``observer`` is put around each link and around the whole. Raises `SettingsError`.
    """
    handler = _finishing(dispatch, errors)
    for item in reversed(settings.MIDDLEWARE):
        wrapped = _wrapped(app, settings, handler, item)
        if wrapped is not handler:
            name = item if isinstance(item, str) else dotted_name(item)
            handler = _checked(wrapped, name, errors)
            if observer is not None:
                handler = observer.middleware(name, handler)

    prepared = _prepared(handler, errors)
    return prepared if observer is None else observer.request(prepared)


class Link(NamedTuple):
    """One of the MIDDLEWARE: its dotted name, and whether it has anything to do under the settings."""

    name: str
    is_active: bool


def links(app: RequestApplication, settings: Settings) -> list[Link]:
    """Return what `build_chain` makes of the MIDDLEWARE, the outermost first; each is made once more for that."""

    def view(request: Request) -> Response:
        del request
        return Response()

    found = []
    for item in settings.MIDDLEWARE:
        name = item if isinstance(item, str) else dotted_name(item)
        found.append(Link(name, _wrapped(app, settings, view, item) is not view))
    return found


def _wrapped(app: RequestApplication, settings: Settings, handler: Handler, item: str | Callable[..., Any]) -> Handler:
    wrap = import_object(item, settings, "MIDDLEWARE") if isinstance(item, str) else item
    wrapped: Handler | None = None
    if callable(wrap):
        wrapped = wrap(handler, app) if _wants_application(wrap) else wrap(handler)
    if wrapped is None or not callable(wrapped):
        raise SettingsError(
            f"MIDDLEWARE holds {item!r}, which makes no handler",
            source=settings.origin("MIDDLEWARE").source,
            hint="A middleware takes a handler, and the application if it likes, and returns a handler.",
        )
    return wrapped


def _wants_application(wrap: Callable[..., Any]) -> bool:
    """Say whether a middleware has a second parameter that must be given."""
    try:
        parameters = inspect.signature(wrap).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [item for item in parameters if item.kind in {item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD}]
    return len([item for item in positional if item.default is item.empty]) > 1


def _finishing(dispatch: Handler, errors: ErrorResponder) -> Handler:
    """Return ``dispatch``, guarded, with what `Request.after_this_request` was given behind it."""

    def handle(request: Request) -> Response:
        try:
            response = dispatch(request)
        except Exception as error:
            response = errors.respond(request, error)
        return _finished(request, response, errors) if request.finishers else response

    return handle


def _finished(request: Request, response: Response, errors: ErrorResponder) -> Response:
    try:
        for finish in request.finishers:
            finish(response)
    except Exception as error:
        return errors.respond(request, error)
    return response


def _checked(wrapped: Handler, name: str, errors: ErrorResponder) -> Handler:
    def handle(request: Request) -> Response:
        try:
            response = wrapped(request)
            if isinstance(response, Response):
                return response
            raise ViewError(f"the middleware {name} returned {kind_of(response)}", hint="Return a Response.")
        except Exception as error:
            return errors.respond(request, error)

    return handle


def _prepared(handler: Handler, errors: ErrorResponder) -> Handler:
    def handle(request: Request) -> Response:
        try:
            response = handler(request)
            response.prepare(request)
        except Exception as error:
            return errors.respond(request, error)
        return response

    return handle
