"""Other WSGI applications (PEP 3333) below a prefix, and redirects in place of views."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Any

from scaffold.exceptions import RoutingError, ViewError
from scaffold.http import RedirectResponse, Request, Response, StreamingResponse
from scaffold.routing import UrlPattern, caller, dotted_name, make_pattern

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["Mount", "Redirection", "mount", "redirect_to"]

_REDIRECTS = (301, 302, 303, 307, 308)
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def mount(prefix: str, application: WSGIApplication, *, name: str = "") -> UrlPattern:
    """Give everything below ``prefix`` to another WSGI application: ``mount("legacy/", legacy_app)``.

    It sees the prefix in ``SCRIPT_NAME`` and the rest in ``PATH_INFO``, and answers every method. Narrower routes of
    the project come before it. It protects its own forms: the checks of `scaffold.middleware.csrf` leave it alone.
    Raises `RoutingError`.
    """
    source = caller(sys._getframe(1))
    if not callable(application):
        hint = "Give the application itself, such as the Flask object."
        raise RoutingError(
            f"mount({prefix!r}) was given {application!r}, no WSGI application", source=source, hint=hint
        )
    return make_pattern(prefix, Mount(application), name=name, methods=None, source=source, takes_rest=True)


def redirect_to(target: str, *, status: int = 301, **values: Any) -> Redirection:
    """Redirect a route, in place of a view: ``path("old/<int:id>/", redirect_to("blog:detail"))``.

    ``target`` is the name of a route, which gets the parameters and the ``values``, or a URL that begins with a slash
    or a scheme. The query goes along. ``status`` is 301, 302, 303, 307 or 308. Raises `RoutingError` for another one.
    """
    if status not in _REDIRECTS:
        hint = f"Use one of {', '.join(map(str, _REDIRECTS))}."
        raise RoutingError(f"{status!r} is no status of a redirect", source=caller(sys._getframe(1)), hint=hint)
    return Redirection(target, status, values)


class Redirection:
    """A view that redirects; made by `redirect_to`."""

    route_kind = "redirect"

    def __init__(self, target: str, status: int, values: dict[str, Any]) -> None:
        self.target = target
        self.status = status
        self.values = values

    def __str__(self) -> str:
        return f"redirect_to({self.target!r})"

    @property
    def is_url(self) -> bool:
        """Whether the target is a URL and no name."""
        return self.target.startswith("/") or "://" in self.target

    def __call__(self, request: Request, **params: Any) -> Response:
        """Answer with the redirect."""
        url = self.target if self.is_url else request.url_for(self.target, **{**params, **self.values})
        if request.query_string:
            base, mark, anchor = url.partition("#")
            url = f"{base}{'&' if '?' in base else '?'}{request.query_string}{mark}{anchor}"
        return RedirectResponse(url, self.status)


class Mount:
    """A view that asks another WSGI application; made by `mount`."""

    route_kind = "mount"
    csrf_exempt_reason = "a mounted application protects its own forms"

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __str__(self) -> str:
        return f"mount({dotted_name(self.application)})"

    def __call__(self, request: Request, rest: str, **params: Any) -> Response:
        """Answer with what the application answers."""
        del params
        answer = _Answer()
        blocks = self.application(_moved(request.environ, rest), answer.start)
        try:
            body = answer.begun(blocks)
        except BaseException:
            _close(blocks)
            raise
        if answer.status is None:
            _close(blocks)
            raise ViewError(f"{self} sent no status", hint="A WSGI application calls start_response (PEP 3333).")
        answer.is_sent = True
        return MountedResponse(answer.status, answer.headers, body, lambda: _close(blocks))


class MountedResponse(StreamingResponse):
    """The answer of a mounted application, with its own header fields and its body as it comes."""

    def __init__(
        self, status: int, headers: Iterable[tuple[str, str]], body: Iterable[bytes], close: Callable[[], object]
    ) -> None:
        super().__init__(body, status)
        self.headers.pop("Content-Type", None)
        for name, value in headers:
            self.headers.add(name, value)
        self.call_on_close(close)


class _Answer:
    """What an application says through ``start_response`` and, if it is an old one, writes."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.is_sent = False
        self._written: list[bytes] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """Keep status and header fields; it may be called again with an error, until the head is sent."""
        if exc_info is not None and exc_info[1] is not None and self.is_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self.status is not None:
            raise ViewError("a mounted application called start_response twice", hint="See PEP 3333.")
        code = status[:3]
        if not (code.isascii() and code.isdecimal() and 200 <= int(code) <= 599):
            raise ViewError(f"a mounted application sent the status {status[:100]!r}", hint="Send one from 200 to 599.")
        self.status, self.headers = int(code), headers
        return self._written.append

    def begun(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Return the body, asked for its first block where the status has not come yet."""
        iterator = iter(blocks)
        first = next(iterator, b"") if self.status is None else b""
        return chain(self._written, [first] if first else (), iterator)


def _moved(environ: WSGIEnvironment, rest: str) -> WSGIEnvironment:
    """Return a copy whose ``PATH_INFO`` is the rest of the path, with what comes before it in ``SCRIPT_NAME``."""
    path: str = environ.get("PATH_INFO", "")
    tail = rest.encode("utf-8").decode("latin-1")
    prefix = path[: len(path) - len(tail) - 1]
    return {**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "").rstrip("/") + prefix, "PATH_INFO": f"/{tail}"}


def _close(blocks: Iterable[bytes]) -> None:
    close = getattr(blocks, "close", None)
    if close is not None:
        close()
