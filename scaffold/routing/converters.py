"""Converters: what a parameter of a path may look like, and what a view gets of it."""

from __future__ import annotations

import datetime
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

__all__ = ["BUILT_IN", "Converter"]

T = TypeVar("T")


MAX_INTEGER = 2**63 - 1


class Converter(ABC, Generic[T]):
    """One kind of parameter: its text in a URL, and its value in Python.

    A project's own converter subclasses this, sets ``regex`` (for one segment, without groups), gives both methods and
    is named in the setting ``CONVERTERS``. ``rank`` decides between converters that match the same text: the lower one
    is tried first, so a narrower kind has a lower rank. ``example`` is a text that the converter accepts.
    """

    regex: ClassVar[str] = r"[^/]+"
    rank: ClassVar[int] = 60
    example: ClassVar[str] = ""
    spans_segments: ClassVar[bool] = False

    @abstractmethod
    def to_python(self, text: str) -> T:
        """Return the value of ``text``, which ``regex`` matched as a whole; ``ValueError`` refuses it."""

    def to_url(self, value: T) -> str:
        """Return the text for ``value``, not yet percent-encoded; ``ValueError`` or ``TypeError`` refuses it."""
        return str(value)

    def accepts(self, text: str) -> bool:
        """Say whether ``text`` is one that this converter would take from a URL."""
        if re.fullmatch(self.regex, text, re.DOTALL) is None:
            return False
        try:
            self.to_python(text)
        except ValueError:
            return False
        return True


class StringConverter(Converter[str]):
    """One segment of any text."""

    rank = 80
    example = "text"

    def to_python(self, text: str) -> str:
        """Return the text itself."""
        return text

    def to_url(self, value: str) -> str:
        """Return the text itself; a whole number or a UUID is taken as its text."""
        if isinstance(value, str | int | uuid.UUID) and not isinstance(value, bool):
            return str(value)
        raise TypeError(f"a text is wanted, not {value!r}")


class PathConverter(StringConverter):
    """One or more segments, slashes included; never with a slash in front."""

    regex = r"[^/].*"
    rank = 100
    example = "some/path"
    spans_segments = True


class SlugConverter(StringConverter):
    """ASCII letters, digits, hyphens and underscores."""

    regex = r"[-a-zA-Z0-9_]+"
    rank = 50
    example = "a-slug"


class IntConverter(Converter[int]):
    """A whole number without a sign, in ASCII digits; one above 2**63 - 1, which no database keeps, is a miss."""

    regex = r"[0-9]+"
    rank = 10
    example = "7"

    def to_python(self, text: str) -> int:
        """Return the number; one that takes more than 63 bits is refused."""
        value = int(text)
        if value > MAX_INTEGER:
            raise ValueError("too large")
        return value

    def to_url(self, value: int) -> str:
        """Return the digits."""
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"a whole number is wanted, not {value!r}")
        return str(value)


class FloatConverter(Converter[float]):
    """A number without a sign, in ASCII digits, with or without a decimal point."""

    regex = r"[0-9]+(?:\.[0-9]+)?"
    rank = 40
    example = "1.5"

    def to_python(self, text: str) -> float:
        """Return the number; one too large for a float is refused."""
        value = float(text)
        if value == float("inf"):
            raise ValueError("too large")
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

    def to_python(self, text: str) -> uuid.UUID:
        """Return the UUID."""
        return uuid.UUID(text)


class DateConverter(Converter[datetime.date]):
    """A calendar date as ``YYYY-MM-DD`` (RFC 3339 section 5.6)."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    rank = 20
    example = "2024-02-29"

    def to_python(self, text: str) -> datetime.date:
        """Return the date; one that is not in the calendar is refused."""
        return datetime.date.fromisoformat(text)

    def to_url(self, value: datetime.date) -> str:
        """Return the ISO form of a date, or of a date and time's date."""
        if isinstance(value, datetime.datetime):
            value = value.date()
        return value.isoformat() if isinstance(value, datetime.date) else str(value)


BUILT_IN: Mapping[str, type[Converter[Any]]] = {
    "str": StringConverter,
    "int": IntConverter,
    "slug": SlugConverter,
    "uuid": UUIDConverter,
    "path": PathConverter,
    "float": FloatConverter,
    "date": DateConverter,
}
