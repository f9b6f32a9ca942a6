"""Who a client says that it is (RFC 9110 section 11.6.2)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

__all__ = ["Authorization", "parse_authorization"]

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # token68, RFC 9110 section 11.2
_SCHEME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Authorization:
    """The credentials of an ``Authorization`` field.

    ``scheme`` is in lower case. ``username`` and ``password`` are those of Basic, ``token`` is that of Bearer, and of
    another scheme all that stands behind its name. None of the secrets is in the ``repr``.
    """

    scheme: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def parse_authorization(text: str) -> Authorization | None:
    """Return the credentials, None for an absent field and for what is malformed."""
    scheme, _, rest = text.strip().partition(" ")
    scheme, rest = scheme.lower(), rest.strip()
    if not _SCHEME.fullmatch(scheme) or not rest:
        return None
    if scheme == "basic":
        return _basic(rest)
    if scheme == "bearer" and not _TOKEN.fullmatch(rest):  # RFC 6750 section 2.1
        return None
    return Authorization(scheme, token=rest)


def _basic(text: str) -> Authorization | None:
    """Return user and password (RFC 7617 section 2); they are UTF-8, and only a user's name can't hold a colon."""
    try:
        username, colon, password = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return Authorization("basic", username, password) if colon else None
