"""What a project writes in its ``urls.py``: ``path()``, ``include()`` and ``host()``, and the routes they become."""

from __future__ import annotations

import importlib
import keyword
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import FrameType
from typing import Any

from scaffold.exceptions import RoutingError, did_you_mean
from scaffold.routing.arguments import make_converter, normal_arguments
from scaffold.routing.converters import BUILT_IN, ChoiceConverter, Converter, RestConverter, StringConverter

__all__ = [
    "ANY_METHOD",
    "HOST_END",
    "URL_OPTIONS",
    "Include",
    "Parameter",
    "Route",
    "Segment",
    "UrlPattern",
    "compile_patterns",
    "host",
    "include",
    "path",
]

_GET = frozenset({"GET", "HEAD"})
_BUILT_IN = frozenset(BUILT_IN.values()) - {ChoiceConverter}

View = Callable[..., Any]
Converters = Mapping[str, type[Converter[Any]]]

ANY_METHOD = "*"
"""Stands among the methods of a route for all of them, known or not."""

URL_OPTIONS = ("_query", "_anchor", "_external", "_scheme")
"""What `url_for` takes beside the values of parameters, so that no parameter is named so."""

HOST_END = ":"
"""Stands between the labels of a host and the segments of a path; no label is a colon."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_PARAMETER = re.compile(
    r"""<(?:(?P<converter>[^<>:()]*)(?:\((?P<arguments>(?:[^()'"]|'[^'\\]*'|"[^"\\]*")*)\))?:)?(?P<name>[^<>:]*)>"""
)
_NO_HOST = re.compile(r"[/?#@:\s\\]|^\.|\.$|\.\.")
_FORBIDDEN = re.compile(r"[?#\s\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class Include:
    """Patterns that stand under another pattern; made by `include`."""

    patterns: tuple[UrlPattern, ...]
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class UrlPattern:
    """One line of ``urlpatterns``, as written; made by `path`. ``source`` is its ``file:line``."""

    text: str
    target: View | Include
    name: str
    methods: frozenset[str]
    source: str
    host: str = ""
    takes_rest: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named place in a path, such as ``<int:id>``; ``rule`` is its kind with the arguments in their shortest form."""

    name: str
    kind: str
    converter: Converter[Any]
    rule: str


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: texts and parameters in turn (``"v<int:major>"`` is a text and a parameter).

    ``literal`` is the text of a segment without parameters, else None; ``parameters`` are from left to right; ``spans``
    says whether it stands for several segments, as ``<path:rest>`` does, and ``takes_nothing`` whether an empty text
    will do for them. ``shape`` is the segment without the names: two of one shape match the same texts.
    """

    parts: tuple[str | Parameter, ...]
    literal: str | None = field(init=False, compare=False, repr=False)
    parameters: tuple[Parameter, ...] = field(init=False, compare=False, repr=False)
    spans: bool = field(init=False, compare=False, repr=False)
    takes_nothing: bool = field(init=False, compare=False, repr=False)
    shape: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Find out once what a lookup and the checks ask again and again."""
        texts = [part for part in self.parts if isinstance(part, str)]
        parameters = tuple(part for part in self.parts if isinstance(part, Parameter))
        converters = [parameter.converter for parameter in parameters]
        found = {
            "literal": None if parameters else "".join(texts),
            "parameters": parameters,
            "spans": any(converter.spans_segments for converter in converters),
            "takes_nothing": any(isinstance(converter, RestConverter) for converter in converters),
            "shape": "".join(part if isinstance(part, str) else f"<{part.rule}>" for part in self.parts),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)


@lru_cache(maxsize=4096)
def _segment(parts: tuple[str | Parameter, ...]) -> Segment:
    """Return the segment of these parts, the same one each time: apps have many in common."""
    return Segment(parts)


@lru_cache(maxsize=4096)
def _literal_segment(piece: str) -> Segment | None:
    """Return the segment of a text without parameters; None for one that holds any, or what can't stand in a path."""
    is_plain = "<" not in piece and ">" not in piece and piece not in {".", ".."} and not _FORBIDDEN.search(piece)
    return Segment((piece,)) if is_plain else None


@lru_cache(maxsize=4096)
def _plain_parameter(name: str, kind: str, converter: type[Converter[Any]]) -> Parameter:
    """Return a parameter whose converter has no arguments, the same one each time."""
    return Parameter(name, kind, converter(), kind)


@dataclass(frozen=True, eq=False)
class Route:
    """A whole path from the root with the view behind it.

    ``path`` begins with a slash (``"/blog/<int:id>/"``), ``name`` holds its namespace (``"blog:detail"``, or empty),
    ``app`` is the name of the app it belongs to, and ``source`` is the ``file:line`` where it was written. ``host`` is
    the host as written, or empty where any will do, and ``labels`` are its parts from the last to the first.
    """

    path: str
    view: View
    name: str
    methods: frozenset[str]
    source: str
    segments: tuple[Segment, ...]
    app: str = ""
    host: str = ""
    labels: tuple[Segment, ...] = ()

    @cached_property
    def walked(self) -> tuple[Segment, ...]:
        """What a lookup walks along: the labels of the host, if there is one, then the segments."""
        return (*self.labels, Segment((HOST_END,)), *self.segments) if self.host else self.segments

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters: those of the host's labels, then those of the path from left to right."""
        return tuple(filter(None, self.slots))

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """The names of the values that a lookup finds; that of a ``*`` in the host is empty."""
        return tuple(parameter.name for segment in self.walked for parameter in segment.parameters)

    @cached_property
    def view_name(self) -> str:
        """The view's dotted name, as a reader would import it; of a redirect or a mount, what it leads to."""
        return str(self.view) if self.kind != "view" else dotted_name(self.view)

    @property
    def kind(self) -> str:
        """``view``, ``redirect`` or ``mount``."""
        return str(getattr(self.view, "route_kind", "view"))

    @property
    def url(self) -> str:
        """The path, with the host in front where there is one: ``//api.example.org/posts/``."""
        return f"//{self.host}{self.path}" if self.host else self.path


_REST = Segment((Parameter("rest", "path", RestConverter(), "rest"),))


def dotted_name(view: View) -> str:
    """Return the name of a function or a class, as a reader would import it."""
    return f"{getattr(view, '__module__', '?')}.{getattr(view, '__qualname__', type(view).__qualname__)}"


def path(route: str, view: View | Include, *, name: str = "", methods: Iterable[str] | None = None) -> UrlPattern:
    """Declare that ``route`` leads to ``view``.

    ``route`` is relative to the app's prefix and holds parameters as ``<name>`` or ``<converter:name>``. ``name`` is
    the name for `url_for`, without the app's. ``methods`` defaults to GET; HEAD always follows GET. Raises
    `RoutingError` for a route or a method that can't be right.
    """
    return make_pattern(route, view, name=name, methods=methods, source=caller(sys._getframe(1)))


def include(target: str | Sequence[UrlPattern], *, namespace: str = "") -> Include:
    """Put other patterns under the pattern that this stands in: a list of them, or a module with ``urlpatterns``.

    Names inside get ``namespace:`` in front when a namespace is given. A dotted module is imported at once.
    """
    return _included(target, namespace, caller(sys._getframe(1)))


def _included(target: str | Sequence[UrlPattern], namespace: str, source: str) -> Include:
    if isinstance(target, str):
        patterns = getattr(importlib.import_module(target), "urlpatterns", None)
        if patterns is None:
            raise RoutingError(
                f"include({target!r}): the module has no urlpatterns", source=source, hint="Add urlpatterns = [...]."
            )
    else:
        patterns = target
    return Include(checked_patterns(patterns, source), namespace)


def host(name: str, patterns: str | Sequence[UrlPattern], *, namespace: str = "") -> UrlPattern:
    """Put patterns under a host: ``host("api.example.org", [...])``, without a port.

    A label may be a parameter, as in ``<slug:tenant>.example.org``, or ``*`` for any. Paths inside stay below the
    prefix of the app. Requests with another host don't see the patterns, and those with this one see them first.
    Raises `RoutingError` for what can't be a host.
    """
    source = caller(sys._getframe(1))
    if not isinstance(name, str) or not name or _NO_HOST.search(_PARAMETER.sub("x", name)):
        hint = "Write it as in host('api.example.org', [...]), without scheme, port and path."
        raise RoutingError(f"{name!r} is no name of a host", source=source, hint=hint)
    return UrlPattern("", _included(patterns, namespace, source), "", frozenset(), source, host=name)


def checked_patterns(patterns: object, source: str) -> tuple[UrlPattern, ...]:
    """Return ``patterns`` as a tuple, or raise `RoutingError` when it is no list of what `path` returns."""
    if isinstance(patterns, list | tuple):
        for item in patterns:
            if not isinstance(item, UrlPattern):
                raise RoutingError(
                    f"urlpatterns holds {item!r}, which is no path(...)", source=source, hint="Write path(route, view)."
                )
        return tuple(patterns)
    if patterns is None:
        raise RoutingError("urls.py has no urlpatterns", source=source, hint="Write urlpatterns = [path(...)].")
    raise RoutingError(
        f"urlpatterns is {type(patterns).__name__}, not a list", source=source, hint="Write urlpatterns = [path(...)]."
    )


def make_pattern(
    route: str,
    view: View | Include,
    *,
    name: str,
    methods: Iterable[str] | None,
    source: str,
    takes_rest: bool = False,
) -> UrlPattern:
    """Do the work of `path` for a known ``source``.

    With ``takes_rest`` the route also matches whatever lies below it, and answers every method; the view is given the
    ``rest`` of the path, without its first slash.
    """
    if route.startswith("/"):
        raise RoutingError(
            f"the route {route!r} begins with a slash",
            source=source,
            hint=f"Write {route.lstrip('/')!r}: a route is relative.",
        )
    if isinstance(view, Include) and (name or methods):
        raise RoutingError(
            "an include() takes neither name nor methods", source=source, hint="Give them to the paths inside it."
        )
    if not isinstance(view, Include) and not callable(view):
        raise RoutingError(
            f"the view of {route!r} is {view!r}, which can't be called",
            source=source,
            hint="Give a function or a View class.",
        )
    if takes_rest:
        text = route if route.endswith("/") or not route else f"{route}/"
        return UrlPattern(text, view, name, frozenset({ANY_METHOD}), source, takes_rest=True)
    return UrlPattern(route, view, name, _checked_methods(methods, view, source), source)


def _checked_methods(methods: Iterable[str] | None, view: View | Include, source: str) -> frozenset[str]:
    if methods is None:
        methods = getattr(view, "view_methods", None)
        if methods is None:
            return _GET
    if isinstance(methods, str):
        raise RoutingError(f"methods is the text {methods!r}", source=source, hint=f"Write methods=[{methods!r}].")
    names = {method.upper() for method in methods}
    for method in sorted(names):
        if not _TOKEN.fullmatch(method):
            raise RoutingError(f"{method!r} is no HTTP method", source=source, hint="Use GET, POST and the like.")
    if not names:
        raise RoutingError(
            "there are no methods, so nothing can reach the view",
            source=source,
            hint="Leave methods out for GET; a View class has a method for each, such as get().",
        )
    return frozenset(names | {"HEAD"} if "GET" in names else names)


def caller(frame: FrameType) -> str:
    """Return ``file:line`` of ``frame``."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def compile_patterns(
    patterns: Iterable[UrlPattern],
    *,
    prefix: str = "",
    namespace: str = "",
    app: str = "",
    converters: Converters = BUILT_IN,
    host: str = "",
) -> Iterator[Route]:
    """Yield a `Route` for each pattern and each one included, in the order written.

    ``prefix`` is put before every path and ``namespace:`` before every name. Raises `RoutingError` with the place of
    the pattern for a syntax error, an unknown converter, or a parameter named twice.
    """
    for pattern in patterns:
        text = prefix + pattern.text
        if pattern.host and host:
            hint = "Give the inner patterns a host of their own."
            raise RoutingError(f"host({pattern.host!r}) stands inside of a host", source=pattern.source, hint=hint)
        if isinstance(pattern.target, Include):
            yield from compile_patterns(
                pattern.target.patterns,
                prefix=text,
                namespace=":".join(filter(None, (namespace, pattern.target.namespace))),
                app=app,
                converters=converters,
                host=pattern.host or host,
            )
            continue
        name = f"{namespace}:{pattern.name}" if namespace and pattern.name else pattern.name
        segments = tuple(_parse_segments(text, pattern.source, converters))
        if pattern.takes_rest:
            segments, text = (*segments[:-1], _REST), f"{text}<path:rest>"
        labels = tuple(_parse_labels(host, pattern.source, converters)) if host else ()
        route = Route("/" + text, pattern.target, name, pattern.methods, pattern.source, segments, app, host, labels)
        _check_parameters(route)
        yield route


def _parse_segments(text: str, source: str, converters: Converters) -> Iterator[Segment]:
    pieces = text.split("/")
    for index, piece in enumerate(pieces):
        known = _literal_segment(piece) if piece else None
        if known is not None:
            yield known
            continue
        if piece == "" and index < len(pieces) - 1:
            raise RoutingError(
                f"the route {text!r} holds an empty segment", source=source, hint="Drop one of the slashes."
            )
        if piece in {".", ".."} or _FORBIDDEN.search(_PARAMETER.sub("", piece) if "<" in piece else piece):
            raise RoutingError(
                f"{piece!r} can't stand in the route {text!r}",
                source=source,
                hint="A path holds no '.', '..', '?', '#', backslash or white space; read a query with request.query.",
            )
        yield _parse_segment(piece, text, source, converters)


def _parse_labels(host: str, source: str, converters: Converters) -> Iterator[Segment]:
    """Yield the labels of a host from the last to the first."""
    for label in reversed(_split_labels(host)):
        if label == "*":
            yield Segment((Parameter("", "str", StringConverter(), "str"),))
            continue
        segment = _parse_segment(label.lower() if "<" not in label else label, host, source, converters)
        texts = [part for part in segment.parts if isinstance(part, str)]
        if segment.spans or not label or not all(re.fullmatch(r"[a-z0-9_-]+", text) for text in texts):
            hint = "Use letters, digits and hyphens (another script as xn--...), <converter:name> or *."
            raise RoutingError(f"{label!r} is no label of the host {host!r}", source=source, hint=hint)
        yield segment


def _split_labels(host: str) -> list[str]:
    """Return the parts of a host between the dots that stand outside of parameters."""
    return re.split(r"\.(?![^<>]*>)", host)


def _parse_segment(piece: str, text: str, source: str, converters: Converters) -> Segment:
    parts: list[str | Parameter] = []
    position = 0
    for found in _PARAMETER.finditer(piece):
        literal = piece[position : found.start()]
        if literal:
            parts.append(literal)
        elif parts:
            raise RoutingError(
                f"two parameters touch in {piece!r}", source=source, hint="Put a text between them, such as a hyphen."
            )
        parts.append(_parse_parameter(found, text, source, converters))
        position = found.end()
    if piece[position:]:
        parts.append(piece[position:])
    if any(isinstance(part, str) and re.search("[<>]", part) for part in parts):
        raise RoutingError(
            f"{piece!r} in the route {text!r} is no parameter", source=source, hint="Write <name> or <converter:name>."
        )
    segment = _segment(tuple(parts))
    if segment.spans and len(parts) > 1:
        raise RoutingError(
            f"{piece!r} mixes a path with other text", source=source, hint="Put slashes around <path:...>."
        )
    return segment


def _parse_parameter(found: re.Match[str], text: str, source: str, converters: Converters) -> Parameter:
    kind = "str" if found["converter"] is None else found["converter"]
    name = found["name"]
    if not name.isidentifier() or keyword.iskeyword(name):
        raise RoutingError(
            f"{name!r} in the route {text!r} can't be a parameter of a view", source=source, hint="Use a Python name."
        )
    if name == "request":
        raise RoutingError(
            f"the parameter 'request' of {text!r} would hide the request", source=source, hint="Choose another name."
        )
    if name in URL_OPTIONS:
        raise RoutingError(
            f"the parameter {name!r} of {text!r} is an option of url_for", source=source, hint="Choose another name."
        )
    if kind not in converters and name in converters:
        hint = f"Write <{name}:{kind}>: the converter comes first."
        raise RoutingError(f"{kind!r} in the route {text!r} is no converter", source=source, hint=hint)
    if kind not in converters:
        hint = (
            did_you_mean(kind, converters)
            or f"There are {', '.join(sorted(converters))}; CONVERTERS in settings adds more."
        )
        raise RoutingError(f"{kind!r} in the route {text!r} is no converter", source=source, hint=hint)
    arguments = found["arguments"]
    if arguments is None and converters[kind] in _BUILT_IN:
        return _plain_parameter(name, kind, converters[kind])
    made = make_converter(kind, converters[kind], arguments, source)
    return Parameter(name, kind, made, f"{kind}{normal_arguments(arguments)}")


def _check_parameters(route: Route) -> None:
    if len(route.slots) < 2:
        return
    for name in route.parameters:
        if route.parameters.count(name) > 1:
            raise RoutingError(
                f"the parameter {name!r} stands twice in {route.path!r}",
                source=route.source,
                hint="Rename one of them.",
            )
