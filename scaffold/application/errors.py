"""From an exception to the response that tells of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from scaffold import debug
from scaffold.application.views import awaited, to_response
from scaffold.conf import Settings
from scaffold.exceptions import AppLoadError, HTTPError, reason_phrase
from scaffold.http import Request, Response, plain_error, prefers_json
from scaffold.routing import Route
from scaffold.templating import Templates

__all__ = ["ErrorHandler", "ErrorHandlers", "ErrorResponder", "NoRouteError"]

ErrorHandler = Callable[[Request, Any], Any]
ErrorHandlers = dict[int | type[BaseException], ErrorHandler]

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

    def render(
        self, template: str, context: Mapping[str, Any] | None = None, request: Request | None = None
    ) -> str: ...


class ErrorResponder:
    """Answers for what went wrong: by a handler of the project's, its page for the status, or a plain page.

    ``handlers`` are by status or by class of exceptions.
    """

    def __init__(self, app: _ErringApplication, handlers: ErrorHandlers) -> None:
        self._app = app
        self.handlers = handlers

    def respond(self, request: Request, error: Exception) -> Response:
        """Return the response for ``error``; in a test that wants to see it, raise it."""
        status = error.status if isinstance(error, HTTPError) else 500
        kind, handler = self._find_handler(error, status)
        if handler is not None:
            if kind in {Exception, 500}:  # a handler for its own class expects the error, this one does not
                self._note(request, error)
            try:
                return _handled(handler, request, error, status)
            except Exception as failure:
                error, status = failure, 500
        if isinstance(error, HTTPError):
            try:
                return self._page(request, error)
            except Exception as failure:  # its detail or its headers can't be sent
                error = failure
        if request.environ.get("scaffold.raise_errors"):
            raise error
        self._note(request, error)
        if self._app.settings.DEBUG and request.is_local:
            return debug.report_response(error, request)
        return self._page(request, HTTPError(500, "The server could not answer. It has noted the reason."))

    def _note(self, request: Request, error: Exception) -> None:
        """Log what a developer reads at a terminal with DEBUG on, and the whole traceback with DEBUG off."""
        asked = f"{request.method} {request.environ.get('PATH_INFO')!r} failed"
        if not self._app.settings.DEBUG:
            _log.error("%s", asked, exc_info=error)
        elif not isinstance(error, AppLoadError):  # which was printed when it happened
            _log.error("%s\n%s", asked, debug.report_text(error))

    def _find_handler(self, error: Exception, status: int) -> tuple[object, ErrorHandler | None]:
        """Return the handler for the error's class or its status, the more specific one, and what it was made for."""
        kinds: list[type[BaseException] | int] = [*type(error).__mro__]
        position = kinds.index(HTTPError) if isinstance(error, HTTPError) else kinds.index(Exception) + 1
        kinds.insert(position, status)
        found = next((kind for kind in kinds if kind in self.handlers), None)
        return found, None if found is None else self.handlers[found]

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
        except Exception:
            _log.exception("the page for the status %s failed too: %s", error.status, template)
            return plain_error(request, error)


def _handled(handler: ErrorHandler, request: Request, error: Exception, status: int) -> Response:
    result = awaited(handler(request, error))
    response = to_response(result, handler)
    if response is not result:
        response.status = status
    return response
