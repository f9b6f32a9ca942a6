"""``scaffold shell``."""

from __future__ import annotations

import code
import importlib.util
import sys
from typing import Annotated, Any

import typer

from scaffold.cli.workspace import Workspace

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
    if statement:
        exec(compile(statement, "<command>", "exec"), names)
    elif sys.stdin.isatty() and importlib.util.find_spec("IPython") is not None:
        start_ipython = importlib.import_module("IPython").start_ipython
        start_ipython(argv=["--no-banner"], user_ns=names)
    else:
        banner = f"Python {sys.version.split()[0]}; at hand: {', '.join(names)}" if sys.stdin.isatty() else ""
        code.interact(banner=banner, local=names, exitmsg="")
