"""The caches of ``cachelib`` that sessions are kept in; they are imported when the first session is touched."""

from __future__ import annotations

import importlib
import os
import random
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

from scaffold.middleware.sessions.server import Cache, PlainBytes, StoreDownError

try:
    import fcntl
except ImportError:  # Windows has none: there, a logout may lose against a request at the very same moment
    fcntl = None  # type: ignore[assignment]

__all__ = ["connect_files", "connect_redis", "redis_errors"]

TIMEOUT_SECONDS = 2.0  # for a connection to Redis, and for each answer
SAVES_BETWEEN_CLEANINGS = 500  # on average, of a folder with a file for each session
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_PREFIX = "scaffold:session:"
_LOCK = ".lock-"  # and the first digit of a key
_EXPIRY = struct.Struct("I")  # what stands in front of each file: seconds since the epoch


def connect_files(url: str) -> Cache:
    """Return a cache with a file for each session in the folder of a ``file:`` URL, which only this user can read."""
    read = importlib.import_module("urllib.request").url2pathname  # it brings along a whole HTTP client
    folder = Path(read(urlsplit(url).path))
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreDownError(str(error)) from error
    library = importlib.import_module("cachelib")
    files: Callable[..., Cache] = type("Files", (_Files, library.FileSystemCache), {})
    return files(str(folder), threshold=0, mode=_FILE_MODE)


class _Files:
    """What is put before the library's cache of files.

    It says when it fails, waits for nothing, and removes what has expired and nothing else.
    """

    serializer = PlainBytes()
    _path: str
    has: Callable[[str], bool]
    delete: Callable[[str], bool]
    _list_dir: Callable[[], Iterable[str]]

    def replace(self, key: str, value: bytes, timeout: int) -> bool:
        with self._locked(key):
            if not self.has(key):
                return False
            if not self.set(key, value, timeout):
                raise StoreDownError("nothing could be written")
            return True

    def take(self, key: str) -> bool:
        with self._locked(key):
            was_there = self.has(key)
            if not self.delete(key):
                raise StoreDownError("a session could not be removed")
            return was_there

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Keep other threads and processes from the sessions whose keys begin alike."""
        if fcntl is None:
            yield
            return
        name = f"{_LOCK}{key[:1]}"
        try:
            lock = os.open(Path(self._path, name), os.O_RDWR | os.O_CREAT, _FILE_MODE)
        except OSError as error:
            raise StoreDownError(str(error)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed
            yield
        finally:
            os.close(lock)

    def _is_mgmt(self, name: str) -> bool:
        return name.startswith(_LOCK) or bool(cast("Any", super())._is_mgmt(name))

    def set(self, key: str, value: bytes, timeout: int) -> object:
        if random.randrange(SAVES_BETWEEN_CLEANINGS) == 0:
            self._remove_expired(time.time())
        return cast("Any", super()).set(key, value, timeout)

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
    cache: Cache = _redis_class(library)(client, key_prefix=_PREFIX)
    return cache


def _redis_class(library: Any) -> Callable[..., Any]:
    class Redis(library.RedisCache):  # type: ignore[misc]
        """A cache that reads no pickle, and knows what was there when it writes."""

        serializer = PlainBytes()

        def replace(self, key: str, value: bytes, timeout: int) -> bool:
            return bool(self._write_client.set(self._get_prefix() + key, value, ex=timeout, xx=True))

        def take(self, key: str) -> bool:
            return bool(self._write_client.delete(self._get_prefix() + key))

    return Redis


def redis_errors() -> tuple[type[Exception], ...]:
    """Return what the client raises when Redis is down, refuses, or is something else."""
    return (importlib.import_module("redis").RedisError, OSError)
