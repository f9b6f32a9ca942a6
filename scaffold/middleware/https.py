"""HTTPS: a redirect to it, and the header field that makes browsers use nothing else (HSTS, RFC 6797)."""

from __future__ import annotations

from urllib.parse import quote

from scaffold.conf import Settings
from scaffold.exceptions import HTTPError, SettingsError
from scaffold.http import RedirectResponse, Request, RequestApplication, Response
from scaffold.middleware.hosts import host_name
from scaffold.middleware.types import Handler

__all__ = ["https"]

_HSTS = "Strict-Transport-Security"
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_KEPT_IN_A_QUERY = "%/:=&?~#+!$,;'@()*[]"


def https(handler: Handler, app: RequestApplication) -> Handler:
    """Redirect from HTTP to HTTPS under SECURE_SSL_REDIRECT, and send ``Strict-Transport-Security`` over HTTPS.

    GET and HEAD get 301, other methods 308, which keeps method and body; the paths in SECURE_REDIRECT_EXEMPT are
    served as they are. With neither of the two it costs nothing. Raises `SettingsError`.
    """
    settings = app.settings
    hsts = _hsts(settings)
    exempt = _exempt(settings)
    redirects = settings.SECURE_SSL_REDIRECT
    if not hsts and not redirects:
        return handler

    def handle(request: Request) -> Response:
        if request.scheme == "https":
            response = handler(request)
            if hsts:
                response.headers.setdefault(_HSTS, hsts)
            return response
        if not redirects or request.path in exempt:
            return handler(request)
        return RedirectResponse(_https_url(request), 301 if request.method in _SAFE_METHODS else 308)

    return handle


def _hsts(settings: Settings) -> str:
    seconds = settings.SECURE_HSTS_SECONDS
    if not seconds:
        return ""
    below = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    return f"max-age={seconds}{below}{'; preload' if settings.SECURE_HSTS_PRELOAD else ''}"


def _exempt(settings: Settings) -> frozenset[str]:
    for path in settings.SECURE_REDIRECT_EXEMPT:
        if not path.startswith("/"):
            raise SettingsError(
                f"SECURE_REDIRECT_EXEMPT holds {path!r}, which no path is",
                source=settings.origin("SECURE_REDIRECT_EXEMPT").source,
                hint="Write whole paths that begin with a slash, such as '/up/'.",
            )
    return frozenset(settings.SECURE_REDIRECT_EXEMPT)


def _https_url(request: Request) -> str:
    """Return the request's URL with HTTPS on its own port, 443: the port of HTTP speaks no TLS."""
    name = host_name(request.host)
    if not name:
        raise HTTPError(400, "The field Host is malformed.")
    query = quote(request.query_string.encode("latin-1"), safe=_KEPT_IN_A_QUERY)
    return f"https://{name}{request.script_name}{quote(request.path)}{'?' if query else ''}{query}"
