"""``scaffold apps``."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.cli.output import columns, print_error, print_line, print_lines, print_message, relative, styled, width
from scaffold.cli.status import EXIT_FAILURE
from scaffold.exceptions import ScaffoldError

if TYPE_CHECKING:
    from scaffold.apps import App, Skipped
    from scaffold.cli.workspace import Workspace

__all__ = ["command"]

_HEAD = ("APP", "PREFIX", "ROUTES", "TEMPLATES", "STATIC", "COMMANDS", "LOADED IN", "FROM")
_FROM = _HEAD.index("FROM")


@dataclass(frozen=True, slots=True)
class Listing:
    """The apps that were found, the folders that were left out, and what keeps others from being found."""

    root: Path
    apps: tuple[App, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    errors: tuple[ScaffoldError, ...] = ()
    plugins: Mapping[str, str] = field(default_factory=dict)
    """The distributions that offer apps, by the apps' names."""


def command(
    ctx: typer.Context,
    no_pager: Annotated[bool, typer.Option("--no-pager", help="Print a long list at once.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object.")] = False,
) -> None:
    """List the apps with their parts and how long they take to load, and the folders that are none."""
    listing = found_in(ctx.obj)
    if as_json:
        print_line(json.dumps(as_object(listing), indent=2))
    else:
        print_lines(lines_of(listing), paged=not no_pager)
        if not listing.apps:
            print_message("There are no apps.")
    errors = [*listing.errors, *(app.error for app in listing.apps if app.error is not None)]
    for error in errors:
        print_error(error)
    if errors:
        raise typer.Exit(EXIT_FAILURE)


def found_in(workspace: Workspace) -> Listing:
    """Return the apps of the workspace, each loaded on its own."""
    from scaffold.application import Application
    from scaffold.apps import discover, load_app, load_converters, put_on_path, without_conflicts
    from scaffold.conf import load_settings
    from scaffold.plugins import APPS, offered

    application = workspace.application
    if isinstance(application, Application):
        return Listing(application.root, (*application.apps, *application.failed), application.discovery.skipped)
    root = workspace.require_project()
    put_on_path(root)
    errors: list[ScaffoldError] = []
    with contextlib.redirect_stdout(sys.stderr):  # what a module prints as it is imported is no result of ours
        settings = load_settings(root)
        plugins = offered(APPS, settings.DISABLED_PLUGINS)
        try:
            discovery = discover(root, settings.INSTALLED_APPS, plugins)
        except ScaffoldError as failure:  # one that is not installed hides none of the others
            errors.append(failure)
            discovery = discover(root)
        converters = load_converters(settings)
        apps = without_conflicts([load_app(found, converters) for found in discovery.found])
    skipped = [item for item in discovery.skipped if item.path.name != "__pycache__"]  # which is nobody's folder
    origins = {found.name: found.distribution for found in discovery.found if found.distribution}
    return Listing(root, tuple(apps), tuple(skipped), (*errors, *discovery.broken), origins)


def as_object(listing: Listing) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "apps": [app_object(app, listing) for app in listing.apps],
        "skipped": [
            {"path": relative(str(item.path), listing.root), "reason": item.reason} for item in listing.skipped
        ],
    }


def app_object(app: App, listing: Listing) -> dict[str, Any]:
    """Return what ``--json`` prints of an app."""
    from scaffold.apps import find_commands

    error, root = app.error, listing.root
    return {
        "name": app.name,
        "package": app.package,
        "folder": relative(str(app.folder), root),
        "origin": origin_of(app, listing),
        "prefix": app.prefix,
        "routes": len(app.routes),
        "templates": count_files(app.folder / "templates"),
        "static": count_files(app.folder / "static"),
        "commands": [found.name for found in find_commands((app,))],
        "seconds": round(app.seconds, 6),
        "error": None
        if error is None
        else {"message": error.cause, "source": relative(error.source, root), "hint": error.hint},
    }


def origin_of(app: App, listing: Listing) -> str:
    """Say why the app is one: it lies in ``apps/``, a setting names its package, or a distribution offers it."""
    from scaffold.discovery import APPS_FOLDER

    if app.name in listing.plugins:
        return f"plug-in {listing.plugins[app.name]}"
    return APPS_FOLDER if app.package == f"{APPS_FOLDER}.{app.name}" else "INSTALLED_APPS"


def count_files(folder: Path) -> int:
    """Return the number of files below ``folder``, hidden ones left out."""
    from scaffold.staticfiles.finding import walk

    return sum(1 for _ in walk(folder))


def lines_of(listing: Listing) -> list[str]:
    """Return the table of the apps, and behind it the folders that were left out."""
    lines: list[str] = []
    if listing.apps:
        objects = [app_object(app, listing) for app in listing.apps]
        head, *rows = columns([_HEAD, *map(row_of, objects)], width(sys.stdout), shrink=(_FROM, 1, 0))
        lines = [styled(head, "dim", sys.stdout), *rows]
    if listing.skipped:
        lines += [""] if lines else []
        lines.append(styled("Left out:", "bold", sys.stdout))
        rows = columns([(f"  {relative(str(item.path), listing.root)}", item.reason) for item in listing.skipped], None)
        lines += rows
    return lines


def row_of(item: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of an app; one that is broken has no numbers of routes."""
    broken = item["error"] is not None
    return (
        item["name"],
        f"/{item['prefix']}",
        "broken" if broken else str(item["routes"]),
        str(item["templates"]),
        str(item["static"]),
        str(len(item["commands"])),
        f"{item['seconds'] * 1000:.1f} ms",
        item["folder"] if item["origin"] == "apps" else f"{item['package']} ({item['origin']})",
    )
