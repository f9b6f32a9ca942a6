"""What the routes lead to: functions and methods of views, seen through their decorators."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, NamedTuple

from scaffold.checks.source import FunctionNode, Module, Sources, is_own, own_nodes
from scaffold.http import View
from scaffold.routing import Route

__all__ = ["Endpoint", "Written", "endpoints_of"]


class Written(NamedTuple):
    """A function as it is written: the module, the node, and the function itself."""

    module: Module
    node: FunctionNode
    function: Any

    @property
    def place(self) -> str:
        """``file:line`` of its ``def``."""
        return f"{self.module.file}:{self.node.lineno}"


@dataclass
class Endpoint:
    """One function that answers requests.

    ``layers`` are the functions that a call passes with the same arguments, the outermost decorator first; ``owner``
    is the class of a method. ``answers`` says whether what the innermost returns is what the application gets.
    """

    name: str
    layers: tuple[Callable[..., Any], ...]
    answers: bool
    owner: type | None = None
    routes: list[Route] = field(default_factory=list)
    methods: set[str] = field(default_factory=set)

    def written(self, sources: Sources) -> Written | None:
        """Return the innermost function's code, when it is the project's own and can be read."""
        function = self.layers[-1]
        code = getattr(function, "__code__", None)
        if not isinstance(code, CodeType) or not is_own(code.co_filename, sources.app.root):
            return None
        found = sources.function(code)
        return Written(*found, function) if found else None


def endpoints_of(sources: Sources) -> list[Endpoint]:
    """Return the endpoints of all routes, each once."""
    seeing = _Seeing(sources)
    found: dict[tuple[int, str], Endpoint] = {}
    for route in sources.app.routes:
        for method, name, function, owner in _functions(route):
            key = (id(route.view), method if owner else "")
            endpoint = found.get(key)
            if endpoint is None:
                endpoint = found[key] = Endpoint(name, *seeing.through(function), owner)
            endpoint.routes.append(route)
            endpoint.methods |= {method} if owner else route.methods
    return [*found.values()]


def _functions(route: Route) -> Iterator[tuple[str, str, Callable[..., Any], type | None]]:
    """Yield method, name, function and class; a class that has its own way of calling its methods is one function."""
    view = route.view
    if not (isinstance(view, type) and issubclass(view, View)):
        yield "", route.view_name, view, None
    elif _innermost(view.__call__) is View.__call__:
        for method in sorted(route.methods & set(view.view_methods)):
            yield method, f"{route.view_name}.{method.lower()}", getattr(view, method.lower()), view


def _innermost(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


class _Seeing:
    """Looks through decorators that hand on what they get; what one does is found out once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[CodeType, tuple[bool, bool]] = {}

    def through(self, function: Callable[..., Any]) -> tuple[tuple[Callable[..., Any], ...], bool]:
        """Return the layers of a function, and whether the innermost one's answer comes out."""
        layers, answers = [function], True
        while callable(inner := getattr(layers[-1], "__wrapped__", None)) and len(layers) < _MOST_LAYERS:
            arguments, result = self._hands_on(layers[-1])
            if not arguments:
                return tuple(layers), False
            answers = answers and result
            layers.append(inner)
        return tuple(layers), answers

    def _hands_on(self, wrapper: Any) -> tuple[bool, bool]:
        """Say whether a wrapper passes its arguments on as they are, and whether it returns the answer as it is."""
        code = getattr(wrapper, "__code__", None)
        if not isinstance(code, CodeType):
            return False, False
        if wrapper.__globals__.get("__name__", "").startswith("scaffold."):
            return True, True
        if code not in self._known:
            found = self._sources.function(code)
            self._known[code] = _passing(found[1]) if found else (False, False)
        return self._known[code]


_MOST_LAYERS = 50  # a function that is its own __wrapped__ has no end


def _passing(wrapper: FunctionNode) -> tuple[bool, bool]:
    nodes = own_nodes(wrapper)
    calls = [node for node in nodes if isinstance(node, ast.Call) and _is_same_call(node, wrapper.args)]
    if not calls or _changes_arguments(nodes, calls, wrapper.args):
        return False, False
    returned = {id(_awaited(node.value)) for node in nodes if isinstance(node, ast.Return)}
    return True, all(id(call) in returned for call in calls)


def _awaited(value: ast.expr | None) -> ast.expr | None:
    return value.value if isinstance(value, ast.Await) else value


def _is_same_call(call: ast.Call, arguments: ast.arguments) -> bool:
    """Say whether a call hands on all parameters of the function around it, and nothing else."""
    wanted = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg:
        wanted.append(f"*{arguments.vararg.arg}")
    given = [f"*{_name(item.value)}" if isinstance(item, ast.Starred) else _name(item) for item in call.args]
    named = {item.arg or "**": _name(item.value) for item in call.keywords}
    rest = {**dict.fromkeys(wanted[len(given) :]), **{item.arg: None for item in arguments.kwonlyargs}}
    if arguments.kwarg:
        named_kwarg = named.pop("**", "")
        if named_kwarg != arguments.kwarg.arg:
            return False
    return given == wanted[: len(given)] and set(rest) == set(named) and all(key == name for key, name in named.items())


def _changes_arguments(nodes: Iterable[ast.AST], calls: Iterable[ast.Call], arguments: ast.arguments) -> bool:
    """Say whether a wrapper binds one of its parameters again, or looks into its ``*args`` and ``**params``."""
    handed = {id(name) for call in calls for name in ast.walk(call)}
    packed = {item.arg for item in (arguments.vararg, arguments.kwarg) if item}
    single = {item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return any(
        node.id in packed or (node.id in single and not isinstance(node.ctx, ast.Load))
        for node in nodes
        if isinstance(node, ast.Name) and id(node) not in handed
    )


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
