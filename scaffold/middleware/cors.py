"""CORS (Fetch Standard section 3.2): which other origins' scripts may read the answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError
from scaffold.http import Headers, Request, RequestApplication, Response
from scaffold.http.headers import TOKEN
from scaffold.middleware.types import Handler

__all__ = ["cors"]

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_LABELS = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
# A scheme, a host that may begin with a wildcard for the names below it, and a port.
_ORIGIN = re.compile(rf"([a-z][a-z0-9+.-]*)://(\*\.)?({_LABELS}|\[[0-9a-f:.]+\])(:[0-9]{{1,5}})?")
_MOST_CHARACTERS = 300  # of an origin: a scheme, a name of 255 characters, and a port
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def cors(handler: Handler, app: RequestApplication) -> Handler:
    """Let the scripts of CORS_ALLOWED_ORIGINS read answers, and answer what browsers ask first, the preflights.

    Without such origins it costs nothing. Raises `SettingsError`, also for ``*`` together with
    CORS_ALLOW_CREDENTIALS, which would show every visitor's own pages to every site.
    """
    settings = app.settings
    if not settings.CORS_ALLOWED_ORIGINS:
        return handler
    allows = _origin_check(settings)
    for_all = "*" in settings.CORS_ALLOWED_ORIGINS
    on_preflight, on_answer = _preflight_fields(settings), _answer_fields(settings)

    def add(response: Response, origin: str, fields: Headers) -> None:
        if _ALLOW_ORIGIN not in response.headers:  # else the view has its own mind
            response.headers[_ALLOW_ORIGIN] = "*" if for_all else origin
            response.headers.add_missing(fields)

    def handle(request: Request) -> Response:
        origin = request.environ.get("HTTP_ORIGIN", "")
        is_allowed = bool(origin) and allows(origin)
        if is_allowed and _is_preflight(request):
            response = Response(status=204)
            add(response, origin, on_preflight)
        else:
            response = handler(request)
            if is_allowed:
                add(response, origin, on_answer)
        if not for_all:
            response.vary("Origin")
        return response

    return handle


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ


def _preflight_fields(settings: Settings) -> Headers:
    fields = Headers(
        {
            "Access-Control-Allow-Methods": _names(settings, "CORS_ALLOW_METHODS"),
            "Access-Control-Allow-Headers": _names(settings, "CORS_ALLOW_HEADERS"),
            "Access-Control-Max-Age": str(settings.CORS_MAX_AGE_SECONDS),
        }
    )
    fields.add_missing(_credentials(settings))
    return fields


def _answer_fields(settings: Settings) -> Headers:
    fields = _credentials(settings)
    exposed = _names(settings, "CORS_EXPOSE_HEADERS")
    if exposed:
        fields["Access-Control-Expose-Headers"] = exposed
    return fields


def _credentials(settings: Settings) -> Headers:
    return Headers({"Access-Control-Allow-Credentials": "true"} if settings.CORS_ALLOW_CREDENTIALS else {})


def _names(settings: Settings, setting: str) -> str:
    names: Sequence[str] = getattr(settings, setting)
    for name in names:
        if not TOKEN.fullmatch(name):
            raise _error(settings, setting, f"holds {name!r}, which is no name", "Write one name an item.")
        if name == "*" and settings.CORS_ALLOW_CREDENTIALS:
            cause = "holds '*', which stands for itself alone with CORS_ALLOW_CREDENTIALS"
            raise _error(settings, setting, cause, "Name what is allowed.")
    return ", ".join(names)


def _origin_check(settings: Settings) -> Callable[[str], bool]:
    """Return what says whether an origin is allowed."""
    setting = "CORS_ALLOWED_ORIGINS"
    exact: set[str] = set()
    below: list[tuple[str, str]] = []
    for given in settings.CORS_ALLOWED_ORIGINS:
        if given == "*":
            if settings.CORS_ALLOW_CREDENTIALS:
                cause = "holds '*' and CORS_ALLOW_CREDENTIALS is on: every site could read your users' own pages"
                raise _error(settings, setting, cause, "Name the origins that may, or turn one of the two off.")
            return bool  # every origin that is one
        found = _ORIGIN.fullmatch(given.lower())
        if found is None:
            hint = "Write a scheme and a host without a path, such as 'https://app.example.com'."
            raise _error(settings, setting, f"holds {given!r}, which is no origin", hint)
        scheme, wildcard, host, port = found.groups(default="")
        port = "" if port == _DEFAULT_PORTS.get(scheme) else port  # browsers leave it out
        if wildcard:
            below.append((f"{scheme}://", f".{host}{port}"))
        else:
            exact.add(f"{scheme}://{host}{port}")
    return lambda origin: origin in exact or (bool(below) and _is_below(origin, below))


def _is_below(origin: str, patterns: Sequence[tuple[str, str]]) -> bool:
    """Say whether an origin is of a name below one of the patterns': with the same scheme and the same port."""
    if len(origin) > _MOST_CHARACTERS or not _ORIGIN.fullmatch(origin) or "*" in origin:
        return False
    return any(origin.startswith(scheme) and origin.endswith(ending) for scheme, ending in patterns)


def _error(settings: Settings, setting: str, cause: str, hint: str) -> SettingsError:
    return SettingsError(f"{setting} {cause}", source=settings.origin(setting).source, hint=hint)
