"""What a project's code mentions: texts that may name templates and routes, and the functions that it refers to."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import nodes

from scaffold.application import Application
from scaffold.checks.source import Module, Sources, is_own, is_test
from scaffold.conf import find_project

__all__ = ["Mentions", "code_mentions", "dotted_module", "python_files", "references", "template_mentions"]

_FIELD = re.compile(r"%\([^)]*\)[sdr]|%[sdr]|\{[^{}]*\}")
_LEAST_LITERAL = 2  # letters that a computed text must have to stand for a name, else it would stand for all
_UNREAD = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass
class Mentions:
    """Texts as they are written, and patterns of those that are put together from a literal part and others."""

    texts: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)

    def among(self, names: Set[str]) -> set[str]:
        """Return those of ``names`` that some text is, or may become."""
        found = set(names & self.texts)
        if self.patterns:
            match = re.compile("|".join(sorted(self.patterns)), re.DOTALL).fullmatch
            found.update(name for name in names - found if match(name))
        return found

    def add(self, text: str) -> None:
        """Note a literal text, which may have places to be filled in (``"mail/%s.txt"``, ``"mail/{}.txt"``)."""
        self.texts.add(text)
        if _FIELD.search(text):
            self.add_pieces(_FIELD.split(text))

    def add_pieces(self, pieces: Iterable[str]) -> None:
        """Note a text that holds ``pieces``, with anything between them."""
        pieces = list(pieces)
        if sum(char.isalnum() for piece in pieces for char in piece) >= _LEAST_LITERAL:
            self.patterns.add(".*".join(map(re.escape, pieces)))

    def update(self, other: Mentions) -> None:
        """Note all of another's."""
        self.texts |= other.texts
        self.patterns |= other.patterns


def python_files(app: Application, sources: Sources) -> list[Module]:
    """Return the modules of the whole project, tests included; of a single file, those that declare its routes."""
    root = app.root
    if find_project(root) == root:
        return [sources.of_file(file) for file in _below(root, root / app.settings.STATIC_ROOT)]
    files = {route.source.rpartition(":")[0] for route in app.routes}
    return [sources.of_file(file) for file in sorted(files) if is_own(file, root)]


def _below(root: Path, collected: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_read(Path(parent, name), collected))
        yield from (str(Path(parent, name)) for name in sorted(names) if name.endswith(".py"))


def _is_read(folder: Path, collected: Path) -> bool:
    is_out = folder.name.startswith(".") or folder.name in _UNREAD or folder == collected
    return not is_out and not (folder / "pyvenv.cfg").exists()


def code_mentions(modules: Iterable[Module]) -> Mentions:
    """Return the texts in Python code, but for those that declare a name or a template themselves."""
    mentions = Mentions()
    for module in modules:
        declared = {id(item) for node in module.nodes if isinstance(node, ast.Call) for item in _declared(node)}
        for node in module.nodes:
            match node:
                case ast.Constant(value=str(text)) if id(node) not in declared:
                    mentions.add(text)
                case ast.JoinedStr():
                    mentions.add_pieces(_pieces(node))
                case ast.BinOp(op=ast.Add()):
                    mentions.add_pieces(_pieces(node))
    return mentions


def _declared(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the texts in a call that give a name to a route, or a text to a template."""
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    for keyword in call.keywords:
        if keyword.arg == "name" and called in {"mount", "path", "route"}:
            yield keyword.value
        elif keyword.arg == "templates" and isinstance(keyword.value, ast.Dict):
            yield from (key for key in keyword.value.keys if key is not None)


def _pieces(node: ast.expr) -> list[str]:
    """Return the literal parts of an expression, with one cut wherever something else stands between them."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return _joined(map(_pieces, values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([_pieces(left), _pieces(right)])
    return ["", ""]


def _joined(parts: Iterable[list[str]]) -> list[str]:
    pieces = [""]
    for first, *rest in parts:
        pieces[-1] += first
        pieces += rest
    return pieces


def template_mentions(tree: nodes.Template) -> Mentions:
    """Return the texts in the expressions of a template."""
    mentions = Mentions()
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str):
            mentions.add(constant.value)
    for sum_ in tree.find_all(nodes.Add):
        mentions.add_pieces(_template_pieces(sum_))
    for concat in tree.find_all(nodes.Concat):
        mentions.add_pieces(_template_pieces(concat))
    return mentions


def _template_pieces(node: nodes.Expr) -> list[str]:
    match node:
        case nodes.Const(value=str(text)):
            return [text]
        case nodes.Add(left=left, right=right):
            return _joined([_template_pieces(left), _template_pieces(right)])
        case nodes.Concat(nodes=parts):
            return _joined(map(_template_pieces, parts))
    return ["", ""]


def references(modules: Iterable[Module], root: Path) -> set[str]:
    """Return the dotted names that code outside of tests refers to; a module with ``*`` behind it for all of its."""
    found: set[str] = set()
    for module in modules:
        if is_test(str(module.file), root):
            continue
        name = dotted_module(module.file, root)
        imported = dict(_imports(module, name))
        found |= {target for target in imported.values() if target.endswith(".*")}
        for node in module.nodes:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                first, dot, rest = _dotted(node).partition(".")
                found.add(f"{imported.get(first, f'{name}.{first}')}{dot}{rest}")
    return found


def dotted_module(file: Path, root: Path) -> str:
    """Return the name by which the project imports a file."""
    parts = file.relative_to(root).with_suffix("").parts if file.is_relative_to(root) else (file.stem,)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(module: Module, name: str) -> Iterator[tuple[str, str]]:
    """Yield what each imported name stands for."""
    package = name.split(".") if module.file.name == "__init__.py" else name.split(".")[:-1]
    for node in module.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            outer = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*outer, *filter(None, [node.module])])
            for alias in node.names:
                yield alias.asname or alias.name, f"{base}.{alias.name}"


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
