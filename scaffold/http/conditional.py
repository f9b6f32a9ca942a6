"""Conditional requests (RFC 9110 section 13): is what the client has still right, and may it be changed?"""

from __future__ import annotations

import datetime
import os
import re
import time
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b

from scaffold.http.request import Request

__all__ = ["etag_of", "etag_of_bytes", "http_date", "may_send_range", "parse_http_date", "precondition", "weakened"]

_ETAG_BYTES = 16
_TAG = re.compile(r'[ \t]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)')  # entity-tag, RFC 9110 section 8.8.3
_EMPTY = re.compile(r"[ \t]*,")
_DATE_IS_STRONG_AFTER_SECONDS = 1  # a file may be written twice within the second that its date names
_SAFE = frozenset({"GET", "HEAD"})


@lru_cache(maxsize=1024)
def http_date(timestamp: float) -> str:
    """Return seconds since the epoch as an HTTP date (RFC 9110 section 5.6.7)."""
    return formatdate(timestamp, usegmt=True)


@lru_cache(maxsize=1024)
def parse_http_date(text: str) -> float | None:
    """Return an HTTP date as seconds since the epoch, None for what is no date."""
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=date.tzinfo or datetime.UTC).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def etag_of(stat: os.stat_result) -> str:
    """Return an entity tag that changes when the file is written."""
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def etag_of_bytes(data: bytes | memoryview) -> str:
    """Return an entity tag that changes with the bytes."""
    return f'"{blake2b(data, digest_size=_ETAG_BYTES).hexdigest()}"'


def weakened(etag: str) -> str:
    """Return the tag that says: the same content, but other bytes (RFC 9110 section 8.8.1)."""
    return etag if etag.startswith("W/") else f"W/{etag}"


def precondition(request: Request, *, etag: str = "", last_modified: float | None = None) -> int | None:
    """Return 304 or 412 where the conditions of ``request`` ask for that, and None where it is to be carried out.

    The order is that of RFC 9110 section 13.2.2. ``etag`` and ``last_modified`` (seconds since the epoch) are those of
    what is there now; what is empty or None is not there. Malformed dates are passed over, malformed tags match none.
    """
    environ = request.environ
    if (tags := environ.get("HTTP_IF_MATCH")) is not None:
        if not _is_listed(tags, etag, strong=True):
            return 412
    elif last_modified is not None and (text := environ.get("HTTP_IF_UNMODIFIED_SINCE")):
        limit = parse_http_date(text)
        if limit is not None and int(last_modified) > limit:
            return 412
    is_safe = request.method in _SAFE
    if (tags := environ.get("HTTP_IF_NONE_MATCH")) is not None:
        if _is_listed(tags, etag, strong=False):
            return 304 if is_safe else 412
    elif is_safe and last_modified is not None and (text := environ.get("HTTP_IF_MODIFIED_SINCE")):
        since = parse_http_date(text)
        if since is not None and int(last_modified) <= since:
            return 304
    return None


def may_send_range(request: Request, *, etag: str = "", last_modified: float | None = None) -> bool:
    """Say whether ``If-Range`` lets a part be sent (RFC 9110 section 13.1.5): it is absent, or names what is there."""
    wanted: str | None = request.environ.get("HTTP_IF_RANGE")
    if wanted is None:
        return True
    wanted = wanted.strip(" \t")
    if wanted.startswith(('"', "W/")):
        return bool(etag) and wanted == etag and not etag.startswith("W/")
    if last_modified is None or parse_http_date(wanted) != int(last_modified):
        return False
    return time.time() - last_modified >= _DATE_IS_STRONG_AFTER_SECONDS


def _is_listed(field: str, etag: str, *, strong: bool) -> bool:
    """Say whether ``etag`` is one of a list of tags, or the list is ``*`` (RFC 9110 section 8.8.3.2)."""
    if field.strip(" \t") == "*":
        return bool(etag)
    if not etag or (strong and etag.startswith("W/")):
        return False
    opaque = etag.removeprefix("W/")
    position = 0
    while position < len(field):
        found = _TAG.match(field, position)
        if found is None:
            found = _EMPTY.match(field, position)
            if found is None:
                return False
        elif found[2] == opaque and not (strong and found[1]):
            return True
        position = found.end()
    return False
