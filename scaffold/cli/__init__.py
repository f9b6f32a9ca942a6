"""The command line: ``scaffold``, ``python -m scaffold``, and ``python manage.py`` inside a project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold import __version__
from scaffold.cli.group import CommandGroup
from scaffold.cli.output import print_error, print_line, print_traceback
from scaffold.cli.status import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE
from scaffold.cli.workspace import Workspace
from scaffold.conf import find_project
from scaffold.exceptions import ScaffoldError, UsageError

if TYPE_CHECKING:
    from scaffold.application import Application

__all__ = ["EXIT_FAILURE", "EXIT_INTERRUPTED", "EXIT_USAGE", "main", "manage"]


def main() -> None:
    """Run the command that ``sys.argv`` names on the project in or above the current folder."""
    run(Workspace(project=find_project(Path.cwd())), prog_name="scaffold")


def manage(target: Path | Application) -> None:
    """Run the command that ``sys.argv`` names on a project's folder, or on the application of a single file."""
    if isinstance(target, Path):
        run(Workspace(project=target.resolve()), prog_name="manage.py")
    else:
        file = Path(sys.argv[0]).resolve()
        run(Workspace(application=target, file=file), prog_name=file.name)


def run(workspace: Workspace, *, prog_name: str) -> None:
    """Run the command line and end the process: 0 is success, 1 failure or findings, 2 wrong usage, 130 Ctrl-C."""
    group = typer.Typer(
        cls=CommandGroup,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    group.callback()(_options)
    try:
        typer.main.get_command(group).main(prog_name=prog_name, obj=workspace)
    except UsageError as error:
        print_error(error)
        sys.exit(EXIT_USAGE)
    except ScaffoldError as error:
        print_error(error)
        sys.exit(EXIT_FAILURE)
    except Exception as error:
        print_traceback(error)
        sys.exit(EXIT_FAILURE)


def _show_version(wanted: bool) -> None:
    if wanted:
        print_line(f"Scaffold {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Scaffold: make a project, serve it, and know what is in it."""
