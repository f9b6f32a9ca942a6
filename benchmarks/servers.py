"""The servers that are compared: what starts each of them, and which site it serves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from children import console_script
from sites import SITES
from workloads import TEXT, WORKLOADS, Workload

__all__ = [
    "CHEROOT",
    "DJANGO",
    "DJANGO_CLOSING",
    "FLASK",
    "GRANIAN",
    "GUNICORN",
    "OURS",
    "PLAIN",
    "THREADS",
    "WAITRESS",
    "Server",
    "prepare",
]

OURS = "Scaffold"
PLAIN = "plain app, Scaffold's server"
WAITRESS = "plain app, waitress"
CHEROOT = "plain app, cheroot"
FLASK = "Flask, its own server"
DJANGO = "Django, its own server"
DJANGO_CLOSING = "Django, its own server, closing"
GUNICORN = "Flask, gunicorn gthread"
GRANIAN = "Flask, granian"
THREADS = "limit: bare threads"

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Server:
    """A contestant: its command for a port, the folder to start it in, and the work that it can do.

    One that is ``closing`` is asked to end the connection behind each answer.
    """

    name: str
    command_for: Callable[[int], list[str]]
    folder: Path
    workloads: tuple[Workload, ...] = WORKLOADS
    closing: bool = False


def prepare(folder: Path) -> list[Server]:
    """Write all sites below ``folder``, an empty one, and return the servers, ours first."""
    places = {name: folder / f"{name.lower()}_site" for name in ("Scaffold", "Flask", "Django", "plain")}
    references = {name: SITES[name](place, 0) for name, place in places.items()}

    def hosted(name: str, site: str, host: str) -> Server:
        command = [sys.executable, str(_HERE / "hosting.py"), host, references[site]]
        return Server(name, lambda port: [*command, str(port)], places[site])

    def limit(name: str, way: str) -> Server:
        command = [sys.executable, str(_HERE / "limits.py"), way]
        return Server(name, lambda port: [*command, str(port)], folder, (TEXT,))

    return [
        hosted(OURS, "Scaffold", "scaffold"),
        hosted(FLASK, "Flask", "flask"),
        Server(DJANGO, _django, places["Django"]),
        # It sends an answer in pieces, and on a kept connection the kernel holds the second one back for the client's
        # acknowledgement, some 40 ms. That is how it runs; without the wait one sees what it can do.
        Server(DJANGO_CLOSING, _django, places["Django"], closing=True),
        Server(GUNICORN, _gunicorn, places["Flask"]),
        Server(GRANIAN, _granian, places["Flask"]),
        hosted("Flask, waitress", "Flask", "waitress"),
        hosted("Flask, cheroot", "Flask", "cheroot"),
        hosted("Flask, wsgiref", "Flask", "wsgiref"),
        limit(THREADS, "threads"),
        limit("limit: bare asyncio", "asyncio"),
        hosted(PLAIN, "plain", "scaffold"),
        hosted(WAITRESS, "plain", "waitress"),
        hosted(CHEROOT, "plain", "cheroot"),
    ]


def _django(port: int) -> list[str]:
    # Without DEBUG its server gives out static files only when it is told to.
    return [sys.executable, "manage.py", "runserver", "--noreload", "--insecure", str(port)]


def _gunicorn(port: int) -> list[str]:
    workers = ["--worker-class", "gthread", "--workers", "1", "--threads", "4"]
    return [console_script("gunicorn"), *workers, "--bind", f"127.0.0.1:{port}", "app:app"]


def _granian(port: int) -> list[str]:
    return [console_script("granian"), "--interface", "wsgi", "--workers", "1", "--port", str(port), "app:app"]
