"""Where a command was called: in a project, beside one file, or nowhere in particular."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.exceptions import ProjectNotFoundError

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.apps import CommandFile
    from scaffold.reload import Target

__all__ = ["Workspace"]


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
        return Application.from_project(self.require_project(), strict=strict)

    def target(self) -> Target:
        """Return what a worker is to serve."""
        from scaffold.reload import Target

        return Target.file(self.file) if self.file is not None else Target.project(self.require_project())

    def commands(self) -> tuple[CommandFile, ...]:
        """Return the project's own commands, those of INSTALLED_APPS included, without importing a command."""
        if self.project is None:
            return ()
        from scaffold.apps import discover, find_commands, put_on_path

        put_on_path(self.project)
        return find_commands(discover(self.project, self._installed_apps()).found)

    def _installed_apps(self) -> list[str]:
        """Return INSTALLED_APPS as far as its file can be read without running it, so that help always works."""
        import ast

        file = (self.project or Path()) / "config" / "settings.py"
        try:
            statements = ast.parse(file.read_bytes()).body
        except (OSError, SyntaxError, ValueError):
            return []
        for node in statements:
            match node:
                case ast.Assign(targets=[ast.Name(id="INSTALLED_APPS")], value=value):
                    return _literal(value)
                case ast.AnnAssign(target=ast.Name(id="INSTALLED_APPS"), value=value) if value is not None:
                    return _literal(value)
        return []


def _literal(node: Any) -> list[str]:
    import ast

    try:
        return [str(item) for item in ast.literal_eval(node)]
    except (ValueError, TypeError):
        return []
