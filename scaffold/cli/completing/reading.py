"""Reading Python files without running them, and without the module ``ast``, whose import takes 6 ms."""

from __future__ import annotations

import _ast

__all__ = ["assigned", "constant", "function_head", "parsed", "texts"]


def parsed(file: str) -> _ast.Module:
    """Return the syntax tree of a file; an empty one for a file that can't be read or is no Python."""
    return _tree(_bytes(file)) or _ast.Module(body=[], type_ignores=[])


def function_head(file: str, name: str) -> _ast.Module:
    """Return the syntax tree of a file, or of no more than the head of its function ``name``, which is soon parsed."""
    source = _bytes(file)
    start = source.find(b"\ndef %s(" % name.encode())
    head = b"" if start < 0 else _head(source[start + 1 :])
    tree = _tree(head + b" ...") if head else None
    return tree or _tree(source) or _ast.Module(body=[], type_ignores=[])


def _head(source: bytes) -> bytes:
    """Return the lines up to the first that may end a head; what is no head fails to be parsed."""
    end = 0
    for line in source.splitlines(keepends=True):
        end += len(line)
        if line.rstrip().endswith(b":") and not line[:1].isspace():
            return source[:end].rstrip()
    return b""


def _tree(source: bytes) -> _ast.Module | None:
    try:
        tree = compile(source, "<completion>", "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, _ast.Module) else None


def _bytes(file: str) -> bytes:
    try:
        with open(file, "rb", buffering=0) as stream:
            return stream.read()
    except OSError:
        return b""


def assigned(tree: _ast.Module, name: str) -> _ast.expr | None:
    """Return what the module assigns to ``name``, or None when it does not."""
    for node in tree.body:
        match node:
            case _ast.Assign(targets=[_ast.Name(id=found)], value=value) if found == name:
                return value
            case _ast.AnnAssign(target=_ast.Name(id=found), value=value) if found == name:
                return value
    return None


def constant(node: _ast.expr | None) -> str:
    """Return the text that is written as ``node``; empty for anything else."""
    return node.value if isinstance(node, _ast.Constant) and isinstance(node.value, str) else ""


def texts(node: _ast.expr | None) -> list[str]:
    """Return the texts of a list or tuple that is written out."""
    items = node.elts if isinstance(node, _ast.List | _ast.Tuple) else []
    return [text for text in map(constant, items) if text]
