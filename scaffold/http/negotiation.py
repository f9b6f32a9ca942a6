"""Which kind of answer a client prefers (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["preferred"]

_MAX_RANGES = 50
_UNWANTED = (0.0, 0)
_QUALITY = re.compile(
    r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}"
)  # wider than RFC 9110 section 12.4.2, which clients are


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """Return the media type of ``offers`` that the ``Accept`` field likes best, None when it takes none of them.

    Among those of one weight, a type that is named beats one that a wildcard covers, and then the first wins. An
    absent or empty field likes all; what is malformed in it is left out.
    """
    ranges = [parsed for part in accept.split(",")[:_MAX_RANGES] if (parsed := _parse_range(part))]
    if not ranges:
        return offers[0] if offers else None
    weights = [_weight(offer, ranges) for offer in offers]
    best = max(weights, default=_UNWANTED)
    return offers[weights.index(best)] if best[0] > 0 else None


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


def _weight(offer: str, ranges: Sequence[tuple[str, str, float]]) -> tuple[float, int]:
    """Return the quality of the most specific range that covers ``offer``, and how specific it is."""
    kind, _, subtype = offer.partition("/")
    for specificity, wanted in ((2, (kind, subtype)), (1, (kind, "*")), (0, ("*", "*"))):
        for range_kind, range_subtype, quality in ranges:
            if (range_kind, range_subtype) == wanted:
                return quality, specificity
    return _UNWANTED
