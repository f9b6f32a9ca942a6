"""Cookies (RFC 6265 and its successor draft): read from a request, and written into a response."""

from __future__ import annotations

import datetime
import re
from email.utils import format_datetime
from typing import Literal

from scaffold.http.headers import TOKEN

__all__ = ["MAX_COOKIE_BYTES", "SameSite", "cookie_identity", "format_cookie", "parse_cookies"]

SameSite = Literal["Lax", "Strict", "None"]

MAX_COOKIE_BYTES = 4096  # what a browser must keep at least, RFC 6265 section 6.1; most keep no more

_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")  # cookie-octet, RFC 6265 section 4.1.1
_PATH = re.compile(r"(?:/[\x20-\x3a\x3c-\x7e]*)?")  # browsers pass over a path that begins with anything else
_DOMAIN = re.compile(r"(?:\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)?")
_SAME_SITE = frozenset({"Lax", "Strict", "None"})
_PREFIXES = ("__host-", "__secure-")  # browsers compare them without regard to case


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
    partitioned: bool = False,
) -> str:
    """Return the text of a ``Set-Cookie`` field; ``max_age`` is in seconds.

    Raises ``ValueError`` for a name or value that no cookie may have, for one over 4,096 bytes, and for attributes that
    a browser would refuse: ``__Host-`` and ``__Secure-`` names, ``SameSite=None`` and ``partitioned`` without
    ``secure``.
    """
    _check_parts(name, value, path, domain)
    if samesite not in _SAME_SITE:
        raise ValueError(f"the cookie {name} has samesite={samesite!r}; it is 'Lax', 'Strict' or 'None'")
    if not secure and (name.lower().startswith(_PREFIXES) or samesite == "None" or partitioned):
        raise ValueError(f"the cookie {name} needs secure=True, else browsers refuse it")
    if name.lower().startswith("__host-") and (domain or path != "/"):
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
    flags = (("Secure", secure), ("HttpOnly", httponly), ("Partitioned", partitioned))
    parts += [flag for flag, is_set in flags if is_set]
    text = "; ".join(parts)
    if len(text) > MAX_COOKIE_BYTES:
        raise ValueError(f"the cookie {name} takes {len(text)} bytes; browsers keep {MAX_COOKIE_BYTES} at most")
    return text


def _check_parts(name: str, value: str, path: str, domain: str) -> None:
    if not TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a cookie")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the cookie {name} has characters that no cookie may have: {value!r}; encode it")
    if not (_PATH.fullmatch(path) and _DOMAIN.fullmatch(domain)):
        raise ValueError(f"the cookie {name} has a malformed path or domain")


def cookie_identity(text: str) -> tuple[str, str, str]:
    """Return name, path and domain of a ``Set-Cookie`` text: what a browser tells cookies apart by."""
    pair, *attributes = text.split("; ")
    values = {key.lower(): value for key, _, value in (item.partition("=") for item in attributes)}
    return pair.partition("=")[0], values.get("path", ""), values.get("domain", "").lstrip(".").lower()
