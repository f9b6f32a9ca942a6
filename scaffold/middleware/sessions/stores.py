"""Where sessions are kept: what each store does, and the one that keeps all in a signed cookie."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Protocol

from itsdangerous import BadSignature, TimestampSigner

from scaffold.exceptions import ScaffoldError
from scaffold.http.cookies import MAX_COOKIE_BYTES
from scaffold.http.session import SessionRecord, decode_content

__all__ = ["MAX_CONTENT_BYTES", "CookieStore", "Store"]

MAX_CONTENT_BYTES = 64 * 1024  # of the JSON that a cookie may hold, compressed
_COMPRESSED_FROM_BYTES = 1024
_BIGGEST = 3  # how many names a message lists


class Store(Protocol):
    """Keeps sessions. ``load`` and ``save`` raise `HTTPError` 503 when the store can't be reached."""

    def load(self, value: str) -> SessionRecord | None:
        """Return what the value of a cookie leads to; None for what is forged, damaged or not there."""
        ...

    def save(self, record: SessionRecord, lifetime: int, room: int) -> str:
        """Keep a session for ``lifetime`` seconds, and return the cookie's value of ``room`` bytes at most.

        A record without an id gets a new one. One with an id that is no longer there has been ended meanwhile by
        another request: it is not kept, and the value is an empty text.
        """
        ...

    def end(self, record: SessionRecord) -> bool:
        """Forget a session; false when another request has ended it already."""
        ...


class CookieStore:
    """Keeps a session in its cookie, signed, and readable by whoever has the cookie.

    Its value is ``kind begun . payload . written . signature``; the kind is ``j`` for JSON, ``z`` for compressed JSON.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        # The version in the salt: what another version of the format signed does not count.
        self._signer = TimestampSigner(
            list(keys), salt="scaffold.session.1", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def load(self, value: str) -> SessionRecord | None:
        """Return the session in the cookie; None for what nobody with one of the keys has signed."""
        if not value.isascii() or len(value) > MAX_COOKIE_BYTES:
            return None
        try:
            text, written = self._signer.unsign(value, return_timestamp=True)
            head, _, payload = text.decode("ascii").partition(".")
            content = _unpacked(head[:1], payload)
            return SessionRecord(content, int(head[1:]), int(written.timestamp()))
        except (BadSignature, ValueError, OverflowError, OSError, binascii.Error, zlib.error):
            return None

    def save(self, record: SessionRecord, lifetime: int, room: int) -> str:
        """Return the session as the value of a cookie; `ScaffoldError` for more than browsers keep."""
        del lifetime  # the record's own times tell, when it comes back
        kind, packed = "j", record.content
        if len(packed) > _COMPRESSED_FROM_BYTES:
            kind, packed = "z", zlib.compress(packed, 9)
        payload = base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")
        value = self._signer.sign(f"{kind}{record.begun}.{payload}").decode("ascii")
        if len(value) > room or len(record.content) > MAX_CONTENT_BYTES:
            raise _too_large(record.content, len(value), room)
        return value

    def end(self, record: SessionRecord) -> bool:
        """Do nothing, for the cookie is all there is, and say that the session was there."""
        del record
        return True


def _too_large(content: bytes, size: int, room: int) -> ScaffoldError:
    values = decode_content(content) or {}
    sizes = sorted(((len(json.dumps(value)), name) for name, value in values.items()), reverse=True)
    biggest = ", ".join(f"{name!r} ({length:,} bytes)" for length, name in sizes[:_BIGGEST])
    return ScaffoldError(
        f"the session takes {size:,} bytes in its cookie, and {room:,} is the most; its biggest values are {biggest}",
        hint="Keep less in it, or keep sessions on the server: SESSION_STORE = 'redis://localhost:6379/0'.",
    )


def _unpacked(kind: str, payload: str) -> bytes:
    """Return the JSON of a payload; raises ``ValueError`` or ``zlib.error``, also for what would grow too large."""
    packed = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    if kind == "j":
        return packed
    if kind != "z":
        raise ValueError(f"there is no kind {kind!r}")
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(packed, MAX_CONTENT_BYTES)
    if not unpacker.eof:
        raise ValueError("it is larger than a session may be, or cut off")
    return content
