"""Conditional requests (RFC 9110 section 13): is what the client has still right?"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime

__all__ = ["etag_of", "http_date", "is_not_modified"]


def http_date(timestamp: float) -> str:
    """Return seconds since the epoch as an HTTP date (RFC 9110 section 5.6.7)."""
    return formatdate(timestamp, usegmt=True)


def etag_of(stat: os.stat_result) -> str:
    """Return an entity tag that changes when the file is written."""
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def is_not_modified(headers: Mapping[str, str], *, etag: str, last_modified: float) -> bool:
    """Say whether a GET or HEAD with these ``headers`` is answered by 304.

    ``If-None-Match`` decides alone where it is present (RFC 9110 section 13.2.2); a malformed date is passed over.
    """
    wanted = headers.get("if-none-match")
    if wanted is not None:
        tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
        return "*" in tags or etag.removeprefix("W/") in tags
    since = _parse_date(headers.get("if-modified-since", ""))
    return since is not None and int(last_modified) <= since


def _parse_date(text: str) -> float | None:
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=date.tzinfo or datetime.UTC).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
