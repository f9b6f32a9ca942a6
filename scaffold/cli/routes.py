"""``scaffold routes``."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.cli.output import columns, print_error, print_line, print_lines, print_message, relative, styled, width
from scaffold.cli.status import EXIT_FAILURE
from scaffold.exceptions import UsageError

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.routing import Route

__all__ = ["as_object", "command", "shown_methods", "table"]

_HEAD = ("PATH", "METHODS", "NAME", "VIEW", "SOURCE")
_SHRINK = tuple(_HEAD.index(name) for name in ("VIEW", "SOURCE", "NAME", "PATH"))  # the least wanted first
_SOURCE = _HEAD.index("SOURCE")  # its end is the line, without which a place is none


def command(
    ctx: typer.Context,
    method: Annotated[str, typer.Option(metavar="METHOD", help="Those that take the method.")] = "",
    app: Annotated[str, typer.Option(metavar="APP", help="Those of the app.")] = "",
    name: Annotated[str, typer.Option(metavar="ROUTE", help="Those whose name holds the text, or fits blog:*.")] = "",
    view: Annotated[str, typer.Option(metavar="TEXT", help="Those whose view holds the text, or fits it.")] = "",
    grep: Annotated[str, typer.Option(metavar="REGEX", help="Those that a regular expression finds in.")] = "",
    sort: Annotated[str, typer.Option(metavar="KEY", help="By app (the rule), path, name, view or source.")] = "",
    tree: Annotated[bool, typer.Option("--tree", help="Draw the tree of segments.")] = False,
    middleware: Annotated[bool, typer.Option("--middleware", help="Also list what wraps each view.")] = False,
    unused: Annotated[bool, typer.Option("--unused", help="List views, names and templates without a use.")] = False,
    match: Annotated[str | None, typer.Option(metavar="URL", help="Tell which route answers a URL, and why.")] = None,
    host: Annotated[str, typer.Option(metavar="NAME", help="The host that --match asks.")] = "",
    no_pager: Annotated[bool, typer.Option("--no-pager", help="Print a long list at once.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what programs read.")] = False,
) -> None:
    """List the URLs with their methods, names, views and places."""
    filters = {"method": method, "app": app, "name": name, "view": view, "grep": grep}
    asked = {"--tree": tree, "--unused": unused, "--match": match is not None}
    refuse_contradictions(asked, {**filters, "sort": sort, "middleware": middleware}, host)
    application = ctx.obj.load(strict=False)
    if match is not None:
        from scaffold.cli.matching import print_match

        answered = print_match(application, match, method or "GET", host, as_json=as_json)
        raise typer.Exit(0 if answered else EXIT_FAILURE)
    if unused:
        from scaffold.cli.unused import print_unused

        found = print_unused(application, as_json=as_json, paged=not no_pager)
        finish(application, failed=found)
        return
    routes = chosen(application, filters, sort)
    if as_json:
        print_line(listing_json(application, routes, tree=tree, middleware=middleware))
    elif routes:
        print_lines(listing(application, routes, sort, tree=tree, middleware=middleware), paged=not no_pager)
    finish(application, failed=not routes)


def refuse_contradictions(asked: dict[str, bool], narrowing: dict[str, Any], host: str) -> None:
    """Raise `UsageError` for options that mean nothing together."""
    chosen_kinds = [option for option, is_there in asked.items() if is_there]
    if len(chosen_kinds) > 1:
        raise UsageError(f"{' and '.join(chosen_kinds)} can't go together", hint="Ask for one after the other.")
    if host and not asked["--match"]:
        raise UsageError("--host goes with --match", hint="Write scaffold routes --match URL --host NAME.")
    for kind in {"--unused", "--match"}.intersection(chosen_kinds):
        allowed = {"method"} if kind == "--match" else set()
        for option, value in narrowing.items():
            if value and option not in allowed:
                raise UsageError(f"--{option} and {kind} can't go together", hint=f"Leave --{option} out.")


def chosen(application: Application, filters: dict[str, str], sort: str) -> list[Route]:
    """Return the routes that pass the filters, in the wanted order; say so when there are none."""
    from scaffold.cli.filtering import filtered, in_order

    routes = in_order(filtered(application, filters), sort, application.root)
    if not routes:
        given = " ".join(f"--{option} {value}" for option, value in filters.items() if value)
        print_message(f"There is no route for {given}." if given else "There are no routes.")
    return routes


def finish(application: Application, *, failed: bool) -> None:
    """Print the errors of the apps that can't be loaded; exit with status 1 for one, and when the command failed."""
    for broken in application.failed:
        if broken.error is not None:
            print_error(broken.error)
    if application.failed or failed:
        raise typer.Exit(EXIT_FAILURE)


