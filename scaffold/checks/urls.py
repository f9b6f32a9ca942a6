"""Is there each route, each template and each static file that Python code names by a literal text?"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any, NamedTuple

from scaffold.application import Application
from scaffold.checks.finding import Finding, Level
from scaffold.checks.fixes import literal_fix, only_near
from scaffold.checks.source import Module, Sources, dotted
from scaffold.exceptions import ReverseError, did_you_mean
from scaffold.staticfiles.finding import walk

__all__ = ["Names", "check_names", "nearest_route"]

MOST_SUGGESTIONS = 20
"""How many wrong names get the nearest right one: with thousands of names, each search takes a tenth of a second."""

MOST_NAMESAKES = 3

_NOTHING_NEAR = {
    "urls.unknown": "The command 'scaffold routes' lists the names.",
    "templates.missing": "Make the file, or mend the name.",
    "static.missing": "Add the file, or mend the name.",
}
_WORTH_A_LOOK = re.compile(r"\b(?:url_for|static|render|stream|stream_template)\b")
_SHORTCUTS = {
    f"{home}.{name}": name
    for home in ("scaffold", "scaffold.shortcuts")
    for name in ("url_for", "render", "stream_template")
}
_METHODS = {"url_for": "url_for", "static": "static", "render": "app.render", "stream": "app.render"}
_NAMES = frozenset({*_METHODS, *_SHORTCUTS.values()})
_HOLDERS = frozenset({"app", "application", "request"})

# Where the name of a template stands among the arguments.
_TEMPLATE_AT = {"render": 1, "stream_template": 1, "app.render": 0}


class Names:
    """What may be named in an application, each kind collected once."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._suggestions = 0
        self.failed = frozenset(item.name for item in app.failed)
        """The apps that can't be loaded: what they would name is not looked for."""

    @cached_property
    def routes(self) -> Mapping[str, list[frozenset[str]]]:
        """The sets of parameters that there are for each name of a route."""
        found: dict[str, list[frozenset[str]]] = {}
        for route in self._app.routes:
            if route.name:
                found.setdefault(route.name, []).append(frozenset(route.parameters))
        return found

    @cached_property
    def templates(self) -> frozenset[str]:
        """The names of all templates."""
        return frozenset(self._app.templates.names())

    @cached_property
    def static_files(self) -> frozenset[str]:
        """The paths of all static files."""
        return frozenset(name for folder in self._app.static_files.folders for name, _ in walk(folder))

    def has_template(self, name: str) -> bool:
        """Say whether there is such a template."""
        return name in self.templates or self._app.templates.has(name)

    def has_static_file(self, path: str) -> bool:
        """Say whether there is such a static file; one that only a link leads to is asked for by itself."""
        return path in self.static_files or self._app.static_files.find(path) is not None

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """Return ``"Did you mean 'x'?"``, or an empty text."""
        self._suggestions += 1
        return did_you_mean(word, known) if self._suggestions <= MOST_SUGGESTIONS else ""


def check_names(sources: Sources) -> Iterator[Finding]:
    """Yield a finding for each literal name in the project's code that stands for nothing.

    Names of routes are looked at in ``url_for``, with the parameters where all are written out; templates in
    ``render`` and its like, static files in ``static``. A module that makes applications of its own is left out: the
    names may be theirs.
    """
    names = Names(sources.app)
    for module in sources.modules:
        if _WORTH_A_LOOK.search(module.text) and not _makes_others(module, sources.app):
            calls = [node for node in module.nodes if isinstance(node, ast.Call)]
            for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
                yield from _check_call(call, module, names, sources.app)


def _makes_others(module: Module, app: Application) -> bool:
    """Say whether a module makes applications besides ``app``, which a single file makes itself."""
    made = module.text.count("Application(")
    return made > (0 if app.discovery.found else 1)


def _check_call(call: ast.Call, module: Module, names: Names, app: Application) -> Iterator[Finding]:
    kind = _kind(call.func, module)
    if kind == "url_for":
        yield from _check_url(call, module, names, app)
    elif kind == "static":
        given = _literal(call, 0, "path")
        if given and not names.has_static_file(given.value):
            message = f"there is no static file {given.value!r}"
            yield _misnamed("static.missing", given, module, message, names, names.static_files)
    elif kind:
        given = _literal(call, _TEMPLATE_AT[kind], "template")
        if given and not names.has_template(given.value):
            message = f"there is no template {given.value!r}"
            yield _misnamed("templates.missing", given, module, message, names, names.templates)


def _misnamed(
    kind: str, given: _Literal, module: Module, message: str, names: Names, known: Collection[str]
) -> Finding:
    level: Level = "warning" if kind == "static.missing" else "error"
    hint, fix = _NOTHING_NEAR[kind], None
    if nearest := names.nearest(given.value, known):
        hint, fix = nearest, literal_fix(str(module.file), given.line, given.value, only_near(given.value, known))
    return Finding(level, kind, f"{module.file}:{given.line}", message, hint, fix)


