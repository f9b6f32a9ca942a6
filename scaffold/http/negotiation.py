"""What a client would rather have: a media type, a language, a coding (RFC 9110 section 12.5).

The field of a client is never an error: what is malformed in it is left out, and so is what stands behind the first
fifty elements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["preferred", "preferred_encoding", "preferred_language"]

_MAX_RANGES = 50
_UNWANTED = (0.0, 0)
_QUALITY = re.compile(
    r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}"
)  # wider than RFC 9110 section 12.4.2, which clients are
_ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}  # RFC 9110 section 8.4.1
_EXACT, _WIDER, _NARROWER, _ANY = 3, 2, 1, 0


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """Return the media type of ``offers`` that the ``Accept`` field likes best, None when it takes none of them.

    Among those of one weight, a type that is named beats one that a wildcard covers, and then the first wins. An
    absent or empty field likes all; what is malformed in it is left out.
    """
    ranges = [(*pair, quality) for value, quality in _weighted(accept) if (pair := _media_range(value))]
    if not ranges:
        return offers[0] if offers else None
    return _best(offers, [_weight(offer, ranges) for offer in offers])


def preferred_language(accept_language: str, offers: Sequence[str]) -> str | None:
    """Return the language tag of ``offers`` that the ``Accept-Language`` field likes best, None when it takes none.

    ``de`` in the field takes ``de-CH`` too (RFC 4647 section 3.3.1), and ``de-CH`` takes ``de`` where there is nothing
    nearer (section 3.4). An absent or empty field likes all, and of equals the first wins.
    """
    ranges = dict(reversed(_weighted(accept_language)))  # of a tag that stands there twice, the first counts
    if not ranges:
        return offers[0] if offers else None
    return _best(offers, [_language_weight(offer.lower(), ranges) for offer in offers])


def preferred_encoding(accept_encoding: str, offers: Sequence[str]) -> str | None:
    """Return the content coding of ``offers`` that the ``Accept-Encoding`` field likes best.

    None stands for no coding at all (``identity``): when the field is absent or empty, takes none of the offers, or
    names ``identity`` with a higher weight than they have. Of equals the first wins (RFC 9110 section 12.5.3).
    """
    if not accept_encoding:
        return None
    qualities = _encodings(accept_encoding)
    others = qualities.get("*", 0.0)
    weights = [qualities.get(offer, others) for offer in offers]
    best = max(weights, default=0.0)
    return offers[weights.index(best)] if best > 0 and best >= qualities.get("identity", 0.0) else None


@lru_cache(maxsize=64)  # browsers send the same few fields with every request
def _encodings(accept_encoding: str) -> dict[str, float]:
    pairs = reversed(_weighted(accept_encoding))
    return {_ALIASES.get(value, value): quality for value, quality in pairs}


def _weighted(field: str) -> list[tuple[str, float]]:
    """Return the elements of a field in lower case with their qualities, without those that are malformed."""
    found = []
    for element in field.split(",", _MAX_RANGES)[:_MAX_RANGES]:
        value, *parameters = (piece.strip().lower() for piece in element.split(";"))
        quality = _quality(parameters)
        if value and quality is not None:
            found.append((value, quality))
    return found


def _quality(parameters: Sequence[str]) -> float | None:
    """Return what ``q`` says, 1 where it is absent, None where it is no number."""
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            if not _QUALITY.fullmatch(value.strip()):
                return None
            quality = min(float(value), 1.0)
    return quality


def _best(offers: Sequence[str], weights: Sequence[tuple[float, int]]) -> str | None:
    best = max(weights, default=_UNWANTED)
    return offers[weights.index(best)] if best[0] > 0 else None


def _media_range(text: str) -> tuple[str, str] | None:
    kind, _, subtype = text.partition("/")
    return (kind, subtype) if kind and subtype else None


def _weight(offer: str, ranges: Sequence[tuple[str, str, float]]) -> tuple[float, int]:
    """Return the quality of the most specific range that covers ``offer``, and how specific it is."""
    kind, _, subtype = offer.partition("/")
    for specificity, wanted in ((2, (kind, subtype)), (1, (kind, "*")), (0, ("*", "*"))):
        for range_kind, range_subtype, quality in ranges:
            if (range_kind, range_subtype) == wanted:
                return quality, specificity
    return _UNWANTED


def _language_weight(offer: str, ranges: dict[str, float]) -> tuple[float, int]:
    """Return the quality of the range nearest to ``offer``, and how near it is."""
    if offer in ranges:
        return ranges[offer], _EXACT
    wider = offer
    while "-" in wider:
        wider = wider.rpartition("-")[0]
        if wider in ranges:
            return ranges[wider], _WIDER
    narrower = [quality for value, quality in ranges.items() if value.startswith(f"{offer}-")]
    if any(narrower):
        return max(narrower), _NARROWER
    return ranges.get("*", 0.0), _ANY
