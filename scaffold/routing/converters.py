"""Converters: what a parameter of a path may look like, and what a view gets of it."""

from __future__ import annotations

import builtins
import datetime
import re
import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from scaffold.routing.ranges import number_regex

__all__ = ["BUILT_IN", "Converter", "RestConverter"]

T = TypeVar("T")


MAX_INTEGER = 2**63 - 1
MAX_LENGTH = 8190
"""The longest text that an argument may ask for, in characters: no server takes a longer target."""

# A value above this has more digits than the analysis of routes looks at; texts of URLs are shorter by far.
_LOOKED_AT_DIGITS = 30


class Converter(ABC, Generic[T]):
    """One kind of parameter: its text in a URL, and its value in Python.

    A project's own converter subclasses this, sets ``regex`` (for one segment, without groups), gives both methods and
    is named in the setting ``CONVERTERS``. ``rank`` decides between converters that match the same text: the lower one
    is tried first, so a narrower kind has a lower rank. ``example`` is a text that the converter accepts, and that
    ``to_url(to_python(example))`` gives back. Arguments in a route, as in ``<int(min=1):page>``, go to ``__init__``,
    which raises ``ValueError`` or ``TypeError`` for wrong ones, and may set ``regex``, ``rank`` and ``example``.

    ``language`` is a regular expression of texts that ``to_python`` is known to take: all of them where it can be
    written so. Without it nothing is said to be hidden behind this converter for good.
    """

    regex: str = r"[^/]+"
    rank: int = 60
    example: str = ""
    language: str = ""
    spans_segments: ClassVar[bool] = False

    @abstractmethod
    def to_python(self, text: str) -> T:
        """Return the value of ``text``, which ``regex`` matched as a whole; ``ValueError`` refuses it."""

    def to_url(self, value: T) -> str:
        """Return the text for ``value``, not yet percent-encoded; ``ValueError`` or ``TypeError`` refuses it."""
        return str(value)

    def taker(self) -> Callable[[str], tuple[T] | None] | None:
        """Return what does the work of ``regex`` and `to_python` in one, faster; None where nothing does."""
        return None

    def accepts(self, text: str) -> bool:
        """Say whether ``text`` is one that this converter would take from a URL."""
        if re.fullmatch(self.regex, text, re.DOTALL) is None:
            return False
        try:
            self.to_python(text)
        except ValueError:
            return False
        return True


class _TextConverter(Converter[str]):
    """Any text that the regular expression matches."""

    def to_python(self, text: str) -> str:
        """Return the text itself."""
        return text

    def to_url(self, value: str) -> str:
        """Return the text itself; a whole number or a UUID is taken as its text."""
        if isinstance(value, str | int | uuid.UUID) and not isinstance(value, bool):
            return str(value)
        raise TypeError(f"a text is wanted, not {value!r}")


class StringConverter(_TextConverter):
    """One segment of any text; ``length``, or ``min`` and ``max``, are numbers of characters."""

    rank = 80
    example = "text"
    language = r"[^/]+"
    _character: ClassVar[str] = "[^/]"

    def __init__(self, *, length: int | None = None, min: int | None = None, max: int | None = None) -> None:
        if length is None and min is None and max is None:
            return
        if length is not None and (min is not None or max is not None):
            raise ValueError("length stands alone, without min and max")
        low, high = (length, length) if length is not None else (1 if min is None else min, max)
        _check_bounds(low, high, least=1)
        if low > MAX_LENGTH or (high or 0) > MAX_LENGTH:
            raise ValueError(f"a length is at most {MAX_LENGTH}")
        self.regex = self.language = f"{self._character}{{{low},{'' if high is None else high}}}"
        self.rank = type(self).rank - 1
        self.example = ("text" * low)[: builtins.max(low, builtins.min(4, high or 4))]

    def taker(self) -> Callable[[str], tuple[str] | None] | None:
        """Return what takes any text of one segment."""
        if self.regex != Converter.regex or type(self) is not StringConverter:
            return None
        return lambda text: (text,) if text and "/" not in text else None


class PathConverter(_TextConverter):
    """One or more segments, slashes included; never with a slash in front."""

    regex = r"[^/].*"
    rank = 100
    example = "some/path"
    language = regex
    spans_segments = True


class RestConverter(_TextConverter):
    """Whatever is left of the path, also nothing: what lies below a mounted application."""

    regex = r".*"
    rank = 110
    example = "page"
    language = regex
    spans_segments = True


class SlugConverter(StringConverter):
    """ASCII letters, digits, hyphens and underscores; arguments as for ``str``."""

    regex = r"[-a-zA-Z0-9_]+"
    rank = 50
    example = "a-slug"
    language = regex
    _character = "[-a-zA-Z0-9_]"


class ChoiceConverter(_TextConverter):
    """One of the texts in its arguments, as in ``<any(news,sport):kind>``."""

    rank = 5

    def __init__(self, *choices: str | int) -> None:
        texts = [str(choice) for choice in choices]
        if (
            not texts
            or "" in texts
            or any("/" in text or isinstance(choice, float | bool) for text, choice in zip(texts, choices, strict=True))
        ):
            raise ValueError("it takes the texts to choose from, none of them empty or with a slash")
        self.regex = self.language = "|".join(re.escape(text) for text in sorted(set(texts), key=len, reverse=True))
        self.regex = self.language = f"(?:{self.regex})"
        self.example = texts[0]


