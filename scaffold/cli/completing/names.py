"""The names of a project: its apps, commands, routes, templates and settings, read off its files."""

from __future__ import annotations

import _ast
import os
import sys

from scaffold.cli.builtin import BUILT_IN
from scaffold.cli.completing.reading import assigned, constant, parsed, texts
from scaffold.plugins import APPS, COMMANDS, Plugin, entry_points, offered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Project", "project_folder", "setting_names"]

SETTINGS_FILE = os.path.join("config", "settings.py")
MOST_APPS = 100
"""Beyond so many apps their routes are not read at one Tab key: the apps' names are offered, and then one app's."""

MOST_TEMPLATES = 1000
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))


class Project:
    """The files of a project in ``folder``; without one, there are the built-in commands and plug-ins alone."""

    def __init__(self, folder: str = "") -> None:
        self.folder = folder
        self._settings: _ast.Module | None = None
        self._installed: list[Plugin] | None = None

    def _setting(self, name: str) -> list[str]:
        """Return the texts that the settings assign to ``name``, as far as they are written out."""
        if self._settings is None:
            self._settings = parsed(os.path.join(self.folder, SETTINGS_FILE) if self.folder else os.devnull)
        return texts(assigned(self._settings, name))

    def _offered(self, group: str) -> list[Plugin]:
        if self._installed is None:
            self._installed = entry_points()
        return offered(group, self._setting("DISABLED_PLUGINS"), self._installed) if self._installed else []

    def apps(self) -> dict[str, str]:
        """Return the folders of the apps by name; of those that are named by computed settings nothing is known."""
        if not self.folder:
            return {}
        root = os.path.join(self.folder, "apps")
        found = {name: os.path.join(root, name) for name in _entries(root) if _is_app(os.path.join(root, name))}
        packages = [*self._setting("INSTALLED_APPS"), *(plugin.value for plugin in self._offered(APPS))]
        for package in packages:
            place = os.path.join(*package.split("."))
            folders = (os.path.join(path, place) for path in (self.folder, *sys.path))
            folder = next((item for item in folders if os.path.isfile(os.path.join(item, "urls.py"))), "")
            if folder:
                found.setdefault(package.rpartition(".")[2], folder)
        return found

    def commands(self) -> dict[str, str]:
        """Return all commands with a word about each."""
        return {
            **{plugin.name: plugin.distribution for plugin in self._offered(COMMANDS)},
            **{name: f"of the app {app}" for name, app, _ in self._own_commands()},
            **BUILT_IN,
        }

    def command_file(self, name: str) -> str:
        """Return the file of a command; empty for one that is not known."""
        if name in BUILT_IN:
            return os.path.join(_PACKAGE, "cli", f"{name}.py")
        for own, _, file in self._own_commands():
            if own == name:
                return file
        return ""

    def plugin_command(self, name: str) -> tuple[str, str]:
        """Return the file and the function of a plug-in's command; empty texts where there is none."""
        for plugin in self._offered(COMMANDS):
            if plugin.name == name:
                module, _, function = plugin.value.partition(":")
                place = os.path.join(*module.split("."))
                for path in sys.path:
                    for file in (os.path.join(path, f"{place}.py"), os.path.join(path, place, "__init__.py")):
                        if os.path.isfile(file):
                            return file, function or "command"
        return "", ""

    def _own_commands(self) -> Iterator[tuple[str, str, str]]:
        """Yield name, app and file of each command of an app."""
        for app, folder in self.apps().items():
            place = os.path.join(folder, "commands")
            for name in _entries(place):
                stem, ending = os.path.splitext(name)
                if ending == ".py" and stem.isidentifier() and not stem.startswith("_"):
                    yield stem.replace("_", "-"), app, os.path.join(place, name)

    def routes(self, typed: str = "") -> list[str]:
        """Return the names of routes, or ``app:`` for each app when there are too many to read them all."""
        app, colon, _ = typed.partition(":")
        own = os.path.join(self.folder, "apps", app)
        apps = {app: own} if colon and self.folder and _is_app(own) else self.apps()
        if colon:
            apps = {app: apps[app]} if app in apps else {}
        elif len(apps) > MOST_APPS:
            return [f"{name}:" for name in apps]
        return [
            f"{app}:{name}"
            for app, folder in apps.items()
            for name in dict.fromkeys(_route_names(parsed(os.path.join(folder, "urls.py"))))
        ]

    def templates(self) -> list[str]:
        """Return the names of templates, as ``render`` takes them."""
        roots = [os.path.join(self.folder, "templates")] if self.folder else []
        roots += [os.path.join(folder, "templates") for folder in self.apps().values()]
        found: dict[str, None] = {}
        for root in roots:
            for folder, folders, files in os.walk(root):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(files):
                    found.setdefault(os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"))
                if len(found) >= MOST_TEMPLATES:
                    return list(found)
        return list(found)


def project_folder(start: str) -> str:
    """Return the project at or above the folder ``start``, or nothing, as `scaffold.conf.find_project` does."""
    folder = start
    while True:
        if os.path.isfile(os.path.join(folder, SETTINGS_FILE)) and _names_scaffold(os.path.join(folder, "manage.py")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


def setting_names() -> list[str]:
    """Return the names of the settings that Scaffold reads."""
    for node in parsed(os.path.join(_PACKAGE, "conf", "settings.py")).body:
        if isinstance(node, _ast.ClassDef) and node.name == "Settings":
            fields = [item.target for item in node.body if isinstance(item, _ast.AnnAssign)]
            return [field.id for field in fields if isinstance(field, _ast.Name) and field.id.isupper()]
    return []


def _names_scaffold(file: str) -> bool:
    try:
        with open(file, "rb") as stream:
            return b"scaffold" in stream.read()
    except OSError:
        return False


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _is_app(folder: str) -> bool:
    name = os.path.basename(folder)
    is_hidden = name.startswith((".", "_", "test_")) or name in ("test", "tests", "testing")
    return (
        name.isidentifier()
        and not is_hidden
        and os.path.isfile(os.path.join(folder, "__init__.py"))
        and os.path.isfile(os.path.join(folder, "urls.py"))
    )


def _route_names(tree: _ast.AST, namespace: str = "") -> Iterator[str]:
    """Yield the ``name=`` of each call, those within an ``include(..., namespace="x")`` with ``x:`` in front."""
    if isinstance(tree, _ast.Call):
        words = {word.arg: constant(word.value) for word in tree.keywords}
        name, inner = words.get("name", ""), words.get("namespace", "")
        if name:
            yield f"{namespace}{name}"
        namespace = f"{namespace}{inner}:" if inner else namespace
    for field in tree._fields:
        value = getattr(tree, field, None)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, _ast.AST):
                yield from _route_names(item, namespace)
