"""Where a command was called: in a project, beside one file, or nowhere in particular."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.conf import SETTINGS_FILE, load_settings
from scaffold.exceptions import ProjectNotFoundError, ScaffoldError

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.apps import CommandFile
    from scaffold.reload import Target

__all__ = ["Commands", "Workspace"]


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands that were ``found``, and what hides others, such as an app that is not installed."""

    found: tuple[CommandFile, ...] = ()
    error: ScaffoldError | None = None


@dataclass(frozen=True)
class Workspace:
    """What a command works on: a ``project`` folder, or the ``application`` that stands in ``file``, or neither."""

    project: Path | None = None
    application: Any = None
    file: Path | None = None

    def require_project(self) -> Path:
        """Return the project's folder; `ProjectNotFoundError` outside of one."""
        if self.project is None:
            raise ProjectNotFoundError(
                f"there is no project in {Path.cwd()} or above",
                hint="Make one with: scaffold startproject mysite; then: cd mysite",
            )
        return self.project

    def load(self, *, strict: bool | None = None) -> Application:
        """Return the application; raises what `Application.from_project` raises."""
        from scaffold.application import Application

        if isinstance(self.application, Application):
            return self.application
        project = self.require_project()
        with contextlib.redirect_stdout(sys.stderr):  # what a module prints as it is imported is no result of ours
            return Application.from_project(project, strict=strict)

    def target(self) -> Target:
        """Return what a worker is to serve."""
        from scaffold.reload import Target

        return Target.file(self.file) if self.file is not None else Target.project(self.require_project())

    def commands(self) -> Commands:
        """Return the project's own commands, without importing one.

        Those of INSTALLED_APPS are included; where that setting is wrong, those of ``apps/`` are found all the same.
        """
        if self.project is None:
            return Commands()
        from scaffold.apps import discover, find_commands, put_on_path

        put_on_path(self.project)
        try:
            return Commands(find_commands(discover(self.project, installed_apps(self.project)).found))
        except ScaffoldError as error:
            return Commands(find_commands(discover(self.project).found), error)


def installed_apps(project: Path) -> Sequence[str]:
    """Return INSTALLED_APPS: read off its file where that will do, since help is quick and works in a broken project.

    Raises what `load_settings` raises.
    """
    try:
        tree = ast.parse((project / SETTINGS_FILE).read_bytes())
        mentions = [node for node in ast.walk(tree) if _may_set(node)]
    except (OSError, SyntaxError, ValueError):
        return load_settings(project).INSTALLED_APPS
    if not mentions:
        return ()
    values = [value for node in tree.body if (value := _assigned(node)) is not None]
    literal = _literal(values[0]) if len(mentions) == len(values) == 1 else None
    return load_settings(project).INSTALLED_APPS if literal is None else literal


def _may_set(node: ast.AST) -> bool:
    """Say whether ``node`` names the setting, or may bring it from elsewhere."""
    match node:
        case ast.Name(id="INSTALLED_APPS") | ast.alias(name="*" | "INSTALLED_APPS"):
            return True
        case ast.alias(asname="INSTALLED_APPS"):
            return True
    return False


def _assigned(node: ast.stmt) -> ast.expr | None:
    match node:
        case ast.Assign(targets=[ast.Name(id="INSTALLED_APPS")], value=value):
            return value
        case ast.AnnAssign(target=ast.Name(id="INSTALLED_APPS"), value=value):
            return value
    return None


def _literal(node: ast.expr) -> list[str] | None:
    """Return the list of texts that is written there, or None for what is none or must be computed."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    is_plain = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return list(value) if is_plain else None
