"""Is it safe to send a visitor to an address that came with a request?"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from scaffold.http.request import Request

__all__ = ["is_safe_url"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_safe_url(url: str, request: Request, allowed_hosts: Iterable[str] = ()) -> bool:
    """Say whether ``url`` leads to the host of ``request``, or to one of ``allowed_hosts``, and not elsewhere.

    For addresses that come from outside, such as ``?next=``. A path is safe, and so is an absolute ``http`` or
    ``https`` URL of such a host; under HTTPS only ``https`` is. ``allowed_hosts`` are names with or without a port, and
    one with a dot in front stands for all below it. What browsers read in another way than RFC 3986 does is not safe:
    backslashes, control characters, white space at either end, ``///``.
    """
    if not isinstance(url, str) or not url or url != url.strip() or not url.isprintable():
        return False
    if "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    scheme = parts.scheme or request.scheme
    if not parts.netloc:
        return not parts.scheme and not url.startswith("//") and _is_relative(url)
    if scheme not in _DEFAULT_PORTS or (request.scheme == "https" and scheme != "https"):
        return False
    if not host or "@" in parts.netloc or not parts.netloc.isascii():
        return False
    place = (host.lower(), port or _DEFAULT_PORTS[scheme])
    return any(_is_at(place, known, scheme) for known in (request.host, *allowed_hosts))


def _is_relative(url: str) -> bool:
    """Say whether the first segment holds no colon, which might end a scheme (RFC 3986 section 4.2)."""
    first = url.partition("/")[0].partition("?")[0].partition("#")[0]
    return ":" not in first


def _is_at(place: tuple[str, int], known: str, scheme: str) -> bool:
    try:
        parts = urlsplit(f"//{known.removeprefix('.')}")
        name, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[scheme]
    except ValueError:
        return False
    if not name or "@" in known or port != place[1]:
        return False
    return place[0] == name or (known.startswith(".") and place[0].endswith(f".{name}"))
