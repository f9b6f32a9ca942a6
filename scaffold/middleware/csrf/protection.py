"""The middleware: it lets a request that changes something pass when it comes from a page of this site."""

from __future__ import annotations

import logging
from typing import NamedTuple

from scaffold.conf import Settings
from scaffold.exceptions import HTTPError, ScaffoldError, SettingsError
from scaffold.http import Request, RequestApplication, Response, StreamingResponse
from scaffold.http.headers import TOKEN
from scaffold.middleware.cookies import CookiePair, keep_private
from scaffold.middleware.csrf.exemptions import exemption
from scaffold.middleware.csrf.origins import TrustedOrigins, origin_of, own_origin
from scaffold.middleware.csrf.tokens import FIELD, is_secret, token_fits
from scaffold.middleware.types import Handler
from scaffold.routing import Match

__all__ = ["CSRFError", "protect"]

COOKIE_AGE_SECONDS = 365 * 24 * 3600  # a form in a tab that the browser has restored is still good

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 section 9.2.1
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_FOREIGN = frozenset({"cross-site", "same-site"})  # what Sec-Fetch-Site says of a page that is not ours
_FOR_VISITORS = (
    "This form could not be accepted, because it does not seem to come from this site. "
    "Load the page again and send it once more; your browser must accept cookies."
)

_log = logging.getLogger("scaffold.csrf")


class CSRFError(HTTPError):
    """A request that does not come from a page of this site; ``reason`` says what gave it away, ``hint`` what helps."""

    def __init__(self, reason: str, hint: str, detail: str = "") -> None:
        super().__init__(403, detail or _FOR_VISITORS)
        self.reason = reason
        self.hint = hint


class Refusal(NamedTuple):
    """Why a request is refused, and what a developer can do."""

    reason: str
    hint: str


def protect(handler: Handler, app: RequestApplication) -> Handler:
    """Refuse with 403 what another site made a browser send: the wrong ``Origin``, or no token of this site.

    GET, HEAD, OPTIONS and TRACE pass. Raises `SettingsError`.
    """
    guard = _Guard(app.settings)
    read = guard.read

    def handle(request: Request) -> Response:
        request._csrf_reader = read
        if request.method not in _SAFE:
            guard.check(request)
        response = handler(request)
        if request._csrf_secret:
            guard.finish(request, response)
        elif response.is_streamed:
            guard.expect(request, response)
        return response

    return handle


