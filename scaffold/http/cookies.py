"""Cookies (RFC 6265): read from a request, and written into a response."""

from __future__ import annotations

import datetime
import re
from email.utils import format_datetime
from typing import Literal

from scaffold.http.headers import TOKEN

__all__ = ["MAX_COOKIE_BYTES", "SameSite", "format_cookie", "parse_cookies"]

SameSite = Literal["Lax", "Strict", "None"]

MAX_COOKIE_BYTES = 4096  # what a browser must keep at least, RFC 6265 section 6.1; most keep no more

_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")  # cookie-octet, RFC 6265 section 4.1.1
_ATTRIBUTE = re.compile(r"[\x20-\x3a\x3c-\x7e]*")


def parse_cookies(header: str) -> dict[str, str]:
    """Return the cookies of a ``Cookie`` field: the first of each name, and none that is malformed."""
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.strip(" \t").partition("=")
        if equals and TOKEN.fullmatch(name):
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            cookies.setdefault(name, value)
    return cookies


def format_cookie(
    name: str,
    value: str,
    *,
    max_age: int | datetime.timedelta | None = None,
    expires: datetime.datetime | None = None,
    path: str = "/",
    domain: str = "",
    secure: bool = False,
    httponly: bool = True,
    samesite: SameSite = "Lax",
) -> str:
    """Return the text of a ``Set-Cookie`` field; ``max_age`` is in seconds.

    Raises ``ValueError`` for a name or value that no cookie may have, for one over 4,096 bytes, and for attributes that
    a browser would refuse: ``__Host-`` and ``__Secure-`` names without ``secure``, ``SameSite=None`` without it.
    """
    _check_parts(name, value, path, domain)
    if not secure and (name.startswith(("__Host-", "__Secure-")) or samesite == "None"):
        raise ValueError(f"the cookie {name} needs secure=True, else browsers refuse it")
    if name.startswith("__Host-") and (domain or path != "/"):
        raise ValueError(f"the cookie {name} must have the path / and no domain, else browsers refuse it")
    if isinstance(max_age, datetime.timedelta):
        max_age = int(max_age.total_seconds())
    attributes = {
        "Path": path,
        "Domain": domain,
        "Max-Age": "" if max_age is None else str(max_age),
        "Expires": format_datetime(expires.astimezone(datetime.UTC), usegmt=True) if expires else "",
        "SameSite": samesite,
    }
    parts = [f"{name}={value}", *(f"{key}={text}" for key, text in attributes.items() if text)]
    parts += [flag for flag, is_set in (("Secure", secure), ("HttpOnly", httponly)) if is_set]
    text = "; ".join(parts)
    if len(text) > MAX_COOKIE_BYTES:
        raise ValueError(f"the cookie {name} takes {len(text)} bytes; browsers keep {MAX_COOKIE_BYTES} at most")
    return text


def _check_parts(name: str, value: str, path: str, domain: str) -> None:
    if not TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a cookie")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the cookie {name} has characters that no cookie may have: {value!r}; encode it")
    if not (_ATTRIBUTE.fullmatch(path) and _ATTRIBUTE.fullmatch(domain)):
        raise ValueError(f"the cookie {name} has a malformed path or domain")
