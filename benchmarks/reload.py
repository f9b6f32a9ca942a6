"""How long it takes from a save to the page that shows it, with reloaders of several frameworks, and what gets lost.

Run ``python benchmarks/reload.py`` with the interpreter that has Scaffold and its ``bench`` extra; the row about the
browser needs Chromium and its driver (Debian: ``apt-get install chromium chromium-driver``) and the ``dev`` extra. A
figure that is not met changes no exit status; a server that fails does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from browsing import browser_is_there, seconds_to_browser
from children import BenchmarkError, console_script, end_on_sigterm, run, served
from comparing import table, yes_or_no
from options import EXIT_FAILURE, EXIT_USAGE, peers_are_there, positive
from saving import Site, in_flight, median_seconds, requests_under_load, seconds_to_served, supervisor_load

__all__ = ["main"]

DEFAULT_SAVES = 50
LOADED_SAVES = 200
IN_FLIGHT_SAVES = 20
MANY_APPS, ROUTES_PER_APP = 100, 10
MANY_FILES = 50_000

WANTED_SECONDS = 0.060
WANTED_PEER_RATIO = 1 / 12
WANTED_MANY_SECONDS = 0.200
WANTED_BROWSER_SECONDS = 0.250
WANTED_IDLE_LOAD = 0.005

_PEER_MODULES = ("django", "flask", "uvicorn")

_FLASK = """import sys
from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "TEXT"


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), debug=True, reloader_type="stat")
"""
_UVICORN = """async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"TEXT"})
"""
_DJANGO_VIEWS = """from django.http import HttpResponse


def index(request):
    return HttpResponse("TEXT")
"""
_APP_URLS = """from scaffold import path

from . import views

urlpatterns = [path(f"page-{number}/", views.page) for number in range(ROUTES)]
"""
_APP_VIEWS = """from scaffold import Request


def page(request: Request) -> str:
    return "page"
