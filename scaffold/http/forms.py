"""Names with several values: queries and forms."""

from __future__ import annotations

import datetime
import math
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote_plus

from scaffold.exceptions import HTTPError
from scaffold.http.form_limits import FormLimits

if TYPE_CHECKING:
    from scaffold.http.uploads import UploadedFile, UploadStore

__all__ = ["MAX_FIELDS", "FormData", "MultiDict", "MultiMapping", "parse_form", "parse_urlencoded", "shown"]

T = TypeVar("T")
D = TypeVar("D")
V = TypeVar("V")

MAX_FIELDS = 1000
_SHOWN_CHARACTERS = 100

# Narrower than int() and float(), which take underscores, white space, "nan", and the digits of every script.
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

MISSING: Any = object()
"""In place of a default that was not given."""

# Some methods of MultiDict have the names of the types that they return.
_Integer = int
_Float = float


class MissingFieldError(HTTPError, KeyError):
    """A field that a view reads and the client did not send: a ``KeyError`` that is answered with 400."""


class MultiMapping(Mapping[str, V]):
    """Values by name, several a name: ``values[name]`` is the last one, ``getlist(name)`` all.

    A name that is missing is a ``KeyError`` that is an `HTTPError` 400 too, so a view need not care.
    """

    def __init__(self, pairs: Iterable[tuple[str, V]] = ()) -> None:
        self._lists: dict[str, list[V]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> V:
        if name not in self._lists:
            raise MissingFieldError(400, f"{name} is missing.")
        return self._lists[name][-1]

    def __contains__(self, name: object) -> bool:
        return name in self._lists

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.multi_items()!r})"

    def getlist(self, name: str) -> list[V]:
        """Return all values of ``name``, in order."""
        return list(self._lists.get(name, ()))

    def multi_items(self) -> list[tuple[str, V]]:
        """Return every pair of a name and a value."""
        return [(name, value) for name, values in self._lists.items() for value in values]


class MultiDict(MultiMapping[str]):
    """Texts by name, several a name.

    The methods named after types convert the last value. Without a ``default`` (None is one) a value that is missing or
    empty, and always one that can't be converted, is an `HTTPError` 400 that says what it must be.
    """

    def int(
        self,
        name: str,
        default: D = MISSING,
        *,
        min: _Integer | None = None,  # noqa: A002 - the names of HTML's attributes
        max: _Integer | None = None,  # noqa: A002
    ) -> _Integer | D:
        """Return a whole number, at least ``min`` and at most ``max``."""
        return self._converted(name, default, _bounded(_to_int, min, max), f"a whole number{_between(min, max)}")

    def float(
        self,
        name: str,
        default: D = MISSING,
        *,
        min: _Float | None = None,  # noqa: A002 - the names of HTML's attributes
        max: _Float | None = None,  # noqa: A002
    ) -> _Float | D:
        """Return a number, at least ``min`` and at most ``max``."""
        return self._converted(name, default, _bounded(_to_float, min, max), f"a number{_between(min, max)}")

    def bool(self, name: str, default: D = MISSING) -> bool | D:
        """Return True for ``1 true on yes`` and False for ``0 false off no``, in either case."""
        return self._converted(name, default, lambda text: _BOOLEANS[text.lower()], "true or false")

    def date(self, name: str, default: D = MISSING) -> datetime.date | D:
        """Return a date such as ``2026-03-31``, as ``<input type="date">`` sends it."""
        return self._converted(name, default, _to_date, "a date such as 2026-03-31")

    def uuid(self, name: str, default: D = MISSING) -> uuid.UUID | D:
        """Return a UUID in its usual form of 36 characters (RFC 9562 section 4)."""
        return self._converted(name, default, _to_uuid, "a UUID")

    def choice(self, name: str, choices: Collection[str], default: D = MISSING) -> str | D:
        """Return one of ``choices``."""

        if "" in choices and self.get(name) == "":
            return ""

        def check(text: str) -> str:
            if text not in choices:
                raise ValueError(text)
            return text

        return self._converted(name, default, check, f"one of {', '.join(choices)}")

    def _converted(self, name: str, default: D, convert: Callable[[str], T], wanted: str) -> T | D:
        text = self[name] if name in self._lists else ""
        if not text.strip():  # browsers send a field that was left empty, too
            if default is MISSING:
                raise HTTPError(400, f"{name} is missing; it must be {wanted}.")
            return default
        try:
            return convert(text)
        except (ValueError, KeyError):
            raise HTTPError(400, f"{name} is {shown(text)!r}; it must be {wanted}.") from None


class FormData(NamedTuple):
    """What a form holds; ``store`` is where its files lie, None for a form without."""

    fields: MultiDict
    files: MultiMapping[UploadedFile]
    store: UploadStore | None = None


def shown(text: str) -> str:
    """Return ``text`` as a message quotes it: not the whole of what may be megabytes."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


N = TypeVar("N", int, float)


def _bounded(convert: Callable[[str], N], least: N | None, most: N | None) -> Callable[[str], N]:
    if least is None and most is None:
        return convert

    def check(text: str) -> N:
        number = convert(text)
        if (least is not None and number < least) or (most is not None and number > most):
            raise ValueError(text)
        return number

    return check


def _between(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f" of at least {least}"
    return "" if most is None else f" of at most {most}"


def _to_int(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _to_float(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def _to_date(text: str) -> datetime.date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return datetime.date.fromisoformat(text)


def _to_uuid(text: str) -> uuid.UUID:
    if not _UUID.fullmatch(text):
        raise ValueError(text)
    return uuid.UUID(text)


def parse_urlencoded(text: str, max_fields: int = MAX_FIELDS, *, kind: str = "query", status: int = 400) -> MultiDict:
    """Parse a query or an urlencoded form (``kind`` is what messages call it).

    Raises `HTTPError` 400 for what is not UTF-8, and ``status`` for more than ``max_fields`` fields.
    """
    if not text:
        return MultiDict()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=max_fields)
    except UnicodeDecodeError:
        raise HTTPError(400, _encoding_fault(text, kind)) from None
    except ValueError:
        raise HTTPError(status, f"The {kind} has more than {max_fields} fields.") from None
    return MultiDict(pairs)


def parse_form(body: bytes, limits: FormLimits) -> MultiDict:
    """Parse an urlencoded form; `HTTPError` 400 for what is not UTF-8, 413 for more than ``limits`` allow."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HTTPError(400, f"The body is not UTF-8 at byte {error.start}.") from None
    fields = parse_urlencoded(text, limits.fields, kind="form", status=413)
    if len(body) > limits.field_bytes:
        for name, value in fields.multi_items():
            if len(value.encode()) > limits.field_bytes:
                raise HTTPError(413, f"{shown(name)} is larger than {limits.field_bytes} bytes.")
    return fields


def _encoding_fault(text: str, kind: str) -> str:
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if not _is_utf_8(name):
            return f"A name in the {kind} is not UTF-8."
        if not _is_utf_8(value):
            return f"{shown(unquote_plus(name))} is not UTF-8."
    return f"The {kind} is not UTF-8."


def _is_utf_8(quoted: str) -> bool:
    try:
        unquote_plus(quoted, errors="strict")
    except UnicodeDecodeError:
        return False
    return True
