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
    from collections.abc import Mapping

    from scaffold.reload import Target

__all__ = ["command", "prepare", "serve_project"]

POLL = f"{__name__}.poll"


def command(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(help="PORT, :PORT, HOST or HOST:PORT; the variable PORT counts too, port 0 picks a free one."),
    ] = "",
    reload: Annotated[
        bool | None,
        typer.Option(
            "--reload/--no-reload",
            help="Serve saved files at once; on when DEBUG is on. --reload=poll looks for changes every now and then.",
        ),
    ] = None,
    reload_spawn: Annotated[
        bool, typer.Option("--reload-spawn", help="Start each worker as a fresh interpreter instead of a fork.")
    ] = False,
    no_refresh: Annotated[bool, typer.Option("--no-refresh", help="Let pages in browsers stay as they are.")] = False,
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
    target = _callable(app) if app else workspace.target()
    poll = bool(ctx.meta.get(POLL))
    options = {"refresh": not no_refresh, "poll": poll}
    if reload_spawn:  # else the system decides
        options["spawn"] = True
    raise typer.Exit(_serve(target, address, reload, options))


def prepare(ctx: typer.Context, arguments: list[str]) -> list[str]:
    """Return ``arguments`` with ``--reload`` for ``--reload=poll``, which is noted in ``ctx``.

    A flag with a value that may be left out would take an address behind it for that value.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    values = [text.partition("=")[2] for text in arguments[:end] if text.startswith("--reload=")]
    for value in values:
        if value != "poll":
            raise UsageError(f"--reload={value} is none", hint="Write --reload or --reload=poll.")
    ctx.meta[POLL] = bool(values)
    return ["--reload" if text == "--reload=poll" else text for text in arguments[:end]] + arguments[end:]


def serve_project(project: Path) -> int:
    """Serve the project in the folder ``project`` with reload, and return the exit status."""
    from scaffold.reload import Target

    return _serve(Target.project(project), "", None, {})


def _serve(target: Target, address: str, reload: bool | None, options: Mapping[str, bool]) -> int:
    from scaffold import reload as reloading

    with _bound(address) as listener:
        announce = functools.partial(_announce, listener)
        if reload is False:
            return reloading.serve(target, listener, stream=sys.stderr, on_ready=announce)
        return reloading.supervise(target, listener, reload=reload, stream=sys.stderr, on_ready=announce, **options)


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
