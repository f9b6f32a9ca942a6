"""Where a command was called: in a project, beside one file, or nowhere in particular."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.cli.builtin import BUILT_IN
from scaffold.exceptions import ProjectNotFoundError, ScaffoldError
from scaffold.plugins import APPS, COMMANDS, Plugin, offered

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.discovery import CommandFile
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
        """Return the own commands of the project's apps, without importing one.

        Those of INSTALLED_APPS are included; where that setting is wrong, those of ``apps/`` are found all the same.
        """
        return self._commands

    @cached_property
    def _commands(self) -> Commands:
        if self.project is None:
            return Commands()
        from scaffold.cli.written import written_setting
        from scaffold.discovery import discover, find_commands, put_on_path

        put_on_path(self.project)
        try:
            installed = written_setting(self.project, "INSTALLED_APPS")
            plugins = offered(APPS, written_setting(self.project, "DISABLED_PLUGINS"))
            found = find_commands(discover(self.project, installed, plugins).found)
            return Commands(tuple(item for item in found if not (item.is_plugin and item.name in BUILT_IN)))
        except ScaffoldError as error:
            return Commands(find_commands(discover(self.project).found), error)

    def plugin_commands(self) -> list[Plugin]:
        """Return the commands that installed plug-ins offer, without importing one.

        Where the settings of a project can't be read, none of them is disabled.
        """
        return self._plugin_commands

    @cached_property
    def _plugin_commands(self) -> list[Plugin]:
        from scaffold.cli.written import written_setting

        disabled: Sequence[str] = ()
        with contextlib.suppress(ScaffoldError):
            if self.project is not None:
                disabled = written_setting(self.project, "DISABLED_PLUGINS")
        return offered(COMMANDS, disabled)
