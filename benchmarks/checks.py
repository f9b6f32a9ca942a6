"""How long ``scaffold check`` takes as a project grows: 100, 300 and 1,000 apps with ten routes each.

Each app has ten views that render and link, two templates and a style sheet, all of them right. The command is a
process of its own, from its start to its end. It is linear when an app costs the same in the largest project.

Run ``python benchmarks/checks.py`` with the interpreter that has Scaffold. A figure that is not met changes no exit
status; a command that fails, or finds a mistake, does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from children import BenchmarkError, console_script, end_on_sigterm, run, seconds_to_end
from comparing import table, write_json, yes_or_no
from options import EXIT_FAILURE, positive
from peers import write_tree

__all__ = ["main"]

DEFAULT_RUNS = 5
SIZES = (100, 300, 1_000)
ROUTES_OF_AN_APP = 10

WANTED_SECONDS = 5.0
"""The most that the largest project may take."""

WANTED_GROWTH = 1.2
"""How much more an app may cost in the largest project than in the one before it."""

_HEAD = ("apps", "routes", "seconds", "ms an app", "wanted", "met")
_CLEAN = "No mistakes found."

_SETTINGS = """DEBUG = True
SECRET_KEY = "no-secret-at-all-though-long-enough-to-sign-with"
MIDDLEWARE = ["scaffold.middleware.request_ids.request_ids", "scaffold.middleware.sessions.sessions"]
"""

_URLS_HEAD = """from scaffold import path

from . import views

urlpatterns = [
"""

_VIEWS_HEAD = """from scaffold import Request, Response, render, url_for
"""

_VIEW = '''

def page_{route}(request: Request, id: int) -> Response:
    """Show a page."""
    if id == 0:
        return Response("There is none.", 404)
    link = url_for("{app}:page-{route}", id=id + 1)
    return render(request, "{app}/page.html", {{"id": id, "link": link}})
'''

_BASE = """<!doctype html>
<link rel="stylesheet" href="{{ static("APP/app.css") }}">
<body>{% block body %}{% endblock %}</body>
"""

_PAGE = """{% extends "APP/base.html" %}
{% block body %}<a href="{{ link }}">{{ id }}</a> <a href="{{ url_for("APP:page-0", id=1) }}">1</a>{% endblock %}
"""


@dataclass(frozen=True)
class Row:
    """The seconds that a project of one size takes, and the samples that they are the median of."""

    apps: int
    routes: int
    seconds: float
    wanted: str
    met: bool | None
    samples: tuple[float, ...]


def main() -> int:
    """Measure all sizes, print the table, and return the exit status."""
    options = _parse()
    end_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            rows = judged(dict(measured(Path(folder), options.sizes, options.runs)))
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    print(table(_HEAD, map(_cells, rows)))
    if options.json is not None:
        write_json(options.json, rows, ("scaffold-web",))
    return 0


def measured(folder: Path, sizes: tuple[int, ...], runs: int) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Yield each size with its samples; the sizes take turns, so that a busy machine slows all of them down."""
    command = [console_script("scaffold"), "check"]
    for size in sizes:
        write_project(folder / str(size), size)
        output = run(command, folder / str(size))  # and byte code is cached, as on a user's machine
        if _CLEAN not in output:
            raise BenchmarkError(f"scaffold check found something in {size} apps\n{output}")
    samples: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(runs):
        for size in sizes:
            samples[size].append(seconds_to_end(command, folder / str(size)))
    yield from ((size, tuple(values)) for size, values in samples.items())


def judged(samples: dict[int, tuple[float, ...]]) -> list[Row]:
    """Return a row a size; the largest of them is held against what is wanted."""
    largest = max(samples)
    before = max((size for size in samples if size != largest), default=largest)
    rows = []
    for size, values in sorted(samples.items()):
        seconds, wanted, met = median(values), "-", None
        if size == largest:
            growth = (seconds / size) / (median(samples[before]) / before)
            wanted = f"under {WANTED_SECONDS:g} s; an app {growth:.2f} times that of {before}, at most {WANTED_GROWTH}"
            met = seconds < WANTED_SECONDS and growth <= WANTED_GROWTH
        rows.append(Row(size, size * ROUTES_OF_AN_APP, seconds, wanted, met, values))
    return rows


def _cells(row: Row) -> tuple[str, ...]:
    each = f"{row.seconds / row.apps * 1000:.2f}"
    return (str(row.apps), str(row.routes), f"{row.seconds:.2f}", each, row.wanted, yes_or_no(row.met))


def write_project(folder: Path, apps: int) -> None:
    """Write a project without mistakes."""
    files = {
        "manage.py": "from scaffold.cli import manage\n\nmanage()\n",
        "config/__init__.py": "",
        "config/settings.py": _SETTINGS,
        "apps/__init__.py": "",
    }
    for number in range(apps):
        files |= _app(f"app_{number}")
    write_tree(folder, files)


def _app(app: str) -> dict[str, str]:
    routes = range(ROUTES_OF_AN_APP)
    paths = [f'    path("page-{route}/<int:id>/", views.page_{route}, name="page-{route}"),\n' for route in routes]
    return {
        f"apps/{app}/__init__.py": "",
        f"apps/{app}/urls.py": f"{_URLS_HEAD}{''.join(paths)}]\n",
        f"apps/{app}/views.py": _VIEWS_HEAD + "".join(_VIEW.format(app=app, route=route) for route in routes),
        f"apps/{app}/templates/{app}/base.html": _BASE.replace("APP", app),
        f"apps/{app}/templates/{app}/page.html": _PAGE.replace("APP", app),
        f"apps/{app}/static/{app}/app.css": "body { margin: 0 }\n",
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, metavar="N", help="runs of each size")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows with all samples, in seconds")
    parser.add_argument(
        "--sizes", type=positive, nargs="+", default=SIZES, metavar="APPS", help="how many apps the projects have"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
