"""Host validation: a request for a host that is not ours is refused, so that no link is built from a forged name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from scaffold.exceptions import HTTPError
from scaffold.http import Request, Response
from scaffold.middleware.types import Handler

__all__ = ["LOCAL_HOSTS", "host_allowed", "validate_host"]

LOCAL_HOSTS = ("localhost", ".localhost", "127.0.0.1", "[::1]")

# host [":" port] of RFC 3986 section 3.2.2: a name or an IPv4 address, or an IP literal in brackets.
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def validate_host(handler: Handler) -> Handler:
    """Refuse with 400 what is not for one of ``ALLOWED_HOSTS``; with DEBUG on, this machine's own names pass too."""

    def handle(request: Request) -> Response:
        settings = request.app.settings
        allowed = (*settings.ALLOWED_HOSTS, *LOCAL_HOSTS) if settings.DEBUG else settings.ALLOWED_HOSTS
        if not _is_allowed(request.host, allowed):
            hint = " Add it to ALLOWED_HOSTS." if settings.DEBUG else ""
            raise HTTPError(400, f"This site does not answer to the host {request.host!r}.{hint}")
        return handler(request)

    return handle


@lru_cache(maxsize=256)
def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    return host_allowed(host, allowed)


def host_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Say whether ``host`` (with or without a port) is one of ``allowed``.

    A name with a dot in front stands for itself and all below it, ``*`` for every host.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found["name"].lower().rstrip(".")
    for pattern in allowed:
        pattern = pattern.lower()
        if pattern in {"*", name} or (pattern.startswith(".") and (name.endswith(pattern) or name == pattern[1:])):
            return True
    return False