"""

Row = tuple[str, str, str, bool | None]


def main() -> int:
    """Measure what the command line asks for, print the table, and return the exit status."""
    options = _parse()
    if not peers_are_there(_PEER_MODULES):
        return EXIT_USAGE
    end_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            rows = [row for measure in measures(Path(folder), options) for row in measure()]
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    print(table(("what", "measured", "wanted", "met"), ((*row[:3], yes_or_no(row[3])) for row in rows)))
    return 0


def measures(folder: Path, options: argparse.Namespace) -> Sequence[Callable[[], Iterator[Row]]]:
    """Return what to measure, in order; ``folder`` is an empty one to work in."""
    found = {
        "peers": partial(beside_peers, folder, options.saves),
        "apps": partial(many_apps, folder, options.saves),
        "load": partial(under_load, folder),
        "flight": partial(long_requests, folder),
        "idle": partial(idle, folder),
        "browser": partial(in_browser, folder, options.saves),
    }
    return [measure for name, measure in found.items() if options.only in name]


def beside_peers(folder: Path, saves: int) -> Iterator[Row]:
    """Compare the time from a save to the answer that shows it."""
    ours = _median(our_site(folder / "ours"), saves)
    yield ("save to served, generated project", _milliseconds(ours), "at most 60 ms", ours <= WANTED_SECONDS)
    sites = (flask_site(folder), uvicorn_site(folder), django_site(folder))
    peers = {site.name: _median(site, saves) for site in sites}
    best = min(peers.values())
    for name, seconds in peers.items():
        wanted = "at least 12 times ours" if seconds == best else "-"
        met = ours / seconds <= WANTED_PEER_RATIO if seconds == best else None
        yield (f"... {name}", f"{_milliseconds(seconds)}, {seconds / ours:.0f} times ours", wanted, met)


def many_apps(folder: Path, saves: int) -> Iterator[Row]:
    """Measure the same in a project of many apps."""
    site = our_site(folder / "many")
    for number in range(MANY_APPS):
        app = site.folder / f"apps/app_{number}"
        app.mkdir()
        (app / "__init__.py").touch()
        (app / "urls.py").write_text(_APP_URLS.replace("ROUTES", str(ROUTES_PER_APP)))
        (app / "views.py").write_text(_APP_VIEWS)
    seconds = _median(site, saves)
    what = f"save to served, {MANY_APPS} apps of {ROUTES_PER_APP} routes more"
    yield (what, _milliseconds(seconds), "at most 200 ms", seconds <= WANTED_MANY_SECONDS)


def under_load(folder: Path) -> Iterator[Row]:
    """Count what goes wrong for clients that connect all the time while files are saved."""
    site = our_site(folder / "load")
    with served(site.command_for, site.folder) as server:
        asked, wrong = requests_under_load(site, server.port, LOADED_SAVES)
    what = f"requests refused, reset or stale, of {asked:,} during {LOADED_SAVES} saves"
    yield (what, str(wrong), "0", wrong == 0)


def long_requests(folder: Path) -> Iterator[Row]:
    """Count the requests of up to two seconds that are lost when their worker is replaced."""
    site = our_site(folder / "flight")
    with served(site.command_for, site.folder) as server:
        asked, lost = in_flight(site, server.port, IN_FLIGHT_SAVES)
    yield (f"requests of up to 2 s lost, of {asked} in flight at a save", str(lost), "0", lost == 0)


def idle(folder: Path) -> Iterator[Row]:
    """Measure what the supervisor does while nothing happens in a project with many ignored files."""
    site = our_site(folder / "idle")
    with (site.folder / ".gitignore").open("a") as rules:
        rules.write("/data/\n")
    for number in range(MANY_FILES):
        file = site.folder / f"data/{number // 500}/{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    with served(site.command_for, site.folder) as server:
        load = supervisor_load(server.port)
    what = f"processor that the supervisor takes when idle, {MANY_FILES:,} files more"
    yield (what, f"{load * 100:.2f} % of a core", "under 0.5 %", load < WANTED_IDLE_LOAD)


def in_browser(folder: Path, saves: int) -> Iterator[Row]:
    """Measure the time from a save to the page in a browser that nobody touches."""
    if not browser_is_there():
        yield ("save to the browser", "not measured: there is no Chromium or no Selenium", "at most 250 ms", None)
        return
    site = our_site(folder / "browser")
    with served(site.command_for, site.folder) as server:
        seconds = seconds_to_browser(site, server.port, saves)
    yield ("save to the browser", _milliseconds(seconds), "at most 250 ms", seconds <= WANTED_BROWSER_SECONDS)


def our_site(folder: Path) -> Site:
    """Generate a project."""
    scaffold = console_script("scaffold")
    run([scaffold, "startproject", "mysite", str(folder)], folder.parent)
    view = folder / "apps/home/views.py"
    text = view.read_text(encoding="utf-8")
    return Site(
        "Scaffold", folder, view, text, "Mysite", lambda port: [scaffold, "runserver", "--reload", f"127.0.0.1:{port}"]
    )


def flask_site(parent: Path) -> Site:
    """Write a Flask application that reloads by looking at its files, since its other way does not see them."""
    folder = _folder(parent / "flask", {"app.py": _FLASK})
    return Site("Flask", folder, folder / "app.py", _FLASK, "TEXT", lambda port: [sys.executable, "app.py", str(port)])


def uvicorn_site(parent: Path) -> Site:
    """Write an application for uvicorn."""
    folder = _folder(parent / "uvicorn", {"app.py": _UVICORN})
    command = [console_script("uvicorn"), "app:app", "--reload", "--log-level", "warning", "--port"]
    return Site("uvicorn", folder, folder / "app.py", _UVICORN, "TEXT", lambda port: [*command, str(port)])


def django_site(parent: Path) -> Site:
    """Write a Django project."""
    folder = parent / "django"
    folder.mkdir()
    run([console_script("django-admin"), "startproject", "config", "."], folder)
    urls = "from django.urls import path\nimport views\n\nurlpatterns = [path('', views.index)]\n"
    _folder(folder, {"views.py": _DJANGO_VIEWS, "config/urls.py": urls})
    command = [sys.executable, "manage.py", "runserver"]
    return Site("Django", folder, folder / "views.py", _DJANGO_VIEWS, "TEXT", lambda port: [*command, str(port)])


def _folder(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _median(site: Site, saves: int) -> float:
    with served(site.command_for, site.folder) as server:
        return median_seconds(seconds_to_served(site, server.port, number) for number in range(saves))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how long a save takes to be served, and what is lost.")
    parser.add_argument("--saves", type=positive, default=DEFAULT_SAVES, help="saves to measure (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="peers, apps, load, flight, idle or browser")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
