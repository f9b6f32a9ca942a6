"""Sessions on the server: the cookie holds a random id, and ``cachelib`` keeps the rest in files or in Redis."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from contextlib import contextmanager
from functools import cached_property
from typing import IO, TYPE_CHECKING, Protocol

from scaffold.exceptions import HTTPError
from scaffold.http.session import SessionRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Cache", "PlainBytes", "ServerStore", "StoreDownError"]

RETRY_AFTER_SECONDS = 5
_ID_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9_-]{43}")  # what secrets.token_urlsafe makes of that many bytes
_RECORD = re.compile(rb"1 ([0-9]{1,12}) ([0-9]{1,12})\n")  # the version, begun, written; the JSON follows

_log = logging.getLogger("scaffold.session")


class StoreDownError(Exception):
    """The store can't be reached, or can't keep anything."""


class Cache(Protocol):
    """What is asked of a cache of ``cachelib``."""

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``."""
        ...

    def set(self, key: str, value: bytes, timeout: int) -> object:
        """Keep ``value`` for ``timeout`` seconds; what is returned is false when it could not."""
        ...

    def replace(self, key: str, value: bytes, timeout: int) -> bool:
        """Keep ``value`` in place of what is under ``key``; false, and nothing is kept, when nothing is there any more.

        Nobody else can take the key out in between.
        """
        ...

    def take(self, key: str) -> bool:
        """Forget ``key``, and say whether it was there; of two that take it at the same time, one is told so."""
        ...


class PlainBytes:
    """The serializer that serializes nothing, in place of pickle: who can write to the store runs no code here."""

    def dump(self, value: bytes, file: IO[bytes]) -> None:
        """Write ``value`` as it is."""
        file.write(value)

    def load(self, file: IO[bytes]) -> bytes:
        """Read what `dump` wrote."""
        return file.read()

    def dumps(self, value: bytes) -> bytes:
        """Return ``value`` as it is."""
        return value

    def loads(self, value: bytes | None) -> bytes | None:
        """Return ``value`` as it is."""
        return value


class ServerStore:
    """Keeps sessions in the cache that ``connect`` makes when the first session is touched.

    ``errors`` returns what that cache raises when it is down, and ``name`` is what the log calls the store. The store
    sees a hash of each id, so that whoever reads it can't take over a session.
    """

    def __init__(self, connect: Callable[[], Cache], errors: Callable[[], tuple[type[Exception], ...]], name: str):
        self._connect = connect
        self._errors = errors
        self._name = name

    @cached_property
    def _cache(self) -> Cache:
        return self._connect()

    def load(self, value: str) -> SessionRecord | None:
        """Return the session of an id that this site has given out."""
        if not _ID.fullmatch(value):
            return None
        with self._reaching():
            kept = self._cache.get(_key(value))
        found = _RECORD.match(kept) if isinstance(kept, bytes) else None
        if kept is None or found is None:
            return None
        return SessionRecord(kept[found.end() :], int(found[1]), int(found[2]), value)

    def save(self, record: SessionRecord, lifetime: int, room: int) -> str:
        """Keep the session, and return its id."""
        del room  # an id fits in any cookie
        value = record.id or secrets.token_urlsafe(_ID_BYTES)
        kept = b"1 %d %d\n%b" % (record.begun, record.written, record.content)
        with self._reaching():
            if record.id:
                return value if self._cache.replace(_key(value), kept, max(lifetime, 1)) else ""
            if not self._cache.set(_key(value), kept, timeout=max(lifetime, 1)):
                raise StoreDownError("nothing could be written")
        return value

    def end(self, record: SessionRecord) -> bool:
        """Forget the session; false when another request has ended it already."""
        with self._reaching():
            return self._cache.take(_key(record.id))

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not isinstance(error, (StoreDownError, *self._errors())):
                raise
            _log.error("the session store %s can't be used: %s: %s", self._name, type(error).__name__, error)
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            raise HTTPError(503, "This can't be done at the moment. Try again soon.", headers=headers) from error


def _key(value: str) -> str:
    return hashlib.sha256(value.encode("ascii")).hexdigest()
