"""What it costs to find a route, with few and with many of them and beside other routers, and to load many apps.

Lookups are called in a loop, without a request around them: ours against ours with 10 routes, and against Werkzeug's
``MapAdapter.match``, Bottle's ``Router.match`` and Falcon's compiled router with 1,000 routes of the same shape.
Loading is a process of its own that imports 1,000 apps with 10 routes each and looks for conflicts, against a process
in which Django imports the same.

Run ``python benchmarks/routing.py`` with the interpreter that has Scaffold and its ``bench`` extra. A figure that is
not met changes no exit status; a contestant that fails does.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import process_time

from bottle import HTTPError as BottleError
from bottle import Router as BottleRouter
from children import BenchmarkError, console_script, end_on_sigterm, run, seconds_to_end
from comparing import MICROSECONDS, MILLISECONDS, Case, Contestant, Unit, compare, markdown, write_json
from falcon.routing import CompiledRouter
from options import EXIT_FAILURE, positive
from peers import write_tree
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from scaffold import path
from scaffold.routing import Match, Miss, Resolver, compile_patterns

__all__ = ["main"]

DEFAULT_RUNS = 15

FEW_ROUTES = 10
SOME_ROUTES = 1_000
MANY_ROUTES = 10_000
APPS = 1_000
ROUTES_OF_AN_APP = 10

WANTED_MANY = 1.1
WANTED_WERKZEUG = 0.6
WANTED_BOTTLE = 0.3
WANTED_DJANGO_IMPORT = 0.5

# A sample is as many calls as this takes: long against the clock's resolution.
SAMPLE_SECONDS = 0.05
BATCH_CALLS = 1_000

_DISTRIBUTIONS = ("scaffold-web", "bottle", "django", "falcon", "werkzeug")

# Routes by the shape of their tree; {} is a number.
SIBLINGS = ("page-{}/",)
NESTED = (
    "section-{}/",
    "section-{}/<int:id>/",
    "section-{}/<int:id>/edit/",
    "section-{}/tags/<name>/",
    "section-{}/a/b/c/d/<int:id>/e/<name>/",
)

# What is looked up, by the shape: a path, with the number of the last route for {}.
LOOKUPS = {
    "siblings, hit": (SIBLINGS, "/page-{}/"),
    "siblings, miss": (SIBLINGS, "/nothing-{}/"),
    "nested, literal hit": (NESTED, "/section-{}/"),
    "nested, hit": (NESTED, "/section-{}/7/"),
    "nested, deep hit": (NESTED, "/section-{}/a/b/c/d/7/e/x/"),
    "nested, miss": (NESTED, "/section-{}/a/b/c/d/7/f/x/"),
}

Lookup = Callable[[], object]

_APP_URLS = """from IMPORTS import path

from . import views

urlpatterns = [
    path("", views.view),
    path("new/", views.view),
    path("<int:id>/", views.view),
    path("<int:id>/edit/", views.view),
    path("<slug:slug>/", views.view),
    path("by/<str:name>/", views.view),
    path("by/<str:name>/<int:page>/", views.view),
    path("on/<int:year>/<int:month>/", views.view),
    path("files/<path:file>", views.view),
    path("about/", views.view),
]
"""
_APP_VIEWS = "def view(request, **values):\n    return None\n"

_DJANGO_APP = {
    "apps.py": 'from django.apps import AppConfig\n\n\nclass App{0}Config(AppConfig):\n    name = "app{0}"\n',
    "models.py": "from django.db import models\n\n# Create your models here.\n",
}

_LOAD_SCAFFOLD = """from pathlib import Path

from scaffold import Application

application = Application.from_project(Path(__file__).parent)
assert len(application.routes) > COUNT
"""

_LOAD_DJANGO = """import os

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django

django.setup()
from django.urls import get_resolver

