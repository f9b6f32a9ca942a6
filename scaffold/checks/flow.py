"""May a function come to its end without a ``return``? Told by its code alone, in favour of the code where in doubt."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

__all__ = ["ends", "literal_methods"]

Ending = Callable[[ast.Call], bool]
"""Says whether a call never comes back, as that of ``abort`` does not."""


def ends(body: Sequence[ast.stmt], is_ending: Ending, methods: Iterable[str] = ()) -> bool:
    """Say whether the statements behind ``body`` are never reached.

    ``methods`` are those that ``request.method`` may be: an ``if`` for each of them leaves none over. A ``match``
    counts as complete, whatever its cases.
    """
    flow = _Flow(is_ending)
    return flow.ends(body, frozenset(methods))


def literal_methods(test: ast.expr) -> frozenset[str]:
    """Return the methods that a test such as ``request.method == "POST"`` is true for; none for any other test."""
    match test:
        case ast.Compare(
            left=ast.Attribute(attr="method"), ops=[ast.Eq()], comparators=[ast.Constant(value=str(method))]
        ):
            return frozenset({method})
        case ast.Compare(
            left=ast.Attribute(attr="method"),
            ops=[ast.In()],
            comparators=[ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items)],
        ):
            return frozenset(
                item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)
            )
    return frozenset()


class _Flow:
    def __init__(self, is_ending: Ending) -> None:
        self.is_ending = is_ending

    def ends(self, body: Sequence[ast.stmt], methods: frozenset[str]) -> bool:
        for statement in body:
            if self._statement_ends(statement, methods):
                return True
            if isinstance(statement, ast.If) and methods and self.ends(statement.body, methods):
                methods -= literal_methods(statement.test)
                if not methods:
                    return True
        return False

    def _statement_ends(self, node: ast.stmt, methods: frozenset[str]) -> bool:
        match node:
            case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
                return True
            case ast.Expr(value=value):
                call = value.value if isinstance(value, ast.Await) else value
                return isinstance(call, ast.Call) and self.is_ending(call)
            case ast.Assert(test=ast.Constant(value=value)):
                return not value
            case ast.If():
                return self._if_ends(node, methods)
            case ast.While(test=test):
                forever = isinstance(test, ast.Constant) and bool(test.value)
                return not _breaks(node.body) and (forever or self.ends(node.orelse, methods))
            case ast.For() | ast.AsyncFor():
                return not _breaks(node.body) and self.ends(node.orelse, methods)
            case ast.With() | ast.AsyncWith():
                return self.ends(node.body, methods) and not any(_suppresses(item) for item in node.items)
            case ast.Try() | ast.TryStar():
                return self._try_ends(node, methods)
            case ast.Match(cases=cases):
                return all(self.ends(case.body, methods) for case in cases)
        return False

    def _if_ends(self, node: ast.If, methods: frozenset[str]) -> bool:
        if isinstance(node.test, ast.Constant):
            return self.ends(node.body if node.test.value else node.orelse, methods)
        if not self.ends(node.body, methods):
            return False
        rest = methods - literal_methods(node.test)
        return bool(methods and not rest) or self.ends(node.orelse, rest)

    def _try_ends(self, node: ast.Try | ast.TryStar, methods: frozenset[str]) -> bool:
        if self.ends(node.finalbody, methods):
            return True
        if not all(self.ends(handler.body, methods) for handler in node.handlers):
            return False
        return self.ends(node.body, methods) or self.ends(node.orelse, methods)


def _suppresses(item: ast.withitem) -> bool:
    """Say whether this is ``with suppress(...)``, which goes on behind the block."""
    call = item.context_expr
    name = call.func if isinstance(call, ast.Call) else call
    return getattr(name, "attr", getattr(name, "id", "")) == "suppress"


def _breaks(body: Sequence[ast.stmt]) -> bool:
    """Say whether a loop of this body is left by a ``break`` of its own."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            waiting.extend(ast.iter_child_nodes(node))
    return False
