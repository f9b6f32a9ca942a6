"""What lies on the disk: the apps of a project, their commands, and what is none; nothing of it is imported here."""

from __future__ import annotations

import importlib
import importlib.util
import keyword
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from scaffold.exceptions import AppLoadError
from scaffold.plugins import Plugin

__all__ = ["APPS_FOLDER", "CommandFile", "Discovery", "FoundApp", "Skipped", "discover", "find_commands", "put_on_path"]

APPS_FOLDER = "apps"
_TEST_NAMES = ("test", "tests", "testing")


@dataclass(frozen=True, slots=True)
class FoundApp:
    """An app as it lies on the disk; nothing of it has been imported.

    ``distribution`` is the installed one that offers the app by an entry point, empty for all others.
    """

    name: str
    package: str
    folder: Path
    distribution: str = ""

    @property
    def urls_file(self) -> Path:
        """The file that declares the app's routes."""
        return self.folder / "urls.py"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A folder that is no app, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, in the order of names with INSTALLED_APPS and plug-ins behind, and what was left out.

    ``broken`` are the plug-ins that offer an app that is not there.
    """

    found: tuple[FoundApp, ...]
    skipped: tuple[Skipped, ...] = ()
    broken: tuple[AppLoadError, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandFile:
    """A module with a command of its own: ``commands/send_mail.py`` of an app is the command ``send-mail``."""

    name: str
    app: str
    file: Path
    module: str
    is_plugin: bool = False


class _AnyApp(Protocol):
    """An app that was found, or one that was loaded."""

    @property
    def name(self) -> str: ...

    @property
    def package(self) -> str: ...

    @property
    def folder(self) -> Path: ...


def discover(project: Path, installed: Sequence[str] = (), plugins: Sequence[Plugin] = ()) -> Discovery:
    """Find the apps of ``project``, the ``installed`` packages and those of ``plugins``, without importing an app.

    A plug-in's app gives way to another of its name. Raises `AppLoadError` for an installed app that is not there, and
    for two apps of one name.
    """
    found: list[FoundApp] = []
    skipped: list[Skipped] = []
    root = project / APPS_FOLDER
    for folder in sorted(root.iterdir(), key=lambda item: item.name) if root.is_dir() else ():
        if folder.is_dir():
            reason = _reason_to_skip(folder)
            if reason:
                skipped.append(Skipped(folder, reason))
            else:
                found.append(FoundApp(folder.name, f"{APPS_FOLDER}.{folder.name}", folder))
    found += [_installed_app(package) for package in installed]
    _check_names(found)
    broken: list[AppLoadError] = []
    for plugin in plugins:
        app = _offered_app(plugin)
        taken = {other.name: other for other in found}
        if isinstance(app, AppLoadError):
            broken.append(app)
        elif app.name not in taken:
            found.append(app)
        elif app.package != taken[app.name].package:
            reason = f"the app {app.name!r} of the plug-in {plugin.distribution} gives way to {taken[app.name].folder}"
            skipped.append(Skipped(app.folder, reason))
    return Discovery(tuple(found), tuple(skipped), tuple(broken))


def _offered_app(plugin: Plugin) -> FoundApp | AppLoadError:
    """Return the app that a plug-in offers, or what is wrong with the offer."""
    try:
        return replace(_installed_app(plugin.value), distribution=plugin.distribution)
    except AppLoadError as error:
        reason = error.cause.partition(", but ")[2]
        failure = AppLoadError(
            f"the plug-in {plugin.distribution} offers the app {plugin.value!r}, but {reason}",
            hint=f"Mend or uninstall it, or name {plugin.distribution!r} in DISABLED_PLUGINS.",
        )
        failure.__cause__ = error
        return failure


def _reason_to_skip(folder: Path) -> str:
    name = folder.name
    if name.startswith((".", "_")):
        return "its name begins with a dot or an underscore"
    if name in _TEST_NAMES or name.startswith("test_"):
        return "it is a folder of tests"
    if not name.isidentifier() or keyword.iskeyword(name):
        return "its name can't be imported in Python"
    if not (folder / "__init__.py").is_file():
        return "it has no __init__.py"
    if not (folder / "urls.py").is_file():
        return "it has no urls.py"
    return ""


def _installed_app(package: str) -> FoundApp:
    try:
        spec = importlib.util.find_spec(package)
    except (Exception, SystemExit) as error:  # the package that holds it is imported, and may raise whatever it likes
        raise _not_installed(package, str(error)) from error
    if spec is None or not spec.submodule_search_locations:
        raise _not_installed(package, "there is no such package" if spec is None else "it is a module, not a package")
    folder = Path(next(iter(spec.submodule_search_locations)))
    if not (folder / "urls.py").is_file():
        raise _not_installed(package, "it has no urls.py")
    return FoundApp(package.rpartition(".")[2], package, folder)


def _not_installed(package: str, reason: str) -> AppLoadError:
    return AppLoadError(
        f"INSTALLED_APPS names {package!r}, but {reason}", hint="Install it, or take it out of config/settings.py."
    )


def _check_names(found: Iterable[FoundApp]) -> None:
    seen: dict[str, FoundApp] = {}
    for app in found:
        other = seen.setdefault(app.name, app)
        if other is not app:
            raise AppLoadError(
                f"two apps are named {app.name!r}: {other.folder} and {app.folder}", hint="Rename one of the folders."
            )


def find_commands(apps: Iterable[_AnyApp]) -> tuple[CommandFile, ...]:
    """Return the commands of ``apps``, in order, without importing them.

    Names may repeat, but those of a plug-in give way to those of the apps before it.
    """
    commands: list[CommandFile] = []
    for app in apps:
        for file in sorted((app.folder / "commands").glob("*.py")):
            if not file.name.startswith(("_", ".")) and file.stem.isidentifier():
                name, module = file.stem.replace("_", "-"), f"{app.package}.commands.{file.stem}"
                is_plugin = bool(getattr(app, "distribution", ""))
                if not (is_plugin and any(command.name == name for command in commands)):
                    commands.append(CommandFile(name, app.name, file, module, is_plugin))
    return tuple(commands)


def put_on_path(project: Path) -> None:
    """Make ``apps`` and ``config`` of ``project`` importable: its folder comes first on ``sys.path``."""
    folder = str(project)
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