def listing(application: Application, routes: Sequence[Route], sort: str, *, tree: bool, middleware: bool) -> list[str]:
    """Return the lines of the table, or of the tree, under what wraps every view when that is asked for."""
    wrapped: list[str] = []
    if middleware:
        from scaffold.cli.wrapping import middleware_lines

        wrapped = middleware_lines(application)
    if tree:
        from scaffold.cli.tree import tree_lines

        return [*wrapped, *tree_lines(routes, width(sys.stdout), middleware=middleware)]
    grouped = sort in {"", "app"}
    return [*wrapped, *table(routes, application.root, width(sys.stdout), grouped=grouped, decorators=middleware)]


def listing_json(application: Application, routes: Sequence[Route], *, tree: bool, middleware: bool) -> str:
    """Return the text of ``--json``."""
    objects = {route: as_object(route, application.root) for route in routes}
    if middleware:
        from scaffold.cli.wrapping import active_middleware, decorators_of

        chain = [link.name for link in active_middleware(application) if link.is_active]
        for route, item in objects.items():
            item |= {"middleware": chain, "decorators": decorators_of(route.view)}
    if tree:
        from scaffold.cli.tree import tree_object

        return json.dumps(tree_object(routes, objects), indent=2)
    return json.dumps([*objects.values()], indent=2)


def as_object(route: Route, root: Path) -> dict[str, Any]:
    """Return what ``--json`` prints of a route."""
    return {
        "path": route.path,
        "methods": sorted(route.methods),
        "name": route.name,
        "app": route.app,
        "view": route.view_name,
        "source": relative(route.source, root),
        "host": route.host,
        "kind": route.kind,
        "parameters": [
            {"name": parameter.name, "converter": parameter.rule}
            for segment in route.walked
            for parameter in segment.parameters
            if parameter.name
        ],
    }


def shown_methods(route: Route) -> str:
    """Return the methods of a route as a person reads them: HEAD follows GET."""
    return ",".join(sorted(route.methods - {"HEAD"}) or sorted(route.methods))


def table(
    routes: Sequence[Route], root: Path, total: int | None, *, grouped: bool = True, decorators: bool = False
) -> list[str]:
    """Return the lines of the table: a head, then the routes, those of each app under its name when ``grouped``."""
    rows = [_HEAD]
    for route in routes:
        source = relative(route.source, root)
        rows.append((route.url, shown_methods(route), route.name or "-", route.view_name, source))
    indent = "  " if grouped else ""
    rows = [(f"{indent}{row[0]}", *row[1:]) for row in rows]
    head, *lines = columns(rows, total, shrink=_SHRINK, keep_end={_SOURCE})
    blocks = [[line] for line in lines]
    if decorators:
        from scaffold.cli.wrapping import decorators_of

        for block, route in zip(blocks, routes, strict=True):
            block += [f"{indent}    {styled('in', 'dim', sys.stdout)} {name}" for name in decorators_of(route.view)]
    result = [styled(head, "dim", sys.stdout)]
    pairs = zip(routes, blocks, strict=True)
    for app, group in itertools.groupby(pairs, key=lambda pair: pair[0].app if grouped else None):
        if app is not None:
            result.append(styled(app or "(no app)", "bold", sys.stdout))
        result += [line for _, block in group for line in block]
    return result
