"""What a URL leads to, asked before any request: the route and why, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote_to_bytes, urlsplit

from scaffold.debug.values import printable
from scaffold.exceptions import UsageError, reason_phrase
from scaffold.routing import Match, MethodMismatch, Route, SlashRedirect
from scaffold.routing.verdict import Verdict, judge

__all__ = ["Question", "Reply", "ask", "read_question"]

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_WHOLE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")  # RFC 3986 section 3.1
MAX_URL_CHARACTERS = 8000  # what RFC 9110 section 4.1 wants every server to take


class _Asked(Protocol):
    """What is needed of the application."""

    @property
    def routes(self) -> tuple[Route, ...]: ...

    def resolve(self, path: str, method: str = "GET") -> Any: ...


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
    def params(self) -> Mapping[str, Any]:
        """The values of the route's parameters by name."""
        found = self.verdict.found if self.verdict is not None else None
        return found.params if isinstance(found, Match) else {}


def read_question(url: str, method: str = "GET", host: str = "") -> Question:
    """Return the question that a path or a whole URL asks, with a query or without.

    A ``host`` wins over the URL's. Raises `UsageError` for a URL or a method that is none.
    """
    if not _METHOD.fullmatch(method):
        raise UsageError(f"{printable(method)!r} is no method", hint="Write GET, POST and the like.")
    if len(url) > MAX_URL_CHARACTERS:
        raise UsageError(f"the URL is longer than {MAX_URL_CHARACTERS} characters", hint="Write a shorter one.")
    rest = url.partition("#")[0]
    if _WHOLE_URL.match(url):
        try:
            parts = urlsplit(rest)
            host, rest = host or parts.hostname or "", f"{parts.path or '/'}?{parts.query}"
        except ValueError as error:
            raise UsageError(f"{printable(url)} is no URL: {error}", hint="Write /blog/7/ or a whole URL.") from error
    elif not url.startswith("/"):
        raise UsageError(f"{printable(url)} begins with no slash", hint=f"Write /{printable(url)}, or a whole URL.")
    path, _, query = rest.partition("?")
    return Question(method.upper(), _decoded(path), query, host.lower())


def _decoded(path: str) -> str | None:
    try:
        return unquote_to_bytes(path).decode("utf-8")
    except UnicodeError:
        return None


def ask(application: _Asked, question: Question) -> Reply:
    """Return what ``application`` makes of the question; no view and no middleware is called."""
    if question.path is None:
        return Reply(question, 400, f"the path is not UTF-8: {_phrase(400)}")
    found = application.resolve(question.path, question.method)
    verdict = judge(application.routes, question.path, question.method, found)
    asked = printable(f"{question.method} {question.path}")
    if isinstance(found, Match):
        return Reply(question, 0, f"{asked} leads to {found.route.view_name}", verdict)
    if isinstance(found, SlashRedirect):
        return _redirected(application, question, found.path, verdict)
    if isinstance(found, MethodMismatch):
        allow = tuple(sorted({*found.allowed, "OPTIONS"}))
        listed = f"Allow: {', '.join(allow)}"
        if question.method == "OPTIONS":
            return Reply(question, 204, f"{asked} is answered for the routes with {listed}", verdict, allow=allow)
        return Reply(question, 405, f"{asked} is not allowed: {_phrase(405)}, {listed}", verdict, allow=allow)
    return Reply(question, 404, f"{asked} leads nowhere: {_phrase(404)}", verdict)


def _redirected(application: _Asked, question: Question, path: str, verdict: Verdict) -> Reply:
    location = quote(path) + (f"?{question.query}" if question.query else "")
    reason = "the final slash is missing" if path.endswith("/") else "the final slash is one too many"
    summary = f"{printable(f'{question.method} {question.path}')} is redirected to {location}: {reason}"
    then = ask(application, Question(question.method, path, question.query, question.host))
    return Reply(question, 308, summary, verdict, location, then=then)


def _phrase(status: int) -> str:
    return f"{status} {reason_phrase(status)}"
