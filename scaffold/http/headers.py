"""Header fields: names in any case, several values a name, and nothing that could end a line early."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache

__all__ = ["Headers", "environ_headers"]

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # what a field value may hold, RFC 9110 section 5.5
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Headers(MutableMapping[str, str]):
    """The header fields of a message; names compare without regard to case (RFC 9110 section 5.1).

    ``headers[name]`` is the first value, ``getlist(name)`` all of them, ``add`` appends, assignment replaces. The order
    is that in which the names came first, and what repeats a name stands at the end. Raises ``ValueError`` for a name
    that is no token, or a value with control characters or beyond ISO 8859-1.
    """

    __slots__ = ("_fields", "_more")

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        # By what names are compared by: the first field of a name, and in another dict those that came later.
        self._fields: dict[str, tuple[str, str]] = {}
        self._more: dict[str, list[tuple[str, str]]] = {}
        if items:
            for name, value in items.items() if isinstance(items, Mapping) else items:
                self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Append a field and keep those of the same name."""
        key, item = _key(name), (name, checked_value(name, value))
        if key in self._fields:
            self._more.setdefault(key, []).append(item)
        else:
            self._fields[key] = item

    def add_missing(self, fields: Headers) -> None:
        """Add those of ``fields`` whose names are not there yet."""
        own = self._fields
        for key, item in fields._fields.items():
            if key not in own:
                own[key] = item

    def getlist(self, name: str) -> list[str]:
        """Return all values of ``name``, in order."""
        key = name.lower()
        if key not in self._fields:
            return []
        return [self._fields[key][1], *(value for _, value in self._more.get(key, ()))]

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every field as a pair; what repeats a name stands at the end."""
        items = list(self._fields.values())
        for more in self._more.values():
            items += more
        return items

    def setdefault(self, name: str, default: str = "") -> str:
        """Return the first value of ``name``, which becomes ``default`` when there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def __getitem__(self, name: str) -> str:
        try:
            return self._fields[name.lower()][1]
        except KeyError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: str) -> None:
        key = _key(name)
        self._fields[key] = (name, checked_value(name, value))
        if self._more:
            self._more.pop(key, None)

    def put_known(self, key: str, name: str, value: str) -> None:
        """Set a field that needs no look: ``key`` is ``name`` in lower case, and ``value`` was made here."""
        self._fields[key] = (name, value)
        if self._more:
            self._more.pop(key, None)

    def __delitem__(self, name: str) -> None:
        key = name.lower()
        if key not in self._fields:
            raise KeyError(name)
        del self._fields[key]
        self._more.pop(key, None)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({self.multi_items()!r})"


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    """Return what names are compared by; raise ``ValueError`` for what is no name."""
    if not TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no header field name")
    return name.lower()


def checked_value(name: str, value: str) -> str:
    """Return ``value`` if it can be sent as the field ``name``, else raise ``ValueError``."""
    if not isinstance(value, str):
        raise ValueError(f"the header {name} is {value!r}, not a text")
    if value.isascii() and value.isprintable():  # nearly every value, and quicker than the pattern
        return value.strip()
    if _VALUE.fullmatch(value):
        return value.strip(" \t")
    if _UNSAFE.search(value):
        raise ValueError(f"the header {name} holds a control character: {value!r}")
    raise ValueError(f"the header {name} holds characters beyond ISO 8859-1: {value!r}")


def environ_headers(environ: Mapping[str, object]) -> Headers:
    """Return the request's header fields from a WSGI environ (PEP 3333)."""
    headers = Headers()
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
        elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            name = key
        else:
            continue
        name = name.replace("_", "-").title()
        headers._fields[name.lower()] = (name, str(value))
    return headers