assert sum(len(included.url_patterns) for included in get_resolver().url_patterns) >= COUNT
"""


def main() -> int:
    """Measure what the command line asks for, print the tables, and return the exit status."""
    options = _parse()
    end_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            tables = [
                _measured(lookup_cases(), options, MICROSECONDS),
                _measured(loading_cases(Path(folder), options.only), options, MILLISECONDS),
            ]
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    if options.json is not None:
        write_json(options.json, [row for rows in tables for row in rows], _DISTRIBUTIONS)
    return 0


def _measured(cases: Iterator[Case], options: argparse.Namespace, unit: Unit) -> list[object]:
    rows = [row for case in cases if options.only in case.what for row in compare(case, options.runs)]
    if rows:
        print(markdown(rows, unit), flush=True)
    return list(rows)


def lookup_cases() -> Iterator[Case]:
    """Yield the cases of a lookup: 10,000 routes against 10, then 1,000 against the same with other routers."""
    for what, (rules, target) in LOOKUPS.items():
        few, many = (ours(rules, target, count) for count in (FEW_ROUTES, MANY_ROUTES))
        yield Case(
            f"{what}, {MANY_ROUTES} routes",
            Contestant(f"{MANY_ROUTES} routes", partial(seconds, many)),
            (Contestant(f"{FEW_ROUTES} routes", partial(seconds, few), WANTED_MANY),),
        )
    for what, (rules, target) in LOOKUPS.items():
        peers = (
            Contestant("Werkzeug", partial(seconds, by_werkzeug(rules, target)), WANTED_WERKZEUG),
            Contestant("Bottle", partial(seconds, by_bottle(rules, target)), WANTED_BOTTLE),
            Contestant("Falcon", partial(seconds, by_falcon(rules, target))),
        )
        yield Case(what, Contestant("Scaffold", partial(seconds, ours(rules, target, SOME_ROUTES))), peers)


def seconds(lookup: Lookup) -> float:
    """Return the CPU seconds of one call of ``lookup``."""
    calls, start = 0, process_time()
    while (passed := process_time() - start) < SAMPLE_SECONDS:
        for _ in itertools.repeat(None, BATCH_CALLS):
            lookup()
        calls += BATCH_CALLS
    return passed / calls


def ours(rules: tuple[str, ...], target: str, count: int) -> Lookup:
    """Return a lookup of ``target`` among ``count`` routes."""
    patterns = [path(rule, _view) for rule in written(rules, count)]
    resolver = Resolver(compile_patterns(patterns))
    wanted = last(rules, target, count)
    found = resolver.resolve(wanted, "GET")
    if isinstance(found, Miss if "nothing" in target or "/f/" in target else Match):
        return partial(resolver.resolve, wanted, "GET")
    raise BenchmarkError(f"{wanted} leads to {found}")


def by_werkzeug(rules: tuple[str, ...], target: str) -> Lookup:
    """Return a lookup by Werkzeug; a miss is caught, as whoever calls it must."""
    match = Map([Rule(f"/{rule}", endpoint=rule) for rule in written(rules, SOME_ROUTES)]).bind("localhost").match
    wanted = last(rules, target, SOME_ROUTES)

    def lookup() -> object:
        try:
            return match(wanted, "GET")
        except NotFound:
            return None

    return lookup


def by_bottle(rules: tuple[str, ...], target: str) -> Lookup:
    """Return a lookup by Bottle; a miss is caught, as whoever calls it must."""
    router = BottleRouter()
    for rule in written(rules, SOME_ROUTES):
        router.add(f"/{rule.replace('<int:id>', '<id:int>')}", "GET", rule)
    environ = {"PATH_INFO": last(rules, target, SOME_ROUTES), "REQUEST_METHOD": "GET"}

    def lookup() -> object:
        try:
            return router.match(environ)
        except BottleError:
            return None

    return lookup


def by_falcon(rules: tuple[str, ...], target: str) -> Lookup:
    """Return a lookup by Falcon, which knows no final slash."""
    router = CompiledRouter()
    for rule in written(rules, SOME_ROUTES):
        template = rule.replace("<int:id>", "{id:int}").replace("<name>", "{name}").rstrip("/")
        router.add_route(f"/{template}", _Resource())
    wanted = last(rules, target, SOME_ROUTES).rstrip("/")
    router.find(wanted)  # which compiles it
    return partial(router.find, wanted)


def written(rules: tuple[str, ...], count: int) -> Iterator[str]:
    """Yield ``count`` routes."""
    for number in range(count // len(rules)):
        yield from (rule.format(number) for rule in rules)


def last(rules: tuple[str, ...], target: str, count: int) -> str:
    """Return the path that leads to the last routes."""
    return target.format(count // len(rules) - 1)


def _view(request: object, **values: object) -> str:
    return f"{request} {values}"


class _Resource:
    def on_get(self, request: object, response: object, **values: object) -> None:
        """Answer nothing."""


def loading_cases(folder: Path, only: str) -> Iterator[Case]:
    """Yield the case of loading many apps."""
    what = f"loading {APPS} apps of {ROUTES_OF_AN_APP} routes"
    if only not in what:
        return
    write_scaffold_project(folder / "scaffold")
    write_django_project(folder / "django")
    write_django_project(folder / "registered", are_registered=True)

    def loading(name: str, project: str, wanted: float | None = None) -> Contestant:
        return Contestant(name, partial(seconds_to_end, [sys.executable, "load.py"], folder / project), wanted)

    peers = (
        loading("Django", "django", WANTED_DJANGO_IMPORT),
        loading("Django, registered and checked", "registered"),
    )
    yield Case(what, loading("Scaffold", "scaffold"), peers)


def write_scaffold_project(folder: Path) -> None:
    """Write a project whose apps have nothing but routes, and what loads it."""
    files = {
        "config/settings.py": "DEBUG = False\nSECRET_KEY = 'no-secret-at-all-though-long-enough-to-sign-with'\n",
        "load.py": _LOAD_SCAFFOLD.replace("COUNT", str(APPS * ROUTES_OF_AN_APP)),
    }
    for number in range(APPS):
        files |= _app(f"apps/app{number}", "scaffold")
    write_tree(folder, files)


def write_django_project(folder: Path, *, are_registered: bool = False) -> None:
    """Write the same for Django, as ``startproject`` does, with an ``include`` an app.

    Apps that ``are_registered`` have what ``startapp`` writes for that, and Django's own checks run over them.
    """
    folder.mkdir()
    run([console_script("django-admin"), "startproject", "config", "."], folder)
    includes = "".join(f'    path("app{number}/", include("app{number}.urls")),\n' for number in range(APPS))
    files = {
        "config/urls.py": f"from django.urls import include, path\n\nurlpatterns = [\n{includes}]\n",
        "load.py": _LOAD_DJANGO.replace("COUNT", str(APPS * ROUTES_OF_AN_APP)),
    }
    if are_registered:
        files["load.py"] += "\nfrom django.core.checks import run_checks\n\nassert not run_checks()\n"
    for number in range(APPS):
        files |= _app(f"app{number}", "django.urls")
        if are_registered:
            files |= {f"app{number}/{name}": text.format(number) for name, text in _DJANGO_APP.items()}
    write_tree(folder, files)
    if are_registered:
        with (folder / "config" / "settings.py").open("a", encoding="utf-8") as settings:
            settings.write(f"\nINSTALLED_APPS += {[f'app{number}' for number in range(APPS)]!r}\n")


def _app(folder: str, imports: str) -> dict[str, str]:
    return {
        f"{folder}/__init__.py": "",
        f"{folder}/urls.py": _APP_URLS.replace("IMPORTS", imports),
        f"{folder}/views.py": _APP_VIEWS,
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what routes cost.")
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, help="rounds to measure (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure the cases whose name holds TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples to FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
