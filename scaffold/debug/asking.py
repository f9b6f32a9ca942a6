"""What a URL leads to, asked before any request: the route and why, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote_to_bytes, urlsplit

from scaffold.debug.values import printable
from scaffold.exceptions import ScaffoldError, UsageError, reason_phrase
from scaffold.routing import ANY_METHOD, Match, MethodMismatch, Route, SlashRedirect
from scaffold.routing.verdict import Verdict, judge

__all__ = ["Question", "Reply", "ask", "one_line", "read_question"]

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_WHOLE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")  # RFC 3986 section 3.1
MAX_REDIRECTS = 10
MAX_URL_CHARACTERS = 8000  # what RFC 9110 section 4.1 wants every server to take


class _Failed(Protocol):
    """What is needed of an app that can't be loaded."""

    @property
    def name(self) -> str: ...

    @property
    def error(self) -> ScaffoldError | None: ...


class _Asked(Protocol):
    """What is needed of the application."""

    @property
    def failed(self) -> Sequence[_Failed]: ...

    @property
    def routes(self) -> tuple[Route, ...]: ...

    def resolve(self, path: str, method: str = "GET", host: str = "") -> Any: ...

    def url_for(self, name: str, /, **values: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: ``path`` is percent-decoded, None when it is not UTF-8; ``host`` is empty for any."""

    method: str
    path: str | None
    query: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said of a question.

    ``status`` is the one that the routes alone lead to, 0 where the view decides. ``verdict`` holds the reasons, None
    when the path can't be read. ``then`` is the reply for the path that a redirect to ``location`` leads to.
    """

    question: Question
    status: int
    summary: str
    verdict: Verdict | None = None
    location: str = ""
    allow: tuple[str, ...] = ()
    then: Reply | None = None

    @property
    def route(self) -> Route | None:
        """The route that answers, or None."""
        return self.verdict.route if self.verdict is not None else None

    @property
    def last(self) -> Reply:
        """The reply at the end of the redirects."""
        return self.then.last if self.then is not None else self

    @property
    def params(self) -> Mapping[str, Any]:
        """The values of the route's parameters by name."""
        found = self.verdict.found if self.verdict is not None else None
        return found.params if isinstance(found, Match) else {}


def read_question(url: str, method: str = "GET", host: str = "") -> Question:
    """Return the question that a path or a whole URL asks, with a query or without.

    A ``host`` wins over the URL's. Raises `UsageError` for a URL or a method that is none.
    """
    if not _METHOD.fullmatch(method):
        raise UsageError(f"{one_line(method)!r} is no method", hint="Write GET, POST and the like.")
    if len(url) > MAX_URL_CHARACTERS:
        raise UsageError(f"the URL is longer than {MAX_URL_CHARACTERS} characters", hint="Write a shorter one.")
    rest = url.partition("#")[0]
    if _WHOLE_URL.match(url):
        try:
            parts = urlsplit(rest)
            host, rest = host or parts.hostname or "", f"{parts.path or '/'}?{parts.query}"
        except ValueError as error:
            raise UsageError(f"{one_line(url)} is no URL: {error}", hint="Write /blog/7/ or a whole URL.") from error
    elif not url.startswith("/"):
        raise UsageError(f"{one_line(url)} begins with no slash", hint=f"Write /{one_line(url)}, or a whole URL.")
    path, _, query = rest.partition("?")
    return Question(method.upper(), _decoded(path), query, host.lower())


def _decoded(path: str) -> str | None:
    try:
        return unquote_to_bytes(path).decode("utf-8")
    except UnicodeError:
        return None


def ask(application: _Asked, question: Question, *, redirects: int = MAX_REDIRECTS) -> Reply:
    """Return what ``application`` makes of the question; no view and no middleware is called.

    So many ``redirects`` are followed, those of routes and those for a final slash.
    """
    if question.path is None:
        return Reply(question, 400, f"the path is not UTF-8: {_phrase(400)}")
    found = application.resolve(question.path, question.method, question.host)
    broken = _broken_app(application, found)
    if broken is not None and broken.error is not None:
        return Reply(question, 500, f"{_asked(question)} shows an error: {broken.error.cause}")
    verdict = judge(application.routes, question.path, question.method, found, question.host)
    asked = _asked(question)
    if isinstance(found, Match):
        if found.route.kind == "redirect":
            return _redirected_by_route(application, question, found, verdict, redirects)
        return Reply(question, 0, f"{asked} leads to {found.route.view_name}", verdict)
    if isinstance(found, SlashRedirect):
        return _redirected(application, question, found.path, verdict, redirects)
    if isinstance(found, MethodMismatch):
        allow = tuple(sorted({*found.allowed, "OPTIONS"} - {ANY_METHOD}))
        listed = f"Allow: {', '.join(allow)}"
        if question.method == "OPTIONS":
            return Reply(question, 204, f"{asked} is answered for the routes with {listed}", verdict, allow=allow)
        return Reply(question, 405, f"{asked} is not allowed: {_phrase(405)}, {listed}", verdict, allow=allow)
    return Reply(question, 404, f"{asked} leads nowhere: {_phrase(404)}", verdict)


def _redirected(application: _Asked, question: Question, path: str, verdict: Verdict, redirects: int) -> Reply:
    location = quote(path) + (f"?{question.query}" if question.query else "")
    reason = "the final slash is missing" if path.endswith("/") else "the final slash is one too many"
    summary = f"{_asked(question)} is redirected to {location}: {reason}"
    then = _follow(application, location, question, redirects)
    return Reply(question, 308, summary, verdict, location, then=then)


def _redirected_by_route(
    application: _Asked, question: Question, found: Match, verdict: Verdict, redirects: int
) -> Reply:
    """Return the reply for a route that `redirect_to` made."""
    view: Any = found.route.view
    try:
        location = view.target if view.is_url else application.url_for(view.target, **{**found.params, **view.values})
    except ScaffoldError as error:
        return Reply(question, 500, f"{_asked(question)} can't be redirected: {error.cause}", verdict)
    if question.query:
        base, mark, anchor = location.partition("#")
        location = f"{base}{'&' if '?' in base else '?'}{question.query}{mark}{anchor}"
    summary = f"{_asked(question)} is redirected to {one_line(location)} by a route"
    then = _follow(application, location, question, redirects)
    return Reply(question, view.status, summary, verdict, location, then=then)


def _follow(application: _Asked, location: str, question: Question, redirects: int) -> Reply | None:
    """Return the reply for where a redirect leads; None for another site, and at the end of patience."""
    if redirects <= 0 or location[:1] != "/" or location.startswith("//"):
        return None
    return ask(application, read_question(location, question.method, question.host), redirects=redirects - 1)


def _broken_app(application: _Asked, found: object) -> _Failed | None:
    """Return the app that can't be loaded whose place the path is in."""
    if not isinstance(found, Match) or found.route in application.routes:
        return None
    return next((app for app in application.failed if app.name == found.route.app), None)


def _asked(question: Question) -> str:
    return one_line(f"{question.method} {question.path}")


def one_line(text: str) -> str:
    """Return ``text`` without what could steer a terminal or end its line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _phrase(status: int) -> str:
    return f"{status} {reason_phrase(status)}"
