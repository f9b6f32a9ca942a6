"""Do modules of different apps import each other in a circle?"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise

from scaffold.checks.finding import Finding
from scaffold.checks.source import Module, Sources

__all__ = ["check_imports"]

_Graph = Mapping[str, Mapping[str, int]]
"""The modules that each module imports when it is imported itself, with the line."""


def check_imports(sources: Sources) -> Iterator[Finding]:
    """Yield a warning for each circle of imports that leads through more than one app.

    What is imported inside of functions, or for type checkers alone, is no part of one.
    """
    modules = {module.name: module for module in sources.modules if module.name}
    packages = frozenset(found.package for found in sources.app.discovery.found)
    graph = _graph(modules, packages)
    for circle in _circles(graph):
        apps = {_app_of(name, packages) for name in circle}
        if len(apps) > 1:
            yield _finding(circle, graph, modules)


def _finding(circle: list[str], graph: _Graph, modules: Mapping[str, Module]) -> Finding:
    steps = [*circle, circle[0]]
    lines = [graph[here][there] for here, there in pairwise(steps)]
    places = [f"{modules[name].file}:{line}" for name, line in zip(circle, lines, strict=True)]
    shown = " -> ".join(f"{name} (line {line})" for name, line in zip(circle, lines, strict=True))
    message = f"apps import each other in a circle: {shown} -> {circle[0]}"
    hint = "Move what both need into a module of its own, or import it inside the function that needs it."
    return Finding("warning", "imports.circular", places[0], message, hint)


def _app_of(name: str, packages: Collection[str]) -> str:
    """Return the package of the app that a module belongs to, and an empty text for one of no app."""
    while name and name not in packages:
        name = name.rpartition(".")[0]
    return name


# --- the graph -------------------------------------------------------------------------------------------------------


def _graph(modules: Mapping[str, Module], packages: Collection[str]) -> _Graph:
    """Return the graph of the modules; an app that imports no other one is in no circle, and has no edges here."""
    tops = "|".join(sorted({re.escape(package.partition(".")[0]) for package in packages})) or "(?!)"
    leads_out = re.compile(rf"^[ \t]*(?:import|from)[ \t]+(?:\.\.|(?:{tops})\b)", re.MULTILINE)
    apps = {name: _app_of(name, packages) for name in modules}
    open_apps = {apps[name] for name, module in modules.items() if leads_out.search(module.text)}
    graph: dict[str, dict[str, int]] = {name: {} for name in modules}
    for name, module in modules.items():
        for node in _at_import(module.tree.body) if apps[name] in open_apps else ():
            for target in _targets(node, module, modules):
                if target != name:
                    graph[name].setdefault(target, node.lineno)
    return graph


def _at_import(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that run when the module is imported, in order."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and _is_for_type_checkers(node.test):
            yield from _at_import(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "handlers", "orelse", "finalbody"):
                for item in getattr(node, field, ()):
                    yield from _at_import(item.body if isinstance(item, ast.ExceptHandler) else [item])


def _is_for_type_checkers(test: ast.expr) -> bool:
    return getattr(test, "attr", getattr(test, "id", "")) == "TYPE_CHECKING"


def _targets(node: ast.Import | ast.ImportFrom, module: Module, modules: Mapping[str, Module]) -> Iterator[str]:
    """Yield the modules that an import statement runs: those named, and the packages around them."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = _base(node, module)
        # What is no module is a name inside of the base, which is among the packages around it.
        names = [f"{base}.{alias.name}" for alias in node.names] if base else []
    around = {name.rpartition(".")[0] for name in [module.name]} | {module.name}
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            target = ".".join(parts[:end])
            # The package around a module is being imported already when the module is.
            if target in modules and not (target in around or module.name.startswith(f"{target}.")):
                yield target


def _base(node: ast.ImportFrom, module: Module) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


# --- circles ---------------------------------------------------------------------------------------------------------


def _circles(graph: _Graph) -> Iterator[list[str]]:
    """Yield a shortest circle of each strongly connected part of the graph, from the first name on."""
    for part in _strong_parts(graph):
        if len(part) > 1:
            yield _shortest(graph, set(part), min(part))


def _shortest(graph: _Graph, part: set[str], start: str) -> list[str]:
    before: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for target in graph[name]:
            if target == start:
                circle = [name]
                while circle[-1] != start:
                    circle.append(before[circle[-1]])
                return circle[::-1]
            if target in part and target not in before:
                before[target] = name
                waiting.append(target)
    return [start]


def _strong_parts(graph: _Graph) -> Iterator[list[str]]:
    """Yield the strongly connected parts (Tarjan), without recursion: a chain of imports may be long."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in graph:
        waiting = [(root, iter(graph[root]))] if root not in index else []
        while waiting:
            name, targets = waiting[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                stack.append(name)
                on_stack.add(name)
            for target in targets:
                if target not in index:
                    waiting.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[name] = min(low[name], index[target])
            else:
                waiting.pop()
                if waiting:
                    low[waiting[-1][0]] = min(low[waiting[-1][0]], low[name])
                if low[name] == index[name]:
                    part = stack[stack.index(name) :] if stack[-1] != name else [name]
                    del stack[-len(part) :]
                    on_stack.difference_update(part)
                    yield part
