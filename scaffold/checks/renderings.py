"""Where Python code renders templates, and with which names."""

from __future__ import annotations

import ast
import inspect
import os
import re
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from scaffold.application import Application
from scaffold.checks.source import Module, Sources

__all__ = ["Rendering", "Renderings", "find_renderings", "names_of_processors"]

_FUNCTIONS = frozenset({"render", "stream_template"})
_METHODS = frozenset({"render", "stream_template", "stream", "render_block"})
_QUOTED = re.compile(r"""["']([^"'\n]+)(?=["'])""")
_LEFT_OUT = frozenset({"tests", "node_modules", "__pycache__"})
_ERROR_PAGE_NAMES = frozenset({"status", "reason", "detail"})


@dataclass(frozen=True, slots=True)
class Rendering:
    """A call that renders a template with these ``names``, or with None for those that nobody knows.

    ``is_whole`` says that it renders more than one block. ``source`` is empty for Scaffold's own error pages.
    """

    names: frozenset[str] | None
    source: str
    is_whole: bool = True


@dataclass
class Renderings:
    """The calls by the name of their template.

    ``unsure`` are templates that code names in another way as well. With ``is_complete`` False there are calls whose
    template is computed, or code that was not read.
    """

    by_template: defaultdict[str, list[Rendering]] = field(default_factory=lambda: defaultdict(list))
    unsure: set[str] = field(default_factory=set)
    is_complete: bool = True


def find_renderings(sources: Sources, templates: Collection[str]) -> Renderings:
    """Read all Python code of the project, its tests left out, for what it does with ``templates``."""
    app = sources.app
    found = Renderings()
    for name in templates:
        stem = name.removesuffix(".html")
        if stem != name and len(stem) == 3 and stem.isdigit():
            found.by_template[name].append(Rendering(_ERROR_PAGE_NAMES, ""))
    is_project = bool(app.discovery.found)
    files = {file for folder in _folders(app) for file in _python_files(folder)} if is_project else _view_files(app)
    found.is_complete = is_project
    known = frozenset(templates)
    for file in sorted(files):
        _read(sources.of_file(file), known, found)
    return found


def _folders(app: Application) -> list[str]:
    return [str(app.root), *(str(item.folder) for item in app.discovery.found)]


def _python_files(folder: str) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        is_environment = "pyvenv.cfg" in files
        folders[:] = [] if is_environment else [f for f in folders if f not in _LEFT_OUT and not f.startswith(".")]
        if not is_environment:
            yield from (f"{parent}{os.sep}{file}" for file in files if file.endswith(".py"))


def _view_files(app: Application) -> set[str]:
    codes = (getattr(inspect.unwrap(route.view), "__code__", None) for route in app.routes if route.name != "static")
    return {code.co_filename for code in codes if code is not None}


def _read(module: Module, templates: frozenset[str], found: Renderings) -> None:
    text = module.text
    if not ("render" in text or "stream" in text or not templates.isdisjoint(_QUOTED.findall(text))):
        return
    found.is_complete = found.is_complete and bool(module.tree.body)
    named = set()
    for node in module.nodes:
        literal = _template_of(node, found) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and literal is not None:
            named.add(literal)
            found.by_template[literal.value].append(_rendering(node, literal, f"{module.file}:{literal.lineno}"))
    constants = (node for node in module.nodes if isinstance(node, ast.Constant) and node not in named)
    found.unsure |= {node.value for node in constants if isinstance(node.value, str)} & templates


def _template_of(call: ast.Call, found: Renderings) -> Any:
    """Return the literal that names the template which ``call`` renders; None for another call, or a computed name."""
    match call.func:
        case ast.Name(id=name) if name in _FUNCTIONS:
            positions = call.args[1:2]
        case ast.Attribute(attr=name) if name in _METHODS:
            positions = call.args[:2]
        case _:
            return None
    given = [*positions, *(item.value for item in call.keywords if item.arg == "template")]
    literals = [item for item in given if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    if not literals and (given or any(item.arg is None for item in call.keywords)):
        found.is_complete = False
    return literals[0] if literals else None


def _rendering(call: ast.Call, literal: ast.Constant, source: str) -> Rendering:
    keywords = {item.arg: item.value for item in call.keywords}
    is_whole = "block" not in keywords and getattr(call.func, "attr", "") != "render_block"
    if None in keywords or any(isinstance(item, ast.Starred) for item in call.args):
        return Rendering(None, source, is_whole)
    behind = call.args[call.args.index(literal) + 1 :] if literal in call.args else []
    context = keywords.get("context", behind[0] if behind else None)
    return Rendering(_keys(context), source, is_whole)


def _keys(node: ast.expr | None) -> frozenset[str] | None:
    """Return the keys of a dict that is written there; None for one that is computed."""
    match node:
        case None | ast.Constant(value=None):
            return frozenset()
        case ast.Dict(keys=keys):
            names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            return frozenset(names) if len(names) == len(keys) else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            given = [item.arg for item in keywords if item.arg is not None]
            return frozenset(given) if len(given) == len(keywords) else None
    return None


def names_of_processors(functions: Collection[Any]) -> frozenset[str] | None:
    """Return the names that context processors give; None where one of them computes its names."""
    names: set[str] = set()
    for function in functions:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        except (OSError, TypeError, SyntaxError, ValueError):
            return None
        returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
        for node in returns:
            keys = _keys(node.value)
            if keys is None:
                return None
            names |= keys
        if not returns:
            return None
    return frozenset(names)