class _Guard:
    """What the settings make of the checks."""

    def __init__(self, settings: Settings) -> None:
        self._cookies = CookiePair.named("CSRF_COOKIE_NAME", settings)
        self._trusted = TrustedOrigins(settings)
        self._header: str = settings.CSRF_HEADER_NAME
        if not TOKEN.fullmatch(self._header):
            source = settings.origin("CSRF_HEADER_NAME").source
            raise SettingsError(f"CSRF_HEADER_NAME is {self._header!r}, which is no name of a header", source=source)
        self._key = f"HTTP_{self._header.upper().replace('-', '_')}"

    def read(self, request: Request) -> str:
        """Return the secret in the client's cookie, or an empty text."""
        secret = self._cookies.fitting(request).read(request)
        return secret if is_secret(secret) else ""

    def finish(self, request: Request, response: Response) -> None:
        """Send the secret where it is new; the page with a token is this client's alone."""
        response.vary("Cookie")
        if request._csrf_is_new:
            self._cookies.fitting(request).set(response, request._csrf_secret, COOKIE_AGE_SECONDS)

    def expect(self, request: Request, response: Response) -> None:
        """Tell caches of the token that a stream may hold; its head goes first, so it can't get a new secret."""
        if isinstance(response, StreamingResponse):
            request._csrf_reader = self._read_late
            response.vary("Cookie")
            if self.read(request):
                keep_private(response)

    def _read_late(self, request: Request) -> str:
        secret = self.read(request)
        if not secret:
            raise ScaffoldError(
                "a stream asked for its first CSRF token when its head had gone, too late for the token's cookie",
                hint="Call csrf_token() in the view, before it returns the stream.",
            )
        return secret

    def check(self, request: Request) -> None:
        """Raise `CSRFError` for a forged request, and `HTTPError` for a form that can't be read."""
        if request.environ.get("scaffold.skip_csrf"):
            return
        found = request.app.resolve(request.path, request.method)
        if isinstance(found, Match) and exemption(found.route.view, request.method):
            return
        refusal = self._refuse_origin(request) or self._refuse_token(request)
        if refusal is None:
            return
        _log.warning("%s %r was refused: %s", request.method, request.path, refusal.reason)
        is_developer = request.app.settings.DEBUG and request.is_local
        detail = f"{refusal.reason[:1].upper()}{refusal.reason[1:]}. {refusal.hint}" if is_developer else ""
        raise CSRFError(refusal.reason, refusal.hint, detail)

    def _refuse_origin(self, request: Request) -> Refusal | None:
        environ = request.environ
        origin: str = environ.get("HTTP_ORIGIN", "")
        if origin:
            return None if self._is_known(request, origin) else _foreign_origin(request, origin)
        referer = origin_of(environ.get("HTTP_REFERER", ""))
        if referer and not self._is_known(request, referer):
            return _foreign_origin(request, referer)
        if environ.get("HTTP_SEC_FETCH_SITE", "") in _FOREIGN and not referer:
            return Refusal("Sec-Fetch-Site says that another site sent it", _TRUST)
        if request.scheme == "https" and not referer and not _has_bearer(request):
            hint = (
                "Browsers send one of them; if a page forbids it, let its Referrer-Policy be same-origin. "
                "For clients that are no browsers, see csrf_exempt."
            )
            return Refusal("neither Origin nor Referer says where it comes from, under HTTPS", hint)
        return None

    def _is_known(self, request: Request, origin: str) -> bool:
        return origin == own_origin(request) or self._trusted.hold(origin)

    def _refuse_token(self, request: Request) -> Refusal | None:
        if _has_bearer(request):
            return None
        secret = self.read(request)
        if not secret:
            name = self._cookies.fitting(request).name
            if request.content_type and request.content_type not in _FORMS:
                hint = (
                    f"A script of this site sends {self._header} with a token of csrf_token(); another program sends "
                    "Authorization: Bearer, or the view is exempt: see csrf_exempt."
                )
                return Refusal("the client sent no cookie that a token could fit", hint)
            hint = f"Put {{{{ csrf_field() }}}} into the form; the page with it sets the cookie {name}."
            return Refusal("the client sent no cookie that a token could fit", hint)
        token: str = request.environ.get(self._key, "")
        if not token and request.content_type in _FORMS:
            token = request.form.get(FIELD, "")
        if not token:
            hint = f"Put {{{{ csrf_field() }}}} into the form, or let a script send the header {self._header}."
            return Refusal("there is no token", hint)
        if token_fits(token, secret):
            return None
        hint = "It was changed, or made before a login: load the page again."
        return Refusal("the token does not fit the cookie", hint)


_TRUST = "If that site is yours, name it in CSRF_TRUSTED_ORIGINS."


def _foreign_origin(request: Request, origin: str) -> Refusal:
    own = own_origin(request)
    reason = f"it comes from {origin[:200]!r}, and this site is {own!r}"
    if origin == "null":
        hint = "A page with Referrer-Policy: no-referrer, a sandboxed frame or a file sends that; use same-origin."
    elif origin.partition("://")[2] == own.partition("://")[2]:
        hint = "Is HTTPS ended by a proxy? Name it in TRUSTED_PROXIES, and let it send X-Forwarded-Proto."
    else:
        hint = _TRUST
    return Refusal(reason, hint)


def _has_bearer(request: Request) -> bool:
    """Say whether the request shows a token of its own, which no form sends and no other site's script may send.

    A browser asks this site first (a CORS preflight) before a script elsewhere may set ``Authorization``, and never
    adds the scheme Bearer (RFC 6750) by itself.
    """
    value: str = request.environ.get("HTTP_AUTHORIZATION", "")
    return value[:7].lower() == "bearer " and bool(value[7:].strip())
