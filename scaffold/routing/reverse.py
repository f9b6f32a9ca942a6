"""From a route's name and values back to a URL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from scaffold.exceptions import ReverseError, RouteConflictError, did_you_mean
from scaffold.routing.patterns import Parameter, Route

__all__ = ["Reverser"]

_SEGMENT_SAFE = "!$&'()*+,;=:@"  # sub-delims, ":" and "@" of a path segment, RFC 3986 section 3.3
MOST_NAMESAKES = 3


class Reverser:
    """All named routes of an application, ready to be looked up by name.

    One name may stand for several routes whose parameters differ; the values given choose among them. Raises
    `RouteConflictError` for two routes of one name with the same parameters.
    """

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._by_name: dict[str, dict[frozenset[str], Route]] = {}
        for route in routes:
            self.add(route)

    def has(self, name: str) -> bool:
        """Say whether some route has this name."""
        return name in self._by_name

    def add(self, route: Route) -> None:
        """Add ``route`` when it has a name; routes of one path may share it."""
        if not route.name:
            return
        variants = self._by_name.setdefault(route.name, {})
        other = variants.setdefault(frozenset(route.parameters), route)
        if other.path != route.path:
            raise RouteConflictError(
                f"two routes are named {route.name!r}: {other.path} ({other.source}) and {route.path} ({route.source})",
                source=route.source,
                hint="Rename one of them.",
            )

    def reverse(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the path of the route ``name`` with ``values`` for its parameters, percent-encoded.

        Raises `ReverseError` that names the nearest name, the missing and surplus parameters, or the value that its
        converter refuses.
        """
        variants = self._by_name.get(name)
        if variants is None:
            raise ReverseError(f"no route is named {name!r}", hint=self._hint(name))
        route = variants.get(frozenset(values))
        if route is None:
            raise _wrong_parameters(name, values, list(variants.values()))
        return "/" + "/".join(
            "".join(
                quote(part, safe=_SEGMENT_SAFE) if isinstance(part, str) else _text(route, part, values[part.name])
                for part in segment.parts
            )
            for segment in route.segments
        )

    def _hint(self, name: str) -> str:
        """Return the names that only lack their namespace in ``name``, else the nearest one."""
        namesakes = [known for known in self._by_name if known.endswith(f":{name}")]
        if namesakes:
            return f"Did you mean {' or '.join(map(repr, sorted(namesakes)[:MOST_NAMESAKES]))}?"
        return did_you_mean(name, self._by_name) or "The command 'scaffold routes' lists the names."


def _text(route: Route, parameter: Parameter, value: Any) -> str:
    converter = parameter.converter
    try:
        text = converter.to_url(value)
    except (TypeError, ValueError) as error:
        raise _refused(route, parameter, value, str(error)) from error
    if not converter.accepts(text):
        raise _refused(route, parameter, value, f"<{parameter.kind}> matches {converter.regex}")
    # A client resolves dot segments before it asks (RFC 3986 section 5.2.4), so such a URL would lead elsewhere.
    if re.search(r"(?:^|/)\.{1,2}(?:/|$)", text):
        raise _refused(route, parameter, value, "a dot segment would lead elsewhere")
    try:
        return quote(text, safe=_SEGMENT_SAFE + "/" if converter.spans_segments else _SEGMENT_SAFE)
    except UnicodeEncodeError as error:
        raise _refused(route, parameter, value, str(error)) from error


def _refused(route: Route, parameter: Parameter, value: Any, reason: str) -> ReverseError:
    return ReverseError(
        f"{_shown(value)} can't be {parameter.name!r} in the URL of {route.name!r}",
        hint=f"{reason}; the route is {route.path} ({route.source}).",
    )


def _shown(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # Python refuses to write a number of thousands of digits
        return f"a very large {type(value).__name__}"


def _wrong_parameters(name: str, values: Mapping[str, Any], routes: list[Route]) -> ReverseError:
    nearest = min(routes, key=lambda route: len(set(route.parameters) ^ set(values)))
    missing = [parameter for parameter in nearest.parameters if parameter not in values]
    surplus = [parameter for parameter in values if parameter not in nearest.parameters]
    faults = [
        f"{word} {', '.join(map(repr, names))}" for word, names in (("lacks", missing), ("has no", surplus)) if names
    ]
    return ReverseError(
        f"the URL of {name!r} {' and '.join(faults)}", hint=f"Its route is {nearest.path} ({nearest.source})."
    )
