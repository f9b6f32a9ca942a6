"""What a project writes in its ``urls.py``: ``path()`` and ``include()``, and the routes they become."""

from __future__ import annotations

import importlib
import keyword
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import FrameType
from typing import Any

from scaffold.exceptions import RoutingError, did_you_mean
from scaffold.routing.converters import BUILT_IN, Converter

__all__ = ["Include", "Parameter", "Route", "Segment", "UrlPattern", "compile_patterns", "include", "path"]

View = Callable[..., Any]
Converters = Mapping[str, type[Converter[Any]]]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_PARAMETER = re.compile(r"<(?:(?P<converter>[^<>:]*):)?(?P<name>[^<>:]*)>")


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


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named place in a path, such as ``<int:id>``."""

    name: str
    kind: str
    converter: Converter[Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: texts and parameters in turn (``"v<int:major>"`` is a text and a parameter)."""

    parts: tuple[str | Parameter, ...]

    @property
    def literal(self) -> str | None:
        """The text of a segment without parameters, else None."""
        if not self.parts:
            return ""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, str) else None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, from left to right."""
        return tuple(part for part in self.parts if isinstance(part, Parameter))

    @property
    def spans(self) -> bool:
        """Whether the segment stands for several, as ``<path:rest>`` does."""
        return any(parameter.converter.spans_segments for parameter in self.parameters)

    @property
    def shape(self) -> str:
        """The segment without the names of its parameters: two of one shape match the same texts."""
        return "".join(part if isinstance(part, str) else f"<{part.kind}>" for part in self.parts)


@dataclass(frozen=True, eq=False)
class Route:
    """A whole path from the root with the view behind it.

    ``path`` begins with a slash (``"/blog/<int:id>/"``), ``name`` holds its namespace (``"blog:detail"``, or empty),
    ``app`` is the name of the app it belongs to, and ``source`` is the ``file:line`` where it was written.
    """

    path: str
    view: View
    name: str
    methods: frozenset[str]
    source: str
    segments: tuple[Segment, ...]
    app: str = ""

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, from left to right."""
        return tuple(parameter.name for segment in self.segments for parameter in segment.parameters)

    @cached_property
    def view_name(self) -> str:
        """The view's dotted name, as a reader would import it."""
        return dotted_name(self.view)


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
    source = caller(sys._getframe(1))
    if isinstance(target, str):
        patterns = getattr(importlib.import_module(target), "urlpatterns", None)
        if patterns is None:
            raise RoutingError(
                f"include({target!r}): the module has no urlpatterns", source=source, hint="Add urlpatterns = [...]."
            )
    else:
        patterns = target
    return Include(checked_patterns(patterns, source), namespace)


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
    route: str, view: View | Include, *, name: str, methods: Iterable[str] | None, source: str
) -> UrlPattern:
    """Do the work of `path` for a known ``source``."""
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
    return UrlPattern(route, view, name, _checked_methods(methods, view, source), source)


def _checked_methods(methods: Iterable[str] | None, view: View | Include, source: str) -> frozenset[str]:
    if methods is None:
        methods = getattr(view, "view_methods", ("GET",))
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
) -> Iterator[Route]:
    """Yield a `Route` for each pattern and each one included, in the order written.

    ``prefix`` is put before every path and ``namespace:`` before every name. Raises `RoutingError` with the place of
    the pattern for a syntax error, an unknown converter, or a parameter named twice.
    """
    for pattern in patterns:
        text = prefix + pattern.text
        if isinstance(pattern.target, Include):
            yield from compile_patterns(
                pattern.target.patterns,
                prefix=text,
                namespace=":".join(filter(None, (namespace, pattern.target.namespace))),
                app=app,
                converters=converters,
            )
            continue
        name = f"{namespace}:{pattern.name}" if namespace and pattern.name else pattern.name
        segments = tuple(_parse_segments(text, pattern.source, converters))
        route = Route("/" + text, pattern.target, name, pattern.methods, pattern.source, segments, app)
        _check_parameters(route)
        yield route


def _parse_segments(text: str, source: str, converters: Converters) -> Iterator[Segment]:
    pieces = text.split("/")
    for index, piece in enumerate(pieces):
        if piece == "" and index < len(pieces) - 1:
            raise RoutingError(
                f"the route {text!r} holds an empty segment", source=source, hint="Drop one of the slashes."
            )
        if piece in {".", ".."} or re.search(r"[?#\s\x00-\x1f\x7f\\]", piece):
            raise RoutingError(
                f"{piece!r} can't stand in the route {text!r}",
                source=source,
                hint="A path holds no '.', '..', '?', '#', backslash or white space; read a query with request.query.",
            )
        yield _parse_segment(piece, text, source, converters)


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
    segment = Segment(tuple(parts))
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
    if kind not in converters and name in converters:
        hint = f"Write <{name}:{kind}>: the converter comes first."
        raise RoutingError(f"{kind!r} in the route {text!r} is no converter", source=source, hint=hint)
    if kind not in converters:
        hint = (
            did_you_mean(kind, converters)
            or f"There are {', '.join(sorted(converters))}; CONVERTERS in settings adds more."
        )
        raise RoutingError(f"{kind!r} in the route {text!r} is no converter", source=source, hint=hint)
    return Parameter(name, kind, converters[kind]())


def _check_parameters(route: Route) -> None:
    for name in route.parameters:
        if route.parameters.count(name) > 1:
            raise RoutingError(
                f"the parameter {name!r} stands twice in {route.path!r}",
                source=route.source,
                hint="Rename one of them.",
            )
