"""Host validation: a request for a host that is not ours is refused, so that no link is built from a forged name."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from scaffold.conf import Settings
from scaffold.exceptions import HTTPError, SettingsError
from scaffold.http import Request, RequestApplication, Response
from scaffold.middleware.types import Handler

__all__ = ["LOCAL_HOSTS", "host_allowed", "host_name", "validate_host"]

LOCAL_HOSTS = ("localhost", ".localhost", "127.0.0.1", "[::1]")

_MOST_CHARACTERS = 255  # of a name, RFC 1035 section 2.3.4; the port comes on top
_MOST_REMEMBERED = 256
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
# host [":" port] of RFC 3986 section 3.2.2: a name that DNS can hold, an IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*\.?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?")
_HIGHEST_PORT = 65535

_log = logging.getLogger("scaffold.hosts")


def validate_host(handler: Handler, app: RequestApplication) -> Handler:
    """Refuse with 400 what is not for one of ``ALLOWED_HOSTS``; with DEBUG on, this machine's own names pass too.

    A request without the field ``Host`` is refused as well. Raises `SettingsError` for a host that no request can be
    for.
    """
    settings = app.settings
    allowed = _patterns(settings)
    hint = " Add it to ALLOWED_HOSTS." if settings.DEBUG else ""

    @lru_cache(maxsize=_MOST_REMEMBERED)
    def is_allowed(host: str) -> bool:
        return _matches(host_name(host), allowed)

    def handle(request: Request) -> Response:
        host = request.environ.get("HTTP_HOST", "")
        if is_allowed(host):
            return handler(request)
        _log.warning("refused a request for the host %r, which ALLOWED_HOSTS does not name", host[:_MOST_CHARACTERS])
        if not host:
            raise HTTPError(400, "The request does not say for which host it is.")
        raise HTTPError(400, f"This site does not answer to the host {host[:_MOST_CHARACTERS]!r}.{hint}")

    return handle


def host_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Say whether ``host`` (with or without a port) is one of ``allowed``.

    A name with a dot in front stands for itself and all below it, ``*`` for every host.
    """
    return _matches(host_name(host), [_normal(pattern) for pattern in allowed])


def host_name(host: str) -> str:
    """Return the name in the field ``Host``, without the port, in the one form that names are compared in.

    It is empty for what is no host: a name with a port that can't be, with empty labels, or beyond ASCII.
    """
    found = _HOST.fullmatch(host) if len(host) <= _MOST_CHARACTERS + 7 else None
    if found is None or int(found["port"] or 0) > _HIGHEST_PORT:
        return ""
    if found["ipv6"] is None:
        return found["name"].lower().removesuffix(".")
    try:
        return f"[{ipaddress.IPv6Address(found['ipv6'])}]"
    except ValueError:
        return ""


def _matches(name: str, allowed: Iterable[str]) -> bool:
    if not name:
        return False
    return any(
        pattern in {"*", name} or (pattern.startswith(".") and (name.endswith(pattern) or name == pattern[1:]))
        for pattern in allowed
    )


def _patterns(settings: Settings) -> tuple[str, ...]:
    for pattern in settings.ALLOWED_HOSTS:
        name = _normal(pattern).removeprefix(".")
        if pattern != "*" and (not name or host_name(name) != name):
            raise SettingsError(
                f"ALLOWED_HOSTS holds {pattern!r}, which is no host",
                source=settings.origin("ALLOWED_HOSTS").source,
                hint="Write names and addresses without scheme, port and path: 'example.com', '.example.com', '[::1]'.",
            )
    hosts = (*settings.ALLOWED_HOSTS, *LOCAL_HOSTS) if settings.DEBUG else settings.ALLOWED_HOSTS
    return tuple(map(_normal, hosts))


def _normal(pattern: str) -> str:
    """Return a pattern as `host_name` returns names; letters beyond ASCII become what browsers send for them."""
    if not pattern.isascii():
        dot, name = ("." if pattern.startswith(".") else ""), pattern.removeprefix(".")
        try:
            pattern = dot + name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    pattern = pattern.lower()
    if pattern.startswith("["):
        return host_name(pattern) or pattern
    return pattern.removesuffix(".")
