"""The Python code of a project as the checks read it: each file is parsed once, and its names are resolved once."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType

from scaffold.application import Application
from scaffold.conf import find_project

__all__ = [
    "CONFIG",
    "FunctionNode",
    "Module",
    "Sources",
    "dotted",
    "is_own",
    "is_test",
    "own_nodes",
]

CONFIG = "config"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})


def is_own(path: str, root: Path) -> bool:
    """Say whether the file belongs to the project in ``root``; installed packages are their makers' business."""
    folder = f"{root}{os.sep}"
    return path.startswith(folder) and f"{os.sep}site-packages{os.sep}" not in path[len(folder) - 1 :]


def is_test(path: str, root: Path) -> bool:
    """Say whether the file is one of tests, which make mistakes on purpose."""
    *folders, name = Path(path).relative_to(root).parts
    return name.startswith("test_") or name == "conftest.py" or not _TEST_FOLDERS.isdisjoint(folders)


@dataclass
class Module:
    """One file of Python code; ``name`` is its dotted name, empty where nobody has asked for it by one."""

    file: Path
    name: str = ""
    is_package: bool = False

    @cached_property
    def text(self) -> str:
        """The code; empty for a file that can't be read, which is a finding of another check."""
        try:
            return self.file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed code; nothing at all for wrong syntax, which is a finding of another check."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError):
            return ast.Module([], [])

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, but for those that only say load or store."""
        return tuple(_spread([self.tree], ()))

    @cached_property
    def functions(self) -> dict[tuple[str, int], FunctionNode]:
        """The functions by name and first line, which is that of the first decorator as in a code object."""
        found = [node for node in self.nodes if isinstance(node, FunctionNode)]
        return {(node.name, min([node.lineno, *(item.lineno for item in node.decorator_list)])): node for node in found}

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each name that an import binds stands for; a name that something else binds as well is left out."""
        names: dict[str, str] = {}
        bound: set[str] = set()
        for node in self.nodes:
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                    bound.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    bound.add(name)
                case ast.Import(names=aliases):
                    names |= {item.asname: item.name for item in aliases if item.asname}
                    tops = [item.name.partition(".")[0] for item in aliases if not item.asname]
                    names |= dict(zip(tops, tops, strict=True))
                case ast.ImportFrom(names=aliases, module=base, level=0):
                    names |= {item.asname or item.name: f"{base}.{item.name}" for item in aliases}
        return {name: names[name] for name in names.keys() - bound}

    def resolve(self, node: ast.expr) -> str:
        """Return the dotted name that an expression such as ``time.sleep`` stands for by the imports, else ``""``."""
        written = dotted(node)
        first, dot, rest = written.partition(".")
        found = self.imported.get(first, "")
        return f"{found}{dot}{rest}" if found else ""


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for such an expression, and ``""`` for any other."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def own_nodes(function: FunctionNode) -> list[ast.AST]:
    """Return the nodes of a function's body, without those of the functions and classes inside of it."""
    return _spread(function.body, _SCOPES)


def _spread(nodes: Sequence[ast.AST], closed: tuple[type[ast.AST], ...]) -> list[ast.AST]:
    """Return ``nodes`` and all below them, but not what is below one of a ``closed`` class.

    It does the work of `ast.walk` in less than half of the time, which is most of what the checks of code take.
    """
    found = list(nodes)
    for node in found:
        if isinstance(node, closed):
            continue
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                found.append(value)
    return found


@dataclass
class Sources:
    """The code of an application, for one run of the checks."""

    app: Application
    _by_file: dict[str, Module] = field(default_factory=dict)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """The modules of the project's apps and of ``config``, by name, without tests; of a single file, those that
        hold its views.
        """
        root = self.app.root
        folders = [(item.package, item.folder) for item in self.app.discovery.found if is_own(str(item.folder), root)]
        if find_project(root) == root:
            folders.append((CONFIG, root / CONFIG))
        found = [module for package, folder in folders for module in self._walk(package, folder)]
        return tuple(found or self._modules_of_views())

    def of_file(self, file: str) -> Module:
        """Return the module in ``file``, parsed when it is first looked at."""
        module = self._by_file.get(file)
        if module is None:
            module = self._by_file[file] = Module(Path(file))
        return module

    def function(self, code: CodeType) -> tuple[Module, FunctionNode] | None:
        """Return the function that ``code`` was compiled from, with its module; None where that can't be told."""
        module = self.of_file(code.co_filename)
        node = module.functions.get((code.co_name, code.co_firstlineno))
        return (module, node) if node is not None else None

    def _walk(self, package: str, folder: Path) -> Iterator[Module]:
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name.isidentifier() and name not in _UNREAD)
            inner = Path(parent).relative_to(folder).parts
            for name in sorted(names):
                stem = name.removesuffix(".py")
                if stem == name or not stem.isidentifier() or stem.startswith("test_") or stem == "conftest":
                    continue
                module = self.of_file(os.path.join(parent, name))  # noqa: PTH118 - for each file of a project
                module.is_package = stem == "__init__"
                module.name = ".".join([package, *inner, *([] if module.is_package else [stem])])
                yield module

    def _modules_of_views(self) -> Iterator[Module]:
        files = {code.co_filename for route in self.app.routes if (code := getattr(route.view, "__code__", None))}
        for file in sorted(files):
            if is_own(file, self.app.root) and not is_test(file, self.app.root):
                yield self.of_file(file)


_UNREAD = _TEST_FOLDERS | {"__pycache__", "node_modules", "static", "templates"}
