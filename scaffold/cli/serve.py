"""``scaffold serve``."""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.cli.check import findings_of
from scaffold.cli.output import print_line, relative, styled
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import SettingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scaffold.checks import Finding
    from scaffold.cli.hosting import Plan

__all__ = ["command", "prepare"]

REST = f"{__name__}.rest"
WSGI_FILE = "config/wsgi.py"
ACCESS_LOG = "scaffold.middleware.access_log.access_log"


def command(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(help="PORT, :PORT, HOST, HOST:PORT or unix:PATH; the variable PORT is that port everywhere."),
    ] = "",
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes; WEB_CONCURRENCY, or one for each CPU.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, metavar="N", help="Threads of each process; 4.")] = None,
    server: Annotated[str, typer.Option(metavar="NAME", help="gunicorn or granian; whichever is installed.")] = "",
    no_access_log: Annotated[bool, typer.Option("--no-access-log", help="Write no line for each request.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Serve in spite of errors that the checks find.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the server's command, and run nothing.")] = False,
) -> None:
    """Serve the project in production as gunicorn or granian, which gets all arguments after --."""
    from scaffold.cli import hosting

    workspace: Workspace = ctx.obj
    folder, specification = _target(workspace)
    plan = hosting.Plan(
        server=hosting.choose_server(server),
        application=specification,
        place=hosting.read_place(address),
        workers=workers or hosting.default_workers(),
        threads=threads or hosting.DEFAULT_THREADS,
        access_log=not no_access_log,
        arguments=tuple(ctx.meta.get(REST, ())),
    )
    if dry_run:
        print_line(shlex.join(plan.command()))
        return
    _check(workspace, force=force)
    if ACCESS_LOG in _middleware(workspace):  # which writes a line for each request itself
        plan = dataclasses.replace(plan, access_log=False)
    _become(hosting.settled(plan), folder)


def prepare(ctx: typer.Context, arguments: list[str]) -> list[str]:
    """Return the ``arguments`` before ``--``, and note in ``ctx`` those behind it, which are the server's."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ctx.meta[REST] = arguments[end + 1 :]
    return arguments[:end]


def _target(workspace: Workspace) -> tuple[Path, str]:
    """Return the folder to serve from, and where the application is as a server wants to know it."""
    if workspace.file is None:
        project = workspace.require_project()
        if not (project / WSGI_FILE).is_file():
            raise SettingsError(
                f"there is no {WSGI_FILE}",
                source=str(project),
                hint="It holds: application = Application.from_project(Path(__file__).resolve().parent.parent)",
            )
        return project, "config.wsgi:application"
    module, file = sys.modules["__main__"], workspace.file
    name = next((name for name, value in vars(module).items() if value is workspace.application), "")
    if not name or not file.stem.isidentifier():
        fault = "is no name of a module" if name else "gives its application no name"
        hint = "Assign it to a name such as app, in a file such as mysite.py."
        raise UsageError(f"{file.name} {fault}, so that no server can find it", hint=hint)
    return file.parent, f"{file.stem}:{name}"


def _middleware(workspace: Workspace) -> Sequence[str | Callable[..., Any]]:
    from scaffold.conf import load_settings

    app, project = workspace.application, workspace.project
    if app is not None:
        found: Sequence[str | Callable[..., Any]] = app.settings.MIDDLEWARE
        return found
    return load_settings(project).MIDDLEWARE if project is not None else ()


def _check(workspace: Workspace, *, force: bool) -> None:
    """Print what the checks say against serving; errors end the command unless it is forced."""
    findings, root = findings_of(workspace, deploy=True)
    serious = [finding for finding in findings if finding.level != "note"]
    for finding in serious:
        _say(_line(finding, root))
    if any(finding.level == "error" for finding in serious) and not force:
        _say("Not served: mend the errors first, or insist with --force.")
        raise typer.Exit(1)


def _line(finding: Finding, root: Path) -> str:
    level = styled(finding.level, finding.level, sys.stderr)
    hint = f"\n    {finding.hint}" if finding.level == "error" and finding.hint else ""
    return f"{relative(finding.source, root) or '-'}: {level} [{finding.id}] {finding.message}{hint}"


def _become(plan: Plan, folder: Path) -> None:
    """Let the server take this process's place; where there is no such thing, run it and end with its status."""
    os.chdir(folder)
    _say(f"Serving at {plan}")
    command = plan.command()
    if os.name == "posix":
        os.execv(command[0], command)
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
