"""The caches of ``cachelib`` that sessions are kept in; they are imported when the first session is touched."""

from __future__ import annotations

import importlib
import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from scaffold.middleware.sessions.server import Cache, PlainBytes, StoreDownError

__all__ = ["connect_files", "connect_redis", "redis_errors"]

TIMEOUT_SECONDS = 2.0  # for a connection to Redis, and for each answer
SAVES_BETWEEN_CLEANINGS = 500  # on average, of a folder with a file for each session
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_PREFIX = "scaffold:session:"
_EXPIRY = struct.Struct("I")  # what stands in front of each file: seconds since the epoch


def connect_files(url: str) -> Cache:
    """Return a cache with a file for each session in the folder of a ``file:`` URL, which only this user can read."""
    folder = Path(url2pathname(urlsplit(url).path))
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreDownError(str(error)) from error
    library = importlib.import_module("cachelib")
    cache: Cache = _files_class(library)(str(folder), threshold=0, mode=_FILE_MODE)
    return cache


def _files_class(library: Any) -> Callable[..., Any]:
    class Files(library.FileSystemCache):  # type: ignore[misc]
        """A cache that says when it fails, waits for nothing, and removes what has expired and nothing else."""

        serializer = PlainBytes()

        def set(self, key: str, value: bytes, timeout: int) -> object:
            if random.randrange(SAVES_BETWEEN_CLEANINGS) == 0:
                self._remove_expired(time.time())
            return super().set(key, value, timeout)

        def _remove_expired(self, moment: float) -> None:
            for name in self._list_dir():
                with suppress(OSError):  # another process has removed it, or it is none of ours
                    path = Path(name)
                    with path.open("rb") as file:
                        head = file.read(_EXPIRY.size)
                    if len(head) == _EXPIRY.size and 0 < _EXPIRY.unpack(head)[0] < moment:
                        path.unlink()

        def _run_safely(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
            return function(*args, **options)  # the library's own tries again for ten seconds

        @contextmanager
        def _safe_stream_open(self, path: str, mode: str) -> Iterator[IO[bytes]]:
            try:
                file = Path(path).open(mode)  # noqa: SIM115 - it is closed below
            except FileNotFoundError:
                raise
            except OSError as error:  # which the library takes for a session that is not there
                raise StoreDownError(str(error)) from error
            with file:
                yield file

    return Files


def connect_redis(url: str) -> Cache:
    """Return a cache in the Redis of ``url``; nothing is sent before it is used."""
    redis, library = importlib.import_module("redis"), importlib.import_module("cachelib")
    retry = importlib.import_module("redis.retry").Retry(importlib.import_module("redis.backoff").NoBackoff(), 1)
    client = redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=retry,  # once, for a connection that Redis has closed since it was used last
    )
    cache: Any = library.RedisCache(client, key_prefix=_PREFIX)
    cache.serializer = PlainBytes()
    kept: Cache = cache
    return kept


def redis_errors() -> tuple[type[Exception], ...]:
    """Return what the client raises when Redis is down, refuses, or is something else."""
    return (importlib.import_module("redis").RedisError, OSError)
