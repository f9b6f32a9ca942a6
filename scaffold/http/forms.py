"""Names with several values: query strings and urlencoded forms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from scaffold.exceptions import HTTPError

__all__ = ["MAX_FIELDS", "MultiDict", "parse_urlencoded"]

T = TypeVar("T")
D = TypeVar("D")

MAX_FIELDS = 1000

# Narrower than int() and float(), which take underscores, white space, "nan", and the digits of every script.
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


class MissingFieldError(HTTPError, KeyError):
    """A field that a view reads and the client did not send: a ``KeyError`` that is answered with 400."""


class MultiDict(Mapping[str, str]):
    """Texts by name, several a name: ``values[name]`` is the last one, ``getlist(name)`` all.

    A name that is missing is a ``KeyError`` that is an `HTTPError` 400 too, so a view need not care. ``int``,
    ``float`` and ``bool`` convert; without a ``default`` a value that is missing, and always one that can't be
    converted, is an `HTTPError` 400 that says which.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        if name not in self._lists:
            raise MissingFieldError(400, f"{name} is missing.")
        return self._lists[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"MultiDict({self.multi_items()!r})"

    def getlist(self, name: str) -> list[str]:
        """Return all values of ``name``, in order."""
        return list(self._lists.get(name, ()))

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every pair of a name and a value."""
        return [(name, value) for name, values in self._lists.items() for value in values]

    def int(self, name: str, default: D | None = None) -> int | D:
        """Return a whole number."""
        return self._converted(name, default, _to_int, "a whole number")

    def float(self, name: str, default: D | None = None) -> float | D:
        """Return a number."""
        return self._converted(name, default, _to_float, "a number")

    def bool(self, name: str, default: D | None = None) -> bool | D:
        """Return True for ``1 true on yes`` and False for ``0 false off no``, in either case."""
        return self._converted(name, default, lambda text: _BOOLEANS[text.lower()], "true or false")

    def _converted(self, name: str, default: D | None, convert: Callable[[str], T], wanted: str) -> T | D:
        if name not in self._lists:
            if default is None:
                raise HTTPError(400, f"{name} is missing; it must be {wanted}.")
            return default
        try:
            return convert(self[name])
        except (ValueError, KeyError):
            raise HTTPError(400, f"{name} is {self[name]!r}; it must be {wanted}.") from None


def _to_int(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _to_float(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def parse_urlencoded(text: str) -> MultiDict:
    """Parse a query string or an urlencoded form; `HTTPError` 400 for over 1,000 fields or what is not UTF-8."""
    if not text:
        return MultiDict()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise HTTPError(400, "The form or query is not UTF-8.") from None
    except ValueError:
        raise HTTPError(400, f"The form or query has more than {MAX_FIELDS} fields.") from None
    return MultiDict(pairs)
