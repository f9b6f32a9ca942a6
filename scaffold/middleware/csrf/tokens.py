"""The token: a secret in a cookie, and what a form sends along to show that it was made by a page of this site.

Each rendering masks the secret with other random bytes, so that no part of a page repeats and compression tells nothing
of it (BREACH).
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets

from markupsafe import Markup

from scaffold.exceptions import ScaffoldError
from scaffold.http import Request, current_request

__all__ = ["FIELD", "csrf_field", "csrf_token", "is_secret", "new_secret", "rotate_token", "token_fits"]

FIELD = "csrf_token"

_SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # base64 of that many bytes
_TOKEN = re.compile(r"[A-Za-z0-9_-]{86}")  # base64 of twice as many: a mask, and the secret under it


def new_secret() -> str:
    """Return a new secret."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Say whether ``text`` has the form of a secret."""
    return _SECRET.fullmatch(text) is not None


def csrf_token() -> str:
    """Return a token for the request that is being handled, as a text: for a header that a script sends.

    It is another text each time, and good until the secret changes. Raises `ScaffoldError` where no request is being
    handled, and without the middleware.
    """
    request = current_request.get(None)
    reader = request._csrf_reader if request is not None else None
    if request is None or reader is None:
        raise ScaffoldError(
            "csrf_token was used without the middleware that checks it",
            hint='Add "scaffold.middleware.csrf.protect" to MIDDLEWARE.',
        )
    request.carries_secrets = True
    if not request._csrf_secret:
        request._csrf_secret = reader(request)
    if not request._csrf_secret:
        request._csrf_secret, request._csrf_is_new = new_secret(), True
    return _masked(request._csrf_secret)


def csrf_field() -> Markup:
    """Return the hidden field of a form that holds the token; see `csrf_token`."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def rotate_token(request: Request) -> None:
    """Change the secret, as at a login: a token from before is worth nothing. ``session.cycle_id()`` does this, too.

    Nothing happens for a client that has no secret yet, or without the middleware.
    """
    reader = request._csrf_reader
    if reader is not None and (request._csrf_secret or reader(request)):
        request._csrf_secret, request._csrf_is_new = new_secret(), True


def token_fits(token: str, secret: str) -> bool:
    """Say whether ``token`` was made of ``secret``, in a time that does not tell how much of it is right."""
    if not _TOKEN.fullmatch(token) or not is_secret(secret):
        return False
    both = _decoded(token)
    return hmac.compare_digest(_xor(both[:_SECRET_BYTES], both[_SECRET_BYTES:]), _decoded(secret))


def _masked(secret: str) -> str:
    mask = secrets.token_bytes(_SECRET_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, _decoded(secret))).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")
