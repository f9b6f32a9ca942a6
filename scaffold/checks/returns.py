"""Does each view return something that an answer can be made of?"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from scaffold.checks.endpoints import Endpoint, Written
from scaffold.checks.finding import Finding
from scaffold.checks.flow import Ending, ends
from scaffold.checks.source import FunctionNode, Sources, own_nodes

__all__ = ["check_returns"]

_HINT = "Return a Response, a str (HTML), or a dict or list (JSON)."
_STREAM_HINT = "Return StreamingResponse(...) with the generator in it."
_WRONG = {
    ast.Set: "a set",
    ast.SetComp: "a set",
    ast.GeneratorExp: "a generator",
    ast.Lambda: "a function",
}
_NEVER = frozenset({"Never", "NoReturn"})
_EXITS = frozenset({"sys.exit", "posix._exit", "posix.abort", "nt._exit", "nt.abort"})


def check_returns(endpoints: Iterable[Endpoint], sources: Sources) -> Iterator[Finding]:
    """Yield an error for each ``return`` of a view that gives None or another thing that is no answer.

    A view that may come to its end without a ``return`` is a warning, and an error when it has none with a value.
    """
    calls = _Calls(sources)
    for endpoint in endpoints:
        written = endpoint.written(sources) if endpoint.answers else None
        if written is not None:
            yield from _check(endpoint, written, calls)


def _check(endpoint: Endpoint, written: Written, calls: _Calls) -> Iterator[Finding]:
    nodes = own_nodes(written.node)
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes):
        message = f"the view {endpoint.name} is a generator, which is no answer"
        yield Finding("error", "views.return", written.place, message, _STREAM_HINT)
        return
    returns = [node for node in nodes if isinstance(node, ast.Return)]
    for node in sorted(returns, key=lambda node: node.lineno):
        for value in _values(node.value):
            yield from _check_value(endpoint, value, f"{written.module.file}:{node.lineno}")
    if not ends(written.node.body, calls.endings(written.function, endpoint.owner), endpoint.methods):
        has_answer = any(node.value is not None for node in returns)
        message = f"the view {endpoint.name} {'may return' if has_answer else 'returns'} None: it ends without a return"
        yield Finding("warning" if has_answer else "error", "views.none", written.place, message, _HINT)


def _values(value: ast.expr | None) -> Iterator[ast.expr | None]:
    """Yield what a ``return`` may give: either side of a conditional expression."""
    if isinstance(value, ast.IfExp):
        yield from _values(value.body)
        yield from _values(value.orelse)
    else:
        yield value


def _check_value(endpoint: Endpoint, value: ast.expr | None, place: str) -> Iterator[Finding]:
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        yield Finding("error", "views.none", place, f"the view {endpoint.name} returns None", _HINT)
        return
    kind = _wrong_kind(value)
    if kind:
        message = f"the view {endpoint.name} returns {kind}, which is no answer"
        yield Finding("error", "views.return", place, message, _hint_for(value))


def _wrong_kind(value: ast.expr) -> str:
    if isinstance(value, ast.Tuple):
        return f"a tuple of {len(value.elts)}"
    if isinstance(value, ast.Constant) and not isinstance(value.value, str):
        return "bytes" if isinstance(value.value, bytes) else repr(value.value)
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return "True or False"
    # What == and its like give is up to the things compared; these operators give nothing else.
    if isinstance(value, ast.Compare) and isinstance(value.ops[-1], ast.Is | ast.IsNot | ast.In | ast.NotIn):
        return "True or False"
    return _WRONG.get(type(value), "")


def _hint_for(value: ast.expr) -> str:
    """Return what to write instead; an answer with a status behind it is how it is done elsewhere."""
    if isinstance(value, ast.Constant) and isinstance(value.value, bytes):
        return "Return Response(b'...', content_type='...')."
    if not isinstance(value, ast.Tuple) or not 2 <= len(value.elts) <= 3 or not _is_status(value.elts[1]):
        return _HINT
    body, status = value.elts[0], ast.unparse(value.elts[1])
    if isinstance(body, ast.Call):
        return f"Give the status to that call: {ast.unparse(body.func)}(..., status={status})."
    name = "JSONResponse" if isinstance(body, ast.Dict | ast.List) else "Response"
    shown = ast.unparse(body)
    return f"Return {name}({shown if len(shown) <= _SHOWN_CHARACTERS else '...'}, {status})."


_SHOWN_CHARACTERS = 40


def _is_status(node: ast.expr) -> bool:
    return not isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Set | ast.JoinedStr)


class _Calls:
    """Knows which functions never come back; what one does is found out once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[CodeType, bool] = {}

    def endings(self, function: Any, owner: type | None) -> Ending:
        """Return a function that says whether a call in the code of ``function`` never comes back."""
        names = _Names(function, owner)

        def is_ending(call: ast.Call) -> bool:
            is_known, found = names.find(call.func)
            return self._never_returns(found) if is_known else isinstance(call.func, ast.Name)

        return is_ending

    def _never_returns(self, function: Any) -> bool:
        name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
        if name in _EXITS or type(function).__name__ == "Quitter":
            return True
        if isinstance(function, type):
            return False
        function = inspect.unwrap(function) if hasattr(function, "__wrapped__") else function
        annotation = getattr(function, "__annotations__", {}).get("return")
        if str(annotation).rpartition(".")[2] in _NEVER:
            return True
        return isinstance(function, FunctionType) and self._always_raises(function)

    def _always_raises(self, function: FunctionType) -> bool:
        code = function.__code__
        if code not in self._known:
            self._known[code] = False  # for one that calls itself
            found = self._sources.function(code)
            self._known[code] = found is not None and self._raises(found[1], function)
        return self._known[code]

    def _raises(self, node: FunctionNode, function: FunctionType) -> bool:
        if any(isinstance(item, ast.Return | ast.Yield | ast.YieldFrom) for item in own_nodes(node)):
            return False
        return ends(node.body, self.endings(function, None))


class _Names:
    """What the names in the code of a function stand for, as far as that is known before it runs."""

    def __init__(self, function: Any, owner: type | None) -> None:
        self._function = function
        self._owner = owner or (type(function.__self__) if inspect.ismethod(function) else None)

    def find(self, node: ast.expr) -> tuple[bool, Any]:
        """Return whether it is known what an expression such as ``errors.refuse`` stands for, and that."""
        if isinstance(node, ast.Name):
            return self._find_name(node.id)
        if isinstance(node, ast.Attribute):
            is_known, holder = self.find(node.value)
            if is_known and isinstance(holder, ModuleType | type):
                found = inspect.getattr_static(holder, node.attr, None)
                return found is not None, getattr(found, "__func__", found)
        return False, None

    def _find_name(self, name: str) -> tuple[bool, Any]:
        code = getattr(self._function, "__code__", None)
        if not isinstance(code, CodeType):
            return False, None
        if self._owner is not None and code.co_argcount and name == code.co_varnames[0]:
            return True, self._owner
        if name in code.co_freevars:
            cell = self._function.__closure__[code.co_freevars.index(name)]
            return (True, cell.cell_contents) if _is_filled(cell) else (False, None)
        if name in code.co_varnames or name in code.co_cellvars:
            return False, None
        for names in (self._function.__globals__, vars(builtins)):
            if name in names:
                return True, names[name]
        return False, None


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty one raises
    except ValueError:
        return False
    return True
