"""``scaffold routes``."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.cli.output import columns, print_error, print_line, relative, styled, width
from scaffold.cli.workspace import Workspace

if TYPE_CHECKING:
    from scaffold.routing import Route

__all__ = ["command"]

_HEAD = ("PATH", "METHODS", "NAME", "VIEW", "SOURCE")
_SHRINK = tuple(_HEAD.index(name) for name in ("VIEW", "SOURCE", "NAME", "PATH"))  # the least wanted first
_SOURCE = _HEAD.index("SOURCE")  # its end is the line, without which a place is none


def command(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """List the URLs with their methods, names, views and places."""
    workspace: Workspace = ctx.obj
    app = workspace.load(strict=False)
    root = app.root
    routes = sorted(app.routes, key=lambda route: not route.app and route.name == "static")
    if as_json:
        print_line(json.dumps([as_object(route, root) for route in routes], indent=2))
    else:
        for line in table(routes, root, width(sys.stdout)):
            print_line(line)
    for failed in app.failed:
        if failed.error is not None:
            print_error(failed.error)
    if app.failed:
        raise typer.Exit(1)


def as_object(route: Route, root: Path) -> dict[str, Any]:
    """Return what ``--json`` prints of a route."""
    return {
        "path": route.path,
        "methods": sorted(route.methods),
        "name": route.name,
        "app": route.app,
        "view": route.view_name,
        "source": relative(route.source, root),
    }


def table(routes: Sequence[Route], root: Path, total: int | None) -> list[str]:
    """Return the lines of the table: a head, then the routes of each app under its name."""
    rows = [_HEAD]
    for route in routes:
        item = as_object(route, root)
        methods = [method for method in item["methods"] if method != "HEAD"] or item["methods"]
        rows.append((item["path"], ",".join(methods), item["name"] or "-", item["view"], item["source"]))
    head, *lines = columns([(f"  {row[0]}", *row[1:]) for row in rows], total, shrink=_SHRINK, keep_end={_SOURCE})
    result = [styled(head, "dim", sys.stdout)]
    for app, group in itertools.groupby(zip(routes, lines, strict=True), key=lambda pair: pair[0].app):
        result += [styled(app or "(no app)", "bold", sys.stdout), *(line for _, line in group)]
    return result
