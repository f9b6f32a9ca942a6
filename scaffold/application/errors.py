"""From an exception to the response that tells of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from scaffold import debug
from scaffold.application.views import awaited, to_response
from scaffold.apps import App
from scaffold.conf import Settings
from scaffold.exceptions import AppLoadError, ClientGoneError, HTTPError, ScaffoldError, reason_phrase
from scaffold.http import Request, Response, plain_error, prefers_json
from scaffold.routing import Match, Route
from scaffold.signals import got_request_exception, notify
from scaffold.templating import Templates

__all__ = ["ErrorHandler", "ErrorHandlers", "ErrorResponder", "NoRouteError"]

ErrorHandler = Callable[[Request, Any], Any]
ErrorHandlers = dict[int | type[BaseException], ErrorHandler]

CLIENT_CLOSED_REQUEST = 499
"""The status in logs for a request whose client left before it had its answer: nginx's, and nobody receives it."""

_log = logging.getLogger("scaffold.request")


class NoRouteError(HTTPError):
    """The 404 of an address that no route has."""


class _ErringApplication(Protocol):
    """What the responder needs of the application."""

    @property
    def settings(self) -> Settings: ...

    @property
    def templates(self) -> Templates: ...

    @property
    def routes(self) -> tuple[Route, ...]: ...

    @property
    def apps(self) -> tuple[App, ...]: ...

    def resolve(self, path: str, method: str = "GET") -> Any: ...

    def render(
        self, template: str, context: Mapping[str, Any] | None = None, request: Request | None = None
    ) -> str: ...


class ErrorResponder:
    """Answers for what went wrong: by a handler of the project's, its page for the status, or a plain page.

    ``handlers`` are by status or by class of exceptions. Those of an app come first for the requests that are its own.
    """

    def __init__(self, app: _ErringApplication, handlers: ErrorHandlers) -> None:
        self._app = app
        self.handlers = handlers
        self._handlers_of = {item.name: item.error_handlers for item in app.apps if item.error_handlers}

    def respond(self, request: Request, error: Exception) -> Response:
        """Return the response for ``error``; in a test that wants to see it, raise it."""
        if isinstance(error, ClientGoneError):
            return Response(status=CLIENT_CLOSED_REQUEST)
        status = error.status if isinstance(error, HTTPError) else 500
        kind, handler = self._find_handler(request, error, status)
        if handler is not None:
            if kind in {Exception, 500}:  # a handler for its own class expects the error, this one does not
                self._note(request, error)
                self._notify(request, error)
            try:
                return _handled(handler, request, error, status)
            except Exception as failure:
                error, status = failure, 500
        if isinstance(error, HTTPError):
            try:
                return self._page(request, error)
            except Exception as failure:  # its detail or its headers can't be sent
                error = failure
        wants_errors = request.environ.get("scaffold.raise_errors")
        if wants_errors is not error:
            self._notify(request, error)
        if wants_errors:
            request.environ["scaffold.raise_errors"] = error  # each link of the chain sees it, and it is told of once
            raise error
        self._note(request, error)
        if self._app.settings.DEBUG and request.is_local:
            return debug.report_response(error, request)
        return self._page(request, HTTPError(500, "The server could not answer. It has noted the reason."))

    def _notify(self, request: Request, error: Exception) -> None:
        if got_request_exception.receivers:
            notify(got_request_exception, self._app, request=request, error=error)

    def _note(self, request: Request, error: Exception) -> None:
        """Log what a developer reads at a terminal with DEBUG on, and the whole traceback with DEBUG off."""
        asked = f"{request.method} {request.environ.get('PATH_INFO')!r} failed"
        if not self._app.settings.DEBUG:
            _log.error("%s", asked, exc_info=error)
        elif not isinstance(error, AppLoadError):  # which was printed when it happened
            _log.error("%s\n%s", asked, debug.report_text(error, request))

    def _find_handler(self, request: Request, error: Exception, status: int) -> tuple[object, ErrorHandler | None]:
        """Return the handler for the error's class or its status, and what it was made for.

        The more specific one wins, and of two for the same kind that of the request's app.
        """
        kinds: list[type[BaseException] | int] = [*type(error).__mro__]
        position = kinds.index(HTTPError) if isinstance(error, HTTPError) else kinds.index(Exception) + 1
        kinds.insert(position, status)
        own = self._handlers_for(request) if self._handlers_of else {}
        for kind in kinds:
            for handlers in (own, self.handlers):
                if kind in handlers:
                    return kind, handlers[kind]
        return None, None

    def _handlers_for(self, request: Request) -> Mapping[int | type[BaseException], ErrorHandler]:
        """Return the handlers of the app whose route this is, or below whose prefix it is when no route matches."""
        try:
            path = request.path
            found = self._app.resolve(path, request.method)
        except HTTPError:  # the path can't be read
            return {}
        if isinstance(found, Match):
            return self._handlers_of.get(found.route.app, {})
        below = [app for app in self._app.apps if path.startswith(f"/{app.prefix}")]
        longest = max(below, key=lambda app: len(app.prefix), default=None)
        return self._handlers_of.get(longest.name, {}) if longest is not None else {}

    def _page(self, request: Request, error: HTTPError) -> Response:
        """Return the project's own page for the status where it has one, else the plain one."""
        app = self._app
        if isinstance(error, NoRouteError) and app.settings.DEBUG and request.is_local:
            return debug.missing_response(error, request, app.routes)
        template = f"{error.status}.html"
        if prefers_json(request) or not app.templates.has(template):
            return plain_error(request, error)
        context = {"status": error.status, "reason": reason_phrase(error.status), "detail": error.detail}
        try:
            return Response(app.render(template, context, request), error.status, headers=error.headers)
        except ScaffoldError as failure:  # anybody can ask for it, so it takes one line of the log
            _log.error("the page for the status %s failed too: %s: %s", error.status, template, failure.cause)
        except Exception:
            _log.exception("the page for the status %s failed too: %s", error.status, template)
        return plain_error(request, error)


def _handled(handler: ErrorHandler, request: Request, error: Exception, status: int) -> Response:
    result = awaited(handler(request, error))
    response = to_response(result, handler)
    if response is not result:
        response.status = status
    return response
