"""From SESSION_STORE to a store: ``cookie``, or a URL whose scheme names the kind of store on the server."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import SplitResult, urlsplit

from scaffold.conf import Settings
from scaffold.conf.keys import secret_keys
from scaffold.exceptions import SettingsError
from scaffold.middleware.sessions.backends import connect_files, connect_redis, redis_errors
from scaffold.middleware.sessions.server import ServerStore
from scaffold.middleware.sessions.stores import CookieStore, Store

__all__ = ["make_store"]

_EXTRA = "scaffold-web[stores]"
_HINT = (
    "Give 'cookie', 'redis://host:6379/0', 'rediss://...', 'unix:///path/to/redis.sock' or 'file:///path/to/folder'."
)


def make_store(settings: Settings) -> Store:
    """Return the store that SESSION_STORE names, which is not reached for before it is used.

    Raises `SettingsError` for a URL of no known kind, a library that is not installed, and for cookies without a
    SECRET_KEY to sign them.
    """
    value: str = settings.SESSION_STORE
    if value == "cookie":
        return CookieStore(secret_keys(settings, "sessions in cookies"))
    source = settings.origin("SESSION_STORE").source
    try:
        url = urlsplit(value)
        make = _KINDS[url.scheme]
        _check_parts(url)
    except (ValueError, KeyError):
        raise SettingsError(f"SESSION_STORE is {_shown(value)!r}", source=source, hint=_HINT) from None
    libraries = ("cachelib",) if url.scheme == "file" else ("cachelib", "redis")
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            hint = f"Run: python -m pip install '{_EXTRA}'"
            raise SettingsError(f"SESSION_STORE needs {library}, which is not installed", source=source, hint=hint)
    return make(value)


def _check_parts(url: SplitResult) -> None:
    """Raise ``ValueError`` for a URL without what its kind needs."""
    if url.scheme in {"file", "unix"}:
        if url.path in {"", "/"} or (url.hostname not in {None, "localhost"}):
            raise ValueError(url.scheme)
    elif not url.hostname or url.port == 0 or not (url.path.strip("/") or "0").isdecimal():
        raise ValueError(url.scheme)


def _shown(value: str) -> str:
    """Return a URL as messages may show it: without a password."""
    try:
        url = urlsplit(value)
        return url._replace(netloc=url.netloc.rpartition("@")[2], query="").geturl()
    except ValueError:
        return f"{value.partition(':')[0]}:..."


def _files(value: str) -> Store:
    return ServerStore(partial(connect_files, value), tuple, _shown(value))


def _redis(value: str) -> Store:
    return ServerStore(partial(connect_redis, value), redis_errors, _shown(value))


_KINDS: Mapping[str, Callable[[str], Store]] = {"file": _files, "redis": _redis, "rediss": _redis, "unix": _redis}
