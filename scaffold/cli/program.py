"""The program behind the command line: Typer's, with all commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold import __version__
from scaffold.cli.builtin import SHORT
from scaffold.cli.completing.names import project_folder
from scaffold.cli.garbage import spare_the_last_collection
from scaffold.cli.group import CommandGroup
from scaffold.cli.output import print_error, print_line, print_traceback
from scaffold.cli.status import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE, reader_has_left
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import ScaffoldError, UsageError, did_you_mean

if TYPE_CHECKING:
    from scaffold.application import Application

__all__ = ["run", "run_here", "run_on"]

_Fault: Any = typer.BadParameter.__mro__[2]  # the base of all errors of usage, which Typer itself gives no public name


def run_here() -> None:
    """Run the command line on the project in or above the current folder."""
    folder = project_folder(str(Path.cwd()))
    run(Workspace(project=Path(folder) if folder else None), prog_name="scaffold")


def run_on(target: Path | Application) -> None:
    """Run the command line on a project's folder, or on the application of the file that was started."""
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
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    group.callback()(_options)
    try:
        status = typer.main.get_command(group).main(
            sys.argv[1:] or ["--help"], prog_name=prog_name, obj=workspace, standalone_mode=False
        )
        sys.stdout.flush()
    except UsageError as error:
        print_error(error)
        status = EXIT_USAGE
    except ScaffoldError as error:
        print_error(error)
        status = EXIT_FAILURE
    except _Fault as error:
        print_error(_explained(error, prog_name))
        status = error.exit_code
    except typer.Abort:
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        reader_has_left()
        status = EXIT_FAILURE
    except Exception as error:
        print_traceback(error)
        status = EXIT_FAILURE
    if SHORT.intersection(sys.argv[1:2]):
        spare_the_last_collection()
    sys.exit(status or 0)


def _explained(error: Any, prog_name: str) -> ScaffoldError:
    """Return what the parser of arguments found wrong, in our words where there is more to say."""
    context = getattr(error, "ctx", None)
    place = context.command_path if context is not None else prog_name
    option = getattr(error, "option_name", "")
    if context is not None and option and hasattr(error, "possibilities"):
        names = {name for item in context.command.get_params(context) for name in (*item.opts, *item.secondary_opts)}
        near = did_you_mean(option, sorted(name for name in names if name.startswith("--")))
        return UsageError(f"{place} has no option {option!r}", hint=near or f"{place} --help lists the options.")
    text = error.format_message().removesuffix(".")
    return UsageError(f"{text[:1].lower()}{text[1:]}", hint=f"{place} --help tells what it takes.")


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
