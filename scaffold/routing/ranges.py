"""Ranges of whole numbers as regular expressions over their digits."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["number_regex"]


def number_regex(low: int, high: int) -> str:
    """Return what matches the decimal digits of each number from ``low`` to ``high``, with any zeros in front."""
    texts: list[str] = []
    for digits in range(len(str(low)), len(str(high)) + 1):
        least = max(low, 10 ** (digits - 1) if digits > 1 else 0)
        greatest = min(high, 10**digits - 1)
        texts += _same_length(str(least), str(greatest))
    return f"0*(?:{'|'.join(texts)})"


def _same_length(low: str, high: str) -> Iterator[str]:
    """Yield expressions for the numbers from ``low`` to ``high``, which have as many digits."""
    if not low:
        yield ""
        return
    first, last = low[0], high[0]
    rest = len(low) - 1
    if first == last:
        yield from (first + tail for tail in _same_length(low[1:], high[1:]))
        return
    if set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        yield _class(first, last) + _any_digits(rest)
        return
    yield from (first + tail for tail in _same_length(low[1:], "9" * rest))
    if int(last) - int(first) > 1:
        yield _class(str(int(first) + 1), str(int(last) - 1)) + _any_digits(rest)
    yield from (last + tail for tail in _same_length("0" * rest, high[1:]))


def _class(first: str, last: str) -> str:
    return first if first == last else f"[{first}-{last}]"


def _any_digits(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""
