"""What the sections of the developer page show, as values that JSON has a form for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from scaffold.application import Application
from scaffold.checks import Finding, run_checks
from scaffold.developer.places import Places
from scaffold.exceptions import ScaffoldError
from scaffold.routing import Route

__all__ = ["apps_of", "as_matches", "findings_of", "findings_rows", "reload_rows", "route_row", "routes_of", "tree_of"]

Row = dict[str, Any]

_RELOAD_FILES = 20
LEFT_OUT = "left out"


def routes_of(app: Application, places: Places) -> list[Row]:
    """Return the routes in their order, that of the static files last."""
    routes = sorted(app.routes, key=lambda route: not route.app and route.name == "static")
    return [route_row(route, places) for route in routes]


def route_row(route: Route, places: Places) -> Row:
    """Return a route with the place where it was written."""
    place = places.of(route.source)
    return {
        "path": route.url,
        "methods": methods_of(route),
        "name": route.name,
        "app": route.app,
        "view": route.view_name,
        "source": place.text,
        "editor": place.url,
    }


def methods_of(route: Route) -> list[str]:
    """Return the methods without HEAD, which follows GET."""
    return sorted(route.methods - {"HEAD"}) or sorted(route.methods)


def as_matches(rows: Iterable[Row], text: str) -> list[Row]:
    """Return the rows that hold every word of ``text`` somewhere, in whatever case."""
    words = text.casefold().split()
    return [row for row in rows if all(word in _haystack(row) for word in words)]


def _haystack(row: Row) -> str:
    parts = (
        " ".join(value) if isinstance(value, list) else str(value) for name, value in row.items() if name != "editor"
    )
    return "\n".join(parts).casefold()


def apps_of(app: Application, places: Places) -> list[Row]:
    """Return the apps, those that failed and the folders that are none."""
    rows = [_app_row(item.name, item.prefix, item.folder, places, routes=len(item.routes)) for item in app.apps]
    for item in app.failed:
        cause = item.error.cause if item.error is not None else "it failed"
        rows.append(_app_row(item.name, item.prefix, item.folder, places, problem=cause))
    for skipped in app.discovery.skipped:
        problem = f"{LEFT_OUT}: {skipped.reason}"
        rows.append(_app_row(skipped.path.name, None, skipped.path, places, problem=problem))
    return rows


def _app_row(name: str, prefix: str | None, folder: Path, places: Places, *, routes: int = 0, problem: str = "") -> Row:
    return {
        "name": name,
        "prefix": "" if prefix is None else f"/{prefix}",
        "folder": places.of(str(folder)).text,
        "routes": routes,
        "problem": problem,
    }


def tree_of(rows: Sequence[Row]) -> Row:
    """Return the routes as a tree: each node has the ``text`` of a segment, its ``routes`` and its ``branches``.

    A route whose path ends in a slash stands at the segment before it. A branch that does not fork is one node.
    """
    root: Row = {"text": "/", "routes": [], "branches": {}}
    for row in rows:
        node = root
        pieces = row["path"].strip("/").split("/")
        if row["path"].startswith("//"):
            pieces[0] = f"//{pieces[0]}"  # a host
        for piece in pieces:
            if piece:
                node = node["branches"].setdefault(piece, {"text": f"{piece}/", "routes": [], "branches": {}})
        node["routes"].append(row)
        if node is not root and not row["path"].endswith("/") and len(node["routes"]) == 1:
            node["text"] = node["text"].rstrip("/")
    return _joined(root)


def _joined(node: Row) -> Row:
    branches = [_joined(branch) for branch in node["branches"].values()]
    if len(branches) == 1 and not node["routes"] and node["text"] != "/":
        only = branches[0]
        return {**only, "text": f"{node['text'].rstrip('/')}/{only['text']}"}
    return {"text": node["text"], "routes": node["routes"], "branches": branches}


def findings_of(app: Application | None, failures: Iterable[BaseException]) -> list[Finding]:
    """Return what checks find; of a project that could not be loaded, why."""
    if app is not None:
        return run_checks(app)
    return [
        Finding("error", "project.invalid", error.source, error.cause, error.hint)
        if isinstance(error, ScaffoldError)
        else Finding("error", "project.invalid", "", f"{type(error).__name__}: {error}", "Mend it; see the error page.")
        for error in failures
    ]


def findings_rows(findings: Iterable[Finding], places: Places, text: Callable[[str], str]) -> list[Row]:
    """Return the findings with links; ``text`` makes a text one that may be shown."""
    rows = []
    for finding in findings:
        place = places.of(finding.source)
        rows.append(
            {
                "level": finding.level,
                "id": finding.id,
                "message": text(finding.message),
                "hint": text(finding.hint),
                "source": place.text,
                "editor": place.url,
            }
        )
    return rows


def reload_rows(reloads: Iterable[Any], places: Places) -> list[Row]:
    """Return the reloads with links to the files that caused them, of many the first."""
    rows = []
    for item in reloads:
        files = [places.of(file) for file in item["files"][:_RELOAD_FILES]]
        rows.append(
            {
                "time": item["time"],
                "outcome": item["outcome"],
                "milliseconds": round(item["seconds"] * 1000, 1),
                "files": [{"source": place.text, "editor": place.url} for place in files],
                "more": max(0, len(item["files"]) - _RELOAD_FILES),
            }
        )
    return rows
