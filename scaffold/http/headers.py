"""Header fields: names in any case, several values a name, and nothing that could end a line early."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

__all__ = ["Headers", "environ_headers"]

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110 section 5.6.2
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # what no field value may hold, RFC 9110 section 5.5


class Headers(MutableMapping[str, str]):
    """The header fields of a message, in order; names compare without regard to case (RFC 9110 section 5.1).

    ``headers[name]`` is the first value, ``getlist(name)`` all of them, ``add`` appends, assignment replaces. Raises
    ``ValueError`` for a name that is no token, or a value with control characters or beyond ISO 8859-1.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._items: list[tuple[str, str]] = []
        for name, value in items.items() if isinstance(items, Mapping) else items:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Append a field and keep those of the same name."""
        self._items.append((name, checked_value(name, value)))

    def getlist(self, name: str) -> list[str]:
        """Return all values of ``name``, in order."""
        wanted = name.lower()
        return [value for key, value in self._items if key.lower() == wanted]

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every field as a pair, in order."""
        return list(self._items)

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for key, value in self._items:
            if key.lower() == wanted:
                return value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        checked = checked_value(name, value)
        if name in self:
            del self[name]
        self._items.append((name, checked))

    def __delitem__(self, name: str) -> None:
        wanted = name.lower()
        kept = [item for item in self._items if item[0].lower() != wanted]
        if len(kept) == len(self._items):
            raise KeyError(name)
        self._items = kept

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key.lower() == name.lower() for key, _ in self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower() for key, _ in self._items))

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._items})

    def __repr__(self) -> str:
        return f"Headers({self._items!r})"


def checked_value(name: str, value: str) -> str:
    """Return ``value`` if it can be sent as the field ``name``, else raise ``ValueError``."""
    if not TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no header field name")
    if not isinstance(value, str):
        raise ValueError(f"the header {name} is {value!r}, not a text")
    if _UNSAFE.search(value):
        raise ValueError(f"the header {name} holds a control character: {value!r}")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"the header {name} holds characters beyond ISO 8859-1: {value!r}") from None
    return value.strip(" \t")


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
        headers._items.append((name.replace("_", "-").title(), str(value)))
    return headers
