"""Does each view take the parameters of its route, as what the route gives them?"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import UnionType
from typing import Any

from scaffold.application import Application
from scaffold.checks.endpoints import Endpoint, endpoints_of
from scaffold.checks.finding import Finding
from scaffold.checks.source import Sources
from scaffold.routing import Converter, Parameter, Route

__all__ = ["check_annotations", "check_parameters", "check_views"]

_WIDER: Mapping[type, tuple[type, ...]] = {int: (float, complex), float: (complex,)}  # PEP 484, the numeric tower


def check_views(app: Application) -> Iterator[Finding]:
    """Yield an error for each view that can't be called with the request and its route's parameters.

    One whose annotations contradict what the route gives is a warning.
    """
    sources = Sources(app)
    endpoints = endpoints_of(sources)
    yield from check_parameters(endpoints)
    yield from check_annotations(endpoints, sources)


# --- what it takes ---------------------------------------------------------------------------------------------------


def check_parameters(endpoints: Iterable[Endpoint]) -> Iterator[Finding]:
    """Yield an error for each view that can't be called with the request and its route's parameters."""
    for endpoint in endpoints:
        for route in endpoint.routes:
            reason = _mismatch(endpoint, route.parameters)
            if reason:
                yield Finding(
                    "error",
                    "views.parameters",
                    route.source,
                    f"the view {endpoint.name} of {route.path} can't be called: {reason}",
                    f"Make it take (request{''.join(f', {parameter}' for parameter in route.parameters)}).",
                )


def _mismatch(endpoint: Endpoint, parameters: tuple[str, ...]) -> str:
    """Say why the view can't be called with a request and ``parameters``; empty when it can, or when nobody knows."""
    for function in endpoint.layers:
        bound = function.__get__(object()) if endpoint.owner and hasattr(function, "__get__") else function
        try:
            signature = inspect.signature(bound, follow_wrapped=False)
        except (ValueError, TypeError):
            continue
        try:
            signature.bind(None, **dict.fromkeys(parameters))
        except TypeError as error:
            return str(error)
    return ""


# --- as what it takes it ---------------------------------------------------------------------------------------------


def check_annotations(endpoints: Iterable[Endpoint], sources: Sources) -> Iterator[Finding]:
    """Yield a warning for each parameter of a view whose annotation contradicts what the route's converter gives."""
    kinds: dict[type, type | None] = {}
    for endpoint in endpoints:
        function = endpoint.layers[-1]
        # A decorator that does not hand on what it gets has the annotations of what it wraps, and not its own.
        annotations = {} if hasattr(function, "__wrapped__") else getattr(function, "__annotations__", {})
        for route in endpoint.routes if annotations else ():
            for parameter in _parameters(route):
                converter = type(parameter.converter)
                if parameter.name not in annotations:
                    continue
                if converter not in kinds:
                    kinds[converter] = _value_type(converter)
                given = kinds[converter]
                wanted = _evaluated(annotations[parameter.name], function)
                if given is not None and not _fits(given, wanted):
                    place = _place_of(endpoint, parameter.name, sources) or route.source
                    yield _contradiction(endpoint, route, parameter, given, wanted, place)


def _contradiction(
    endpoint: Endpoint, route: Route, parameter: Parameter, given: type, wanted: object, place: str
) -> Finding:
    shown = wanted.__name__ if isinstance(wanted, type) else str(wanted)
    message = (
        f"the view {endpoint.name} takes {parameter.name} as {shown}, "
        f"but <{parameter.kind}:{parameter.name}> of {route.path} gives {given.__name__}"
    )
    hint = f"Write {parameter.name}: {given.__name__}, or change the converter at {route.source}."
    return Finding("warning", "views.annotation", place, message, hint)


def _parameters(route: Route) -> Iterator[Parameter]:
    for segment in route.segments:
        yield from segment.parameters


def _place_of(endpoint: Endpoint, parameter: str, sources: Sources) -> str:
    written = endpoint.written(sources)
    if written is None:
        return ""
    arguments = written.node.args
    lines = [
        item.lineno
        for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if item.arg == parameter
    ]
    return f"{written.module.file}:{lines[0]}" if lines else written.place


def _value_type(converter: type[Converter[Any]]) -> type | None:
    """Return the class of the values that a converter gives, None where it does not say."""
    try:
        found = typing.get_type_hints(converter.to_python).get("return")
    except Exception:  # annotations of a project's own may raise whatever they like
        return None
    return found if isinstance(found, type) and found is not object else None


def _evaluated(annotation: object, function: Callable[..., Any]) -> object:
    """Return what an annotation stands for; `Any` for a text that can't be evaluated here."""
    if not isinstance(annotation, str):
        return annotation
    holder = type("Holder", (), {"__annotations__": {"value": annotation}})
    try:
        return typing.get_type_hints(holder, getattr(function, "__globals__", {}))["value"]
    except Exception:  # a name for type checkers alone, or whatever else an annotation may be
        return Any


def _fits(given: type, wanted: Any) -> bool:
    """Say whether a value of the class ``given`` may be what the annotation ``wanted`` says; True where in doubt."""
    origin = typing.get_origin(wanted)
    if origin is typing.Annotated:
        return _fits(given, wanted.__origin__)
    if origin in {typing.Union, UnionType}:
        return any(_fits(given, item) for item in typing.get_args(wanted))
    if origin is typing.Literal:
        return any(isinstance(item, given) for item in typing.get_args(wanted))
    if hasattr(wanted, "__supertype__"):  # a NewType
        return _fits(given, wanted.__supertype__)
    kind = origin or wanted
    if not isinstance(kind, type) or kind is Any or getattr(kind, "_is_protocol", False):
        return True
    try:
        return kind in _WIDER.get(given, ()) or issubclass(given, kind)
    except TypeError:
        return True