class IntConverter(Converter[int]):
    """A whole number without a sign, in ASCII digits; one above 2**63 - 1, which no database keeps, is a miss.

    ``min`` and ``max`` are the least and the greatest number that it takes.
    """

    regex = r"[0-9]+"
    rank = 10
    example = "7"
    language = number_regex(0, MAX_INTEGER)
    _least = 0
    _greatest = MAX_INTEGER

    def __init__(self, *, min: int | None = None, max: int | None = None) -> None:
        if min is None and max is None:
            return
        self._least = 0 if min is None else min
        self._greatest = MAX_INTEGER if max is None else max
        _check_bounds(self._least, self._greatest, least=0)
        if self._greatest > MAX_INTEGER:
            raise ValueError(f"max is at most {MAX_INTEGER}")
        self.rank = type(self).rank - 1
        self.language = number_regex(self._least, self._greatest)
        self.example = "7" if self._least <= 7 <= self._greatest else str(self._least)

    def to_python(self, text: str) -> int:
        """Return the number; one that takes more than 63 bits, or lies outside of the bounds, is refused."""
        value = int(text.lstrip("0") or "0")  # Python refuses thousands of digits, zeros among them
        if not self._least <= value <= self._greatest:
            raise ValueError("too small or too large")
        return value

    def taker(self) -> Callable[[str], tuple[int] | None] | None:
        """Return what takes ASCII digits; ``int`` alone would take those of all scripts, and signs."""
        if type(self) is not IntConverter:
            return None
        least, greatest = self._least, self._greatest

        def take(text: str) -> tuple[int] | None:
            if not (text.isdecimal() and text.isascii() and len(text) <= _LOOKED_AT_DIGITS):
                return take_long(text)
            value = int(text)
            return (value,) if least <= value <= greatest else None

        def take_long(text: str) -> tuple[int] | None:
            digits = text.lstrip("0") or "0"
            return take(digits) if digits.isdecimal() and len(digits) <= _LOOKED_AT_DIGITS < len(text) else None

        return take

    def to_url(self, value: int) -> str:
        """Return the digits."""
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"a whole number is wanted, not {value!r}")
        return str(value)


class FloatConverter(Converter[float]):
    """A number without a sign, in ASCII digits, with or without a decimal point.

    ``min`` and ``max`` are the least and the greatest number that it takes.
    """

    regex = r"[0-9]+(?:\.[0-9]+)?"
    rank = 40
    example = "1.5"
    language = rf"[0-9]{{1,{_LOOKED_AT_DIGITS}}}(?:\.[0-9]+)?"
    _least = 0.0
    _greatest = sys.float_info.max

    def __init__(self, *, min: float | None = None, max: float | None = None) -> None:
        if min is None and max is None:
            return
        self._least = 0.0 if min is None else min
        self._greatest = sys.float_info.max if max is None else max
        for bound in (self._least, self._greatest):
            if not isinstance(bound, int | float) or isinstance(bound, bool) or not 0 <= bound <= sys.float_info.max:
                raise ValueError(f"{bound!r} is no number from 0")
        if self._least > self._greatest:
            raise ValueError("min is above max")
        self.rank = type(self).rank - 1
        self.language = ""
        self.example = self.to_url(1.5 if self._least <= 1.5 <= self._greatest else self._least)

    def to_python(self, text: str) -> float:
        """Return the number; one too large for a float, or outside of the bounds, is refused."""
        value = float(text)
        if not self._least <= value <= self._greatest:
            raise ValueError("too small or too large")
        return value

    def to_url(self, value: float) -> str:
        """Return the shortest decimal text that reads as the same number, without an exponent."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(f"a number is wanted, not {value!r}")
        return format(Decimal(value if isinstance(value, int) else repr(float(value))), "f")


class UUIDConverter(Converter[uuid.UUID]):
    """A UUID in its canonical form (RFC 9562 section 4), in either case."""

    regex = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    rank = 30
    example = "01234567-89ab-4def-8123-456789abcdef"
    language = regex

    def to_python(self, text: str) -> uuid.UUID:
        """Return the UUID."""
        return uuid.UUID(text)


# Every date from year 1 to 9999 with the leap years of the Gregorian calendar.
_YEAR = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_BY_FOUR = r"(?:0[48]|[2468][048]|[13579][26])"
_CALENDAR = rf"(?:{_YEAR}-{_DAY}|(?:[0-9]{{2}}{_BY_FOUR}|{_BY_FOUR}00)-02-29)"


class DateConverter(Converter[datetime.date]):
    """A calendar date as ``YYYY-MM-DD`` (RFC 3339 section 5.6)."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    rank = 20
    example = "2024-02-29"
    language = _CALENDAR

    def to_python(self, text: str) -> datetime.date:
        """Return the date; one that is not in the calendar is refused."""
        return datetime.date.fromisoformat(text)

    def to_url(self, value: datetime.date) -> str:
        """Return the ISO form of a date, or of a date and time's date."""
        if isinstance(value, datetime.datetime):
            value = value.date()
        return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _check_bounds(low: int, high: int | None, *, least: int) -> None:
    for bound in (low, high):
        if bound is not None and (not isinstance(bound, int) or isinstance(bound, bool) or bound < least):
            raise ValueError(f"{bound!r} is no whole number from {least}")
    if high is not None and low > high:
        raise ValueError("min is above max")


BUILT_IN: Mapping[str, type[Converter[Any]]] = {
    "str": StringConverter,
    "int": IntConverter,
    "slug": SlugConverter,
    "uuid": UUIDConverter,
    "path": PathConverter,
    "float": FloatConverter,
    "date": DateConverter,
    "any": ChoiceConverter,
}
