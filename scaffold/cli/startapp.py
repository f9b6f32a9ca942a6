"""``scaffold startapp``."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.cli.output import print_line, relative
from scaffold.cli.startproject import print_plan, shown
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import UsageError

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
    url = f"/{name}/" if prefix is None else f"/{url_prefix(prefix)}"
    refuse_taken(workspace, url)
    if not dry_run:
        write(plan)
    print_plan(plan.target, [file.path for file in plan.files], dry_run=dry_run)
    if not dry_run:
        print_line()
        print_line(f"Its page is {url}; edit {shown(plan.target)}/views.py.")


def refuse_taken(workspace: Workspace, url: str) -> None:
    """Raise `UsageError` when another app answers ``url``; a project that can't be loaded is not asked."""
    from scaffold.routing import Match

    try:
        app = workspace.load(strict=False)
    except (Exception, SystemExit):  # an app can be added to a broken project; ``check`` says what is wrong with it
        return
    found = app.resolve(url)
    if not isinstance(found, Match) or found.route.parameters:
        return  # a literal path goes before one with parameters, so that both can be
    route = found.route
    owner = route.view_name if route in app.routes else f"the app {route.app!r}, which can't be loaded,"
    raise UsageError(
        f"{owner} answers {url} already",
        source=relative(route.source, app.root),
        hint="Choose where the new app's URLs begin with another --prefix.",
    )
