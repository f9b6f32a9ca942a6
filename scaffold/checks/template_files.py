"""The templates of a project, each read and parsed once for all checks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError, nodes

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.templating import Templates

__all__ = ["TemplateFile", "TemplateFiles", "literal_names"]


_GUARDS = frozenset({"default", "d"})


@dataclass(frozen=True)
class TemplateFile:
    """A template that can be compiled; ``file`` is its name where it is a text without a file."""

    name: str
    file: str
    text: str
    tree: nodes.Template

    def place(self, line: int) -> str:
        """Return ``file:line``."""
        return f"{self.file}:{line}"

    @cached_property
    def all_nodes(self) -> tuple[nodes.Node, ...]:
        """All nodes of the tree."""
        return tuple(self.tree.find_all(nodes.Node))

    @cached_property
    def extends(self) -> tuple[nodes.Extends, ...]:
        """The statements that name a template which this one extends."""
        return tuple(node for node in self.all_nodes if isinstance(node, nodes.Extends))

    @cached_property
    def blocks(self) -> tuple[nodes.Block, ...]:
        """The blocks, also those inside of others."""
        return tuple(node for node in self.all_nodes if isinstance(node, nodes.Block))

    @cached_property
    def stored(self) -> frozenset[str]:
        """The names that the template gives a value itself, anywhere: set, for, with, macro, import, parameters."""
        return frozenset(_stored(self.all_nodes))

    @cached_property
    def guarded(self) -> frozenset[str]:
        """The names that the template asks for before it reads them, or has a default for."""
        guards = (
            node.node
            for node in self.all_nodes
            if isinstance(node, nodes.Test) or (isinstance(node, nodes.Filter) and node.name in _GUARDS)
        )
        return frozenset(node.name for node in guards if isinstance(node, nodes.Name))


class TemplateFiles:
    """All templates of ``app`` by name, and what is wrong with those that can't be read or compiled."""

    def __init__(self, app: Application) -> None:
        self.by_name: dict[str, TemplateFile] = {}
        self.findings: list[Finding] = []
        self.environment = app.templates.environment
        files = _files_of(app.templates)
        self.names = sorted(name for name in files if not name.rpartition("/")[2].startswith("."))
        for name in self.names:
            self._read(name, files[name], app.templates.texts)

    def _read(self, name: str, file: str, texts: Mapping[str, str]) -> None:
        environment = self.environment
        try:
            text = texts[name] if name in texts else Path(file).read_text(encoding="utf-8")
            tree = environment.parse(text, name, file)
            environment.compile(tree, name, file, raw=True)  # a filter that is unknown shows here
            self.by_name[name] = TemplateFile(name, file, text, tree)
        except TemplateSyntaxError as error:
            source = f"{error.filename or name}:{error.lineno}"
            message = error.message or "wrong syntax"
            self.findings.append(Finding("error", "templates.syntax", source, message, "Mend the template."))
        except (TemplateError, UnicodeDecodeError, OSError) as error:
            hint = "Save it as UTF-8." if isinstance(error, UnicodeDecodeError) else "Mend the file, or remove it."
            message = f"{name} can't be read: {error}"
            self.findings.append(Finding("error", "templates.unreadable", file, message, hint))


def _files_of(templates: Templates) -> dict[str, str]:
    """Return the file of each template, found by one walk; asking the loader for each looks into every folder."""
    files = {name: name for name in templates.texts}
    for folder in map(str, templates.folders):
        for parent, _, names in os.walk(folder):
            below = parent[len(folder) + 1 :].replace(os.sep, "/")
            for name in names:
                files.setdefault(f"{below}/{name}" if below else name, f"{parent}{os.sep}{name}")
    return files


def _stored(tree: Iterable[nodes.Node]) -> Iterator[str]:
    for node in tree:
        match node:
            case nodes.Name(ctx="load"):
                pass
            case nodes.Name(name=name) | nodes.Macro(name=name) | nodes.Import(target=name):
                yield name
            case nodes.FromImport(names=names):
                yield from (item if isinstance(item, str) else item[1] for item in names)


def literal_names(node: nodes.Expr) -> tuple[str, ...]:
    """Return the names that a template is chosen from by extends, include or import; none when they are computed."""
    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    names = [item.value for item in items if isinstance(item, nodes.Const) and isinstance(item.value, str)]
    return tuple(names) if len(names) == len(items) else ()
