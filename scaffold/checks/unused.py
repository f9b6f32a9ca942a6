"""What a project has and nothing uses: views no route reaches, names and templates that nothing refers to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scaffold.application import Application
from scaffold.checks.mentions import (
    Mentions,
    code_mentions,
    dotted_module,
    python_files,
    references,
    template_mentions,
)
from scaffold.checks.source import Module, Sources, is_own, is_test
from scaffold.checks.template_files import TemplateFiles
from scaffold.conf import find_project

__all__ = ["Unused", "find_unused"]

_STATUS_PAGE = re.compile(r"[45][0-9]{2}\.html")
_REQUEST = frozenset({"request", "_request"})


@dataclass(frozen=True, slots=True)
class Unused:
    """A view, a route's name or a template without a use; ``source`` is its place."""

    kind: Literal["view", "name", "template"]
    name: str
    source: str
    reason: str


def find_unused(app: Application) -> list[Unused]:
    """Return what nothing in the project uses, by its code and its templates alone; nothing is called for that.

    A text counts as a use of what it names, wherever it stands, and so does one that is put together and may become
    it. What belongs to installed packages is theirs.
    """
    modules = python_files(app, Sources(app))
    code = code_mentions(modules)
    files = TemplateFiles(app)
    templates = {name: template_mentions(template.tree) for name, template in files.by_name.items()}
    return [
        *_unreached_views(app, modules),
        *_unused_names(app, [code, *templates.values()]),
        *_unused_templates(app, files, code, templates),
    ]


def _unreached_views(app: Application, modules: Iterable[Module]) -> Iterator[Unused]:
    modules = list(modules)
    routed = {route.view_name for route in app.routes}
    used = references(modules, app.root)
    is_project = find_project(app.root) == app.root
    known = routed | used | {text for module in modules for text in _dotted_texts(module)}
    for module in modules:
        name = dotted_module(module.file, app.root)
        if is_test(str(module.file), app.root) or (is_project and "views" not in name.split(".")):
            continue
        for node in _views(module) if f"{name}.*" not in used else ():
            dotted = f"{name}.{node.name}"
            if dotted not in known and not _is_registered(node):
                place = f"{module.file}:{node.lineno}"
                yield Unused("view", dotted, place, "no route leads to it, and no code uses it")


def _views(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the public functions of a module that take a request, and its views that are classes."""
    for node in module.tree.body:
        match node:
            case ast.FunctionDef(name=name, args=args) | ast.AsyncFunctionDef(name=name, args=args):
                first = [*args.posonlyargs, *args.args][:1]
                if not name.startswith("_") and first and first[0].arg in _REQUEST:
                    yield node
            case ast.ClassDef(name=name, bases=bases):
                if not name.startswith("_") and any(_last(base).endswith("View") for base in bases):
                    yield node


def _is_registered(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Say whether a decorator such as ``@app.route(...)`` or ``@app.error_handler(404)`` passes it on."""
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr in {"command", "connect", "error_handler", "route"}:
            return True
    return False


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _dotted_texts(module: Module) -> Iterator[str]:
    """Yield the texts that may be dotted names, as settings name handlers."""
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value.replace(":", ".")


def _unused_names(app: Application, mentions: Iterable[Mentions]) -> Iterator[Unused]:
    every = Mentions()
    for item in mentions:
        every.update(item)
    sources: dict[str, str] = {}
    for route in app.routes:
        if route.name and is_own(route.source, app.root):
            sources.setdefault(route.name, route.source)
    used = every.among(sources.keys())
    for name, source in sources.items():
        if name not in used:
            yield Unused("name", name, source, "no code and no template mentions it")


def _unused_templates(
    app: Application, files: TemplateFiles, code: Mentions, templates: dict[str, Mentions]
) -> Iterator[Unused]:
    """Yield the templates that neither code nor a template in use refers to.

    Pages for a status are in use, and so are the templates of installed packages.
    """
    foreign = {name for name, template in files.by_name.items() if not _is_ours(template.file, name, app.root)}
    used = foreign | {name for name in templates if _STATUS_PAGE.fullmatch(name)} | code.among(templates.keys())
    waiting = [*used]
    while waiting:
        found = templates[waiting.pop()].among(templates.keys() - used)
        used |= found
        waiting += found
    unused = templates.keys() - used
    for name in sorted(unused):
        is_named = any(templates[other].among({name}) for other in unused - {name})
        reason = "only templates without a use refer to it" if is_named else "no code and no template refers to it"
        yield Unused("template", name, files.by_name[name].file, reason)


def _is_ours(file: str, name: str, root: Path) -> bool:
    return file == name or is_own(file, root)