def _kind(function: ast.expr, module: Module) -> str:
    """Return what a call is about: a shortcut by its import, a method by the name of what holds it."""
    if isinstance(function, ast.Name):
        return _SHORTCUTS.get(module.imported.get(function.id, ""), "")
    if not isinstance(function, ast.Attribute) or function.attr not in _NAMES:
        return ""
    if found := _SHORTCUTS.get(module.resolve(function)):
        return found
    if function.attr not in _METHODS:
        return ""
    holder = dotted(function.value).rpartition(".")[2]
    if holder not in _HOLDERS or module.resolve(function.value).startswith(_FOREIGN):
        return ""
    kind = _METHODS[function.attr]
    return "" if kind == "app.render" and holder == "request" else kind


_FOREIGN = ("flask", "django", "bottle", "starlette", "fastapi")


class _Literal(NamedTuple):
    """A text that stands in the code, and the line."""

    value: str
    line: int


def _literal(call: ast.Call, position: int, keyword: str) -> _Literal | None:
    """Return the text at a position, or by a keyword; None for what is computed."""
    if any(isinstance(item, ast.Starred) for item in call.args[: position + 1]):
        return None
    given = [item.value for item in call.keywords if item.arg == keyword]
    if len(call.args) > position:
        given = [call.args[position]]
    node = given[0] if given else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _Literal(node.value, node.lineno)
    return None


def _check_url(call: ast.Call, module: Module, names: Names, app: Application) -> Iterator[Finding]:
    given = _literal(call, 0, "")
    if given is None or given.value.partition(":")[0] in names.failed:
        return
    variants = names.routes.get(given.value)
    if variants is None:
        written = {item.arg for item in call.keywords}
        yield _unknown(given, module, names, {item for item in written if item is None or not item.startswith("_")})
        return
    keywords = {item.arg for item in call.keywords if item.arg}
    # What begins with an underscore says how to write the URL, unless a route has it as a parameter.
    values = frozenset(item for item in keywords if not item.startswith("_") or any(item in one for one in variants))
    is_open = any(item.arg is None for item in call.keywords)  # **values
    if is_open and any(values <= variant for variant in variants):
        return
    literals = {item.arg: item.value.value for item in call.keywords if isinstance(item.value, ast.Constant)}
    if values not in variants:
        cause, hint = _fault(given.value, values, app)
    elif not is_open and values <= literals.keys():
        cause, hint = _refusal(given.value, {key: literals[key] for key in values}, app)
    else:
        return
    if cause:
        yield Finding("error", "urls.parameters", f"{module.file}:{call.lineno}", cause, hint)


def _refusal(name: str, values: Mapping[str, Any], app: Application) -> tuple[str, str]:
    """Return why the route refuses values that are all written out; empty texts when it takes them."""
    try:
        app.url_for(name, **values)
    except ReverseError as error:
        return error.cause, error.hint
    return "", ""


def _unknown(given: _Literal, module: Module, names: Names, values: AbstractSet[str | None]) -> Finding:
    """Return the finding for an unknown route; one that only lacks its namespace is certain to be meant.

    It is mended where the route that is meant takes the ``values``.
    """
    namesakes = [known for known in names.routes if known.endswith(f":{given.value}")]
    hint = nearest_route(given.value, names)
    near = namesakes[0] if len(namesakes) == 1 else only_near(given.value, names.routes) if hint else None
    is_fitting = near is not None and values in names.routes[near]
    fix = literal_fix(str(module.file), given.line, given.value, near) if is_fitting else None
    message, hint = f"no route is named {given.value!r}", hint or _NOTHING_NEAR["urls.unknown"]
    return Finding("error", "urls.unknown", f"{module.file}:{given.line}", message, hint, fix)


def nearest_route(name: str, names: Names) -> str:
    """Return the names that only lack their namespace in ``name``, else the nearest one."""
    namesakes = [known for known in names.routes if known.endswith(f":{name}")]
    if namesakes:
        return f"Did you mean {' or '.join(map(repr, sorted(namesakes)[:MOST_NAMESAKES]))}?"
    return names.nearest(name, names.routes)


def _fault(name: str, values: Iterable[str], app: Application) -> tuple[str, str]:
    """Return the words that `Application.url_for` has for the same mistake."""
    try:
        app.url_for(name, **dict.fromkeys(sorted(values), 0))
    except ReverseError as error:
        return error.cause, error.hint
    return f"the URL of {name!r} can't be made of {', '.join(sorted(values)) or 'nothing'}", "Give its parameters."
