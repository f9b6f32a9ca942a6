"""``scaffold shell``."""

from __future__ import annotations

import code
import importlib.util
import sys
import traceback
from typing import Annotated, Any

import typer

from scaffold.cli.workspace import Workspace
from scaffold.exceptions import ScaffoldError

__all__ = ["command"]


def command(
    ctx: typer.Context,
    statement: Annotated[str, typer.Option("--command", "-c", help="Run this code instead, and exit.")] = "",
) -> None:
    """Open a Python shell with app, client and url_for at hand."""
    from scaffold.testing import Client

    workspace: Workspace = ctx.obj
    app = workspace.load()
    names: dict[str, Any] = {"app": app, "client": Client(app), "url_for": app.url_for}
    if statement or not sys.stdin.isatty():
        run_source(statement or sys.stdin.read(), names)
    elif importlib.util.find_spec("IPython") is not None:
        start_ipython = importlib.import_module("IPython").start_ipython
        start_ipython(argv=["--no-banner"], user_ns=names)
    else:
        complete_with(names)
        banner = f"Python {sys.version.split()[0]}; at hand: {', '.join(names)}"
        code.interact(banner=banner, local=names, exitmsg="")


def complete_with(names: dict[str, Any]) -> None:
    """Give the prompt history and completion of ``names``, as Python's own has; nothing where there is no readline."""
    try:
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    start = getattr(sys, "__interactivehook__", None)  # binds the keys and reads the history; absent with python -S
    if start is not None:
        start()


def run_source(source: str, names: dict[str, Any]) -> None:
    """Run ``source``; what it raises is shown from its own frames on, and ends the command with status 1."""
    try:
        exec(compile(source, "<command>", "exec"), names)
    except (ScaffoldError, BrokenPipeError):
        raise  # the one says where, why and what to do by itself, and of the other nobody would read
    except Exception as error:
        own = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(error.with_traceback(own))
        raise typer.Exit(1) from None
