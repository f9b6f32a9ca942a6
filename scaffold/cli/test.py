"""``scaffold test``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import typer

from scaffold.cli.workspace import Workspace
from scaffold.exceptions import UsageError

__all__ = ["CONTEXT", "command"]

# What Scaffold does not know is pytest's.
CONTEXT = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}


def command(ctx: typer.Context) -> None:
    """Run the project's tests with pytest, which gets all arguments."""
    workspace: Workspace = ctx.obj
    project = workspace.require_project()
    if importlib.util.find_spec("pytest") is None:
        raise UsageError("pytest is not installed", hint="Install it with: pip install pytest")
    folder = Path.cwd().resolve()
    if not folder.is_relative_to(project):
        folder = project
    arguments = list(ctx.args)
    if folder != project and not any(names_a_path(argument, folder) for argument in arguments):
        arguments.append(str(project))
    command = [sys.executable, "-m", "pytest", f"--rootdir={project}", f"--config-file={project / 'pyproject.toml'}"]
    raise typer.Exit(subprocess.run([*command, *arguments], cwd=folder, check=False).returncode)


def names_a_path(argument: str, folder: Path) -> bool:
    """Say whether ``argument`` is a file or folder, or a test in one, as seen from ``folder``."""
    return not argument.startswith("-") and (folder / argument.partition("::")[0]).exists()
