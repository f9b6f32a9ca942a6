"""What caches may do with a response: ``Cache-Control`` (RFC 9111) and ``Vary`` (RFC 9110 section 12.5.5)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping

from scaffold.http.headers import TOKEN, Headers

__all__ = ["add_vary", "format_cache_control", "has_directive", "list_items"]

_AGES = ("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error")
_FLAGS = (
    "public",
    "private",
    "no_cache",
    "no_store",
    "no_transform",
    "must_revalidate",
    "proxy_revalidate",
    "immutable",
)

# Pairs of which one makes the other void: RFC 9111 section 5.2.2, RFC 5861 section 3 and 4, RFC 8246 section 2.
_CONTRADICTIONS = (
    ("public", ("private",)),
    ("private", ("s_maxage", "proxy_revalidate")),
    ("no_store", ("public", "max_age", "s_maxage", "immutable", *_AGES[2:])),
    ("no_cache", ("immutable", *_AGES[2:])),
    ("must_revalidate", _AGES[2:]),
)


def format_cache_control(directives: Mapping[str, int | bool | datetime.timedelta | None]) -> str:
    """Return the text of a ``Cache-Control`` field; ages are in seconds, False and None stand for a directive left out.

    Raises ``ValueError`` for an age that is none, for directives that contradict each other, and for none at all.
    """
    given = {name: value for name, value in directives.items() if value is not None and value is not False}
    for name, others in _CONTRADICTIONS:
        for other in others:
            if name in given and other in given:
                raise ValueError(f"Cache-Control can't be {_written(name)} and {_written(other)} at once")
    if "immutable" in given and "max_age" not in given:
        raise ValueError("Cache-Control: immutable says nothing without max_age, how long it is so")
    if not given:
        raise ValueError("Cache-Control needs at least one directive, such as max_age=60 or no_store=True")
    return ", ".join(_directives(given))


def _directives(given: Mapping[str, int | bool | datetime.timedelta]) -> Iterator[str]:
    for name in _FLAGS:
        if name in given:
            if given[name] is not True:
                raise ValueError(f"{name} is True or False, not {given[name]!r}")
            yield _written(name)
    for name in _AGES:
        if name in given:
            yield f"{_written(name)}={_seconds(name, given[name])}"


def _seconds(name: str, age: int | datetime.timedelta) -> int:
    if isinstance(age, datetime.timedelta):
        age = int(age.total_seconds())
    if isinstance(age, bool) or not isinstance(age, int) or age < 0:
        raise ValueError(f"{name} is a number of seconds from 0, not {age!r}")
    return age


def _written(name: str) -> str:
    return name.replace("_", "-")


def list_items(values: Iterable[str]) -> Iterator[str]:
    """Yield the members of a list that may be spread over several fields (RFC 9110 section 5.6.1)."""
    for value in values:
        for item in value.split(","):
            if item := item.strip(" \t"):
                yield item


def has_directive(headers: Headers, name: str) -> bool:
    """Say whether ``Cache-Control`` holds the directive ``name``, with or without an argument."""
    if "cache-control" not in headers:
        return False
    items = list_items(headers.getlist("cache-control"))
    return any(item.partition("=")[0].rstrip(" \t").lower() == name for item in items)


def add_vary(headers: Headers, names: Iterable[str]) -> None:
    """Add request fields to ``Vary``, each once; ``*`` stands for anything, and then nothing else is named.

    Raises ``ValueError`` for what is no field name.
    """
    present = {name.lower(): name for name in list_items(headers.getlist("vary"))}
    for name in names:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"Vary names request fields, and {name!r} is none")
        present.setdefault(name.lower(), name)
    if present:
        headers["Vary"] = "*" if "*" in present else ", ".join(present.values())
