"""From a route's name and values back to a URL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from scaffold.exceptions import ReverseError, RouteConflictError, did_you_mean
from scaffold.routing.patterns import Parameter, Route, Segment
from scaffold.routing.tree import segment_converter

__all__ = ["Reverser"]

_SEGMENT_SAFE = "!$&'()*+,;=:@"  # sub-delims, ":" and "@" of a path segment, RFC 3986 section 3.3
MOST_NAMESAKES = 3

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")  # RFC 1123 section 2.1, and underscores


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
        if other.url != route.url:
            raise RouteConflictError(
                f"two routes are named {route.name!r}: {other.url} ({other.source}) and {route.url} ({route.source})",
                source=route.source,
                hint="Rename one of them.",
            )

    def reverse(self, name: str, values: Mapping[str, Any], host: str = "") -> str:
        """Return the path of the route ``name`` with ``values`` for its parameters, percent-encoded.

        A route that asks for another host than ``host``, the name of the one asked, has that in front:
        ``//api.example.org/posts/``. Raises `ReverseError` that names the nearest name, the missing and surplus
        parameters, or the value that its converter refuses.
        """
        variants = self._by_name.get(name)
        if variants is None:
            raise ReverseError(f"no route is named {name!r}", hint=self._hint(name))
        route = variants.get(frozenset(values))
        if route is None:
            raise _wrong_parameters(name, values, list(variants.values()))
        path = "/" + "/".join([_written(route, segment, values) for segment in route.segments])
        if not route.host:
            return path
        wanted = _host(route, values, host)
        return path if wanted == host else f"//{wanted}{path}"

    def check(self, name: str, parameters: Iterable[str]) -> None:
        """Raise `ReverseError` unless a route ``name`` takes these parameters."""
        given = dict.fromkeys(parameters)
        variants = self._by_name.get(name)
        if variants is None:
            raise ReverseError(f"no route is named {name!r}", hint=self._hint(name))
        if frozenset(given) not in variants:
            raise _wrong_parameters(name, given, list(variants.values()))

    def _hint(self, name: str) -> str:
        """Return the names that only lack their namespace in ``name``, else the nearest one."""
        namesakes = [known for known in self._by_name if known.endswith(f":{name}")]
        if namesakes:
            return f"Did you mean {' or '.join(map(repr, sorted(namesakes)[:MOST_NAMESAKES]))}?"
        return did_you_mean(name, self._by_name) or "The command 'scaffold routes' lists the names."


def _written(route: Route, segment: Segment, values: Mapping[str, Any]) -> str:
    return "".join(
        quote(part, safe=_SEGMENT_SAFE) if isinstance(part, str) else _text(route, part, values[part.name])
        for part in segment.parts
    )


def _host(route: Route, values: Mapping[str, Any], host: str) -> str:
    """Return the host of a route; for a ``*`` the label that ``host`` has in its place, where the rest fits."""
    current = host.split(".")[::-1] if host else []
    labels = []
    for index, segment in enumerate(route.labels):
        if all(parameter.name for parameter in segment.parameters):
            label = _written(route, segment, values).lower()
            if not _LABEL.fullmatch(label):
                raise ReverseError(
                    f"{label!r} can't stand in the host of {route.name!r}",
                    hint=f"A label is made of letters, digits and hyphens; the host is {route.host} ({route.source}).",
                )
            labels.append(label)
        elif len(current) == len(route.labels) and segment_converter(segment)(current[index]) is not None:
            labels.append(current[index])
        else:
            raise ReverseError(
                f"the host of {route.name!r} is {route.host}, and nothing says what the * stands for",
                hint="Write a parameter in its place, such as <slug:name>.",
            )
    return ".".join(reversed(labels))


def _text(route: Route, parameter: Parameter, value: Any) -> str:
    converter = parameter.converter
    try:
        text = converter.to_url(value)
    except (TypeError, ValueError) as error:
        raise _refused(route, parameter, value, str(error)) from error
    if not converter.accepts(text):
        matches = re.fullmatch(converter.regex, text, re.DOTALL) is not None
        reason = "refuses it" if matches else f"matches {converter.regex}"
        raise _refused(route, parameter, value, f"<{parameter.rule}> {reason}")
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
        hint=f"{reason}; the route is {route.url} ({route.source}).",
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
        f"the URL of {name!r} {' and '.join(faults)}", hint=f"Its route is {nearest.url} ({nearest.source})."
    )
