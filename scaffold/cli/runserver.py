"""``scaffold runserver``."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold.cli.output import print_line
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import UsageError

if TYPE_CHECKING:
    import socket

    from scaffold.reload import Target

__all__ = ["command", "serve_project"]


def command(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(help="PORT, :PORT, HOST or HOST:PORT; the variable PORT counts too, port 0 picks a free one."),
    ] = "",
    reload: Annotated[
        bool | None, typer.Option("--reload/--no-reload", help="Serve saved files at once; on when DEBUG is on.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Serve the files of this folder; needs no project.")
    ] = None,
    app: Annotated[
        str, typer.Option(metavar="MODULE:NAME", help="Serve any WSGI application, seen from here; needs no project.")
    ] = "",
) -> None:
    """Serve the project, another WSGI application, or a folder of files."""
    workspace: Workspace = ctx.obj
    if directory is not None and app:
        raise UsageError("--directory serves files and --app an application", hint="Leave one of the two out.")
    if directory is not None:
        if reload:
            raise UsageError("--directory serves files, which need no --reload", hint="Leave one of the two out.")
        raise typer.Exit(_serve_directory(directory, address))
    raise typer.Exit(_serve(_callable(app) if app else workspace.target(), address, reload))


def serve_project(project: Path) -> int:
    """Serve the project in the folder ``project`` with reload, and return the exit status."""
    from scaffold.reload import Target

    return _serve(Target.project(project), "", None)


def _serve(target: Target, address: str, reload: bool | None) -> int:
    from scaffold import reload as reloading

    with _bound(address) as listener:
        announce = functools.partial(_announce, listener)
        if reload is False:
            return reloading.serve(target, listener, stream=sys.stderr, on_ready=announce)
        return reloading.supervise(target, listener, reload=reload, stream=sys.stderr, on_ready=announce)


def _callable(specification: str) -> Target:
    from scaffold.reload import Target

    return Target.callable(specification, Path.cwd())


def _serve_directory(directory: Path, address: str) -> int:
    from scaffold.server import Server, console_log, stop_on_signals
    from scaffold.staticfiles import DirectoryApplication

    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder", hint="Name a folder that exists.")
    with _bound(address) as listener:
        server = Server(DirectoryApplication(directory.resolve()), listener, access_log=console_log(sys.stderr))
        _announce(listener)
        with server, stop_on_signals(server):
            server.serve_forever()
    return 0


def _bound(text: str) -> socket.socket:
    """Return a listening socket on the address."""
    from scaffold.server import bind, default_address, parse_address

    default = default_address()
    return bind(parse_address(text, default=default) if text else default)


def _announce(listener: socket.socket) -> None:
    from scaffold.server import base_url

    print_line(f"Serving at {base_url(listener)} (Ctrl-C stops)")
