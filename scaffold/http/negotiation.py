"""Which kind of answer a client prefers (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["preferred"]

_MAX_RANGES = 50
_QUALITY = re.compile(
    r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}"
)  # wider than RFC 9110 section 12.4.2, which clients are


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """Return the media type of ``offers`` that the ``Accept`` field likes best, the first of equals, None for none.

    An absent or empty field likes all; what is malformed in it is left out.
    """
    ranges = [parsed for part in accept.split(",")[:_MAX_RANGES] if (parsed := _parse_range(part))]
    if not ranges:
        return offers[0] if offers else None
    qualities = [_quality(offer, ranges) for offer in offers]
    best = max(qualities, default=0.0)
    return offers[qualities.index(best)] if best > 0 else None


def _parse_range(text: str) -> tuple[str, str, float] | None:
    media_range, *parameters = (piece.strip().lower() for piece in text.split(";"))
    kind, slash, subtype = media_range.partition("/")
    if not (kind and slash and subtype):
        return None
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            if not _QUALITY.fullmatch(value.strip()):
                return None
            quality = min(float(value), 1.0)
    return kind, subtype, quality


def _quality(offer: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """Return the weight of the most specific range that covers ``offer``."""
    kind, _, subtype = offer.partition("/")
    for wanted in ((kind, subtype), (kind, "*"), ("*", "*")):
        for range_kind, range_subtype, quality in ranges:
            if (range_kind, range_subtype) == wanted:
                return quality
    return 0.0
