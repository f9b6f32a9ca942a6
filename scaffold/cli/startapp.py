"""``scaffold startapp``."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.cli.output import print_line
from scaffold.cli.startproject import print_plan, shown
from scaffold.cli.workspace import Workspace

__all__ = ["command"]


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The app's name, such as blog.")],
    prefix: Annotated[str | None, typer.Option(help="Its URL prefix; NAME/ when left out, '' for the root.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")] = False,
) -> None:
    """Add an app to the project; it is live without being registered anywhere."""
    from scaffold.generation import plan_app, url_prefix, write

    workspace: Workspace = ctx.obj
    plan = plan_app(workspace.require_project(), name, prefix=prefix)
    if not dry_run:
        write(plan)
    print_plan(plan.target, [file.path for file in plan.files], dry_run=dry_run)
    if not dry_run:
        url = f"/{name}/" if prefix is None else f"/{url_prefix(prefix)}"
        print_line()
        print_line(f"Its page is {url}; edit {shown(plan.target)}/views.py.")
