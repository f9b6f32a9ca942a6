"""Which routes ``scaffold routes`` lists, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold.cli.output import relative
from scaffold.exceptions import UsageError, did_you_mean

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.routing import Route

__all__ = ["SORT_KEYS", "filtered", "in_order"]

_Key = Callable[["Route", Path], tuple[object, ...]]

_NUMBER = re.compile(r"([0-9]{1,18})")


def _natural(text: str) -> list[tuple[str, int]]:
    """Return a key that puts ``urls.py:9`` before ``urls.py:10``."""
    pieces = _NUMBER.split(text)
    return [*zip(pieces[::2], [*map(int, pieces[1::2]), -1], strict=True)]


SORT_KEYS: Mapping[str, _Key] = {
    "app": lambda route, _: (not route.app and route.name == "static",),  # as declared, what the framework adds last
    "path": lambda route, _: (route.host, route.path, sorted(route.methods)),
    "name": lambda route, _: (not route.name, route.name, route.path),
    "view": lambda route, _: (route.view_name, route.path),
    "source": lambda route, root: (_natural(relative(route.source, root)), route.path),
}


def in_order(routes: Iterable[Route], sort: str, root: Path) -> list[Route]:
    """Return ``routes`` sorted by the key of this name, by app when it is empty; `UsageError` for one that is none.

    Places are compared as they are shown, relative to ``root``.
    """
    key = SORT_KEYS.get(sort or "app")
    if key is None:
        hint = did_you_mean(sort, SORT_KEYS) or f"Write one of {', '.join(SORT_KEYS)}."
        raise UsageError(f"--sort {sort} is no key", hint=hint)
    return sorted(routes, key=lambda route: key(route, root))


def filtered(application: Application, filters: Mapping[str, str]) -> list[Route]:
    """Return the routes that pass every filter that is not empty.

    Raises `UsageError` for an app that is not there and a regular expression that is none.
    """
    tests = [_TESTS[name](value, application) for name, value in filters.items() if value]
    return [route for route in application.routes if all(test(route) for test in tests)]


_Test = Callable[["Route"], bool]


def _by_method(value: str, _application: Application) -> _Test:
    from scaffold.routing import ANY_METHOD

    return lambda route: value.upper() in route.methods or ANY_METHOD in route.methods


def _by_app(value: str, application: Application) -> _Test:
    known = [app.name for app in (*application.apps, *application.failed)]
    if value not in known:
        names = f"The apps are {', '.join(known)}." if known else "There are no apps."
        raise UsageError(f"there is no app {value!r}", hint=did_you_mean(value, known) or names)
    return lambda route: route.app == value


def _by_name(value: str, _application: Application) -> _Test:
    return lambda route: _fits(route.name, value)


def _by_view(value: str, _application: Application) -> _Test:
    return lambda route: _fits(route.view_name, value)


def _by_text(value: str, application: Application) -> _Test:
    try:
        search = re.compile(value, re.IGNORECASE).search
    except re.error as error:
        hint = "Put a backslash before each of ( ) [ ] * + ? that stands for itself."
        raise UsageError(f"--grep {value} is no regular expression: {error}", hint=hint) from error

    def test(route: Route) -> bool:
        place = relative(route.source, application.root)
        return any(map(search, (route.url, route.name, route.view_name, place, *route.methods)))

    return test


def _fits(text: str, wanted: str) -> bool:
    """Say whether ``text`` holds ``wanted``, or matches it as a whole where that has wildcards."""
    return fnmatchcase(text, wanted) if any(char in wanted for char in "*?[") else wanted in text


_TESTS: Mapping[str, Callable[[str, Application], _Test]] = {
    "method": _by_method,
    "app": _by_app,
    "name": _by_name,
    "view": _by_view,
    "grep": _by_text,
}
