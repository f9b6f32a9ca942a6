"""What Scaffold itself costs at each request, without a server, against Bottle, Flask and Django.

Scaffold is a generated project with all of its middleware. Flask and Django have the same protections on, Bottle has
none.

Run ``python benchmarks/wsgi.py`` with the interpreter that has Scaffold and its ``bench`` extra. A figure that is not
met changes no exit status; a contestant that fails does.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from children import BenchmarkError, Dialogue, end_on_sigterm, talking
from comparing import MICROSECONDS, Case, Contestant, compare, markdown, write_json
from options import EXIT_FAILURE, EXIT_USAGE, peers_are_there, positive
from sites import SCAFFOLD_ROUTES, SITES
from workloads import JSON, PAGE, TEXT, Workload, is_right

__all__ = ["main"]

DEFAULT_RUNS = 15

FEW_ROUTES = 10
MANY_ROUTES = 10_000

WANTED_BOTTLE = 1.0
WANTED_FLASK = 1 / 5
WANTED_DJANGO = 1 / 8
WANTED_MANY_ROUTES = 1.1

# The highest ratio to each peer.
_WANTED: Mapping[Workload, Mapping[str, float]] = {
    workload: {"Bottle": WANTED_BOTTLE, "Flask": WANTED_FLASK, "Django": WANTED_DJANGO}
    for workload in (TEXT, JSON, PAGE)
}

# Name, framework, and how many pages its site has besides those that are called.
_MANY = "Scaffold, many routes"
_PAGES = FEW_ROUTES - SCAFFOLD_ROUTES
_CONTESTANTS = (
    ("Scaffold", "Scaffold", _PAGES),
    ("Bottle", "Bottle", _PAGES),
    ("Flask", "protected Flask", _PAGES),
    ("Django", "protected Django", _PAGES),
    (_MANY, "Scaffold", MANY_ROUTES - SCAFFOLD_ROUTES),
)

_CALLING = Path(__file__).with_name("calling.py")

_DISTRIBUTIONS = ("scaffold-web", "bottle", "django", "flask", "flask-talisman", "flask-wtf", "jinja2", "werkzeug")
_PEER_MODULES = ("bottle", "django", "flask", "flask_talisman", "flask_wtf")


def main() -> int:
    """Measure what the command line asks for, print the table, and return the exit status."""
    options = _parse()
    if not peers_are_there(_PEER_MODULES):
        return EXIT_USAGE
    end_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder, ExitStack() as running:
            callers = {
                name: running.enter_context(_calling(Path(folder), name, framework, pages))
                for name, framework, pages in _CONTESTANTS
            }
            rows = [row for case in cases(callers, options.only) for row in compare(case, options.runs)]
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    print(markdown(rows, MICROSECONDS))
    if options.json is not None:
        write_json(options.json, rows, _DISTRIBUTIONS)
    return 0


def cases(callers: Mapping[str, Dialogue], only: str = "") -> Iterator[Case]:
    """Yield the cases whose name holds ``only``; ``callers`` are the processes of `calling` by contestant."""

    def contestant(name: str, workload: Workload, wanted: float | None = None) -> Contestant:
        return Contestant(name, partial(_seconds, callers[name], workload), wanted)

    prepared = [
        Case(
            workload.name,
            contestant("Scaffold", workload),
            tuple(contestant(peer, workload, wanted) for peer, wanted in peers.items()),
        )
        for workload, peers in _WANTED.items()
    ]
    prepared += [
        Case(
            f"{workload.name}, {MANY_ROUTES} routes",
            contestant(_MANY, workload),
            (contestant("Scaffold", workload, WANTED_MANY_ROUTES),),
        )
        for workload in (TEXT, PAGE)
    ]
    return (case for case in prepared if only in case.what)


@contextmanager
def _calling(folder: Path, name: str, framework: str, pages: int) -> Iterator[Dialogue]:
    """Write a site and run `calling` on it, once it is sure that it answers what it should."""
    site = folder / f"{framework.lower().replace(' ', '_')}_site_{pages}"
    reference = SITES[framework](site, pages)
    with talking([sys.executable, str(_CALLING), reference], site) as caller:
        for workload in _WANTED:
            answer = json.loads(caller.ask(f"answer {workload.path}"))
            if answer["status"] != "200 OK" or not is_right(answer["body"].encode(), workload):
                raise BenchmarkError(f"{name}: {workload.path} got {answer['status']} {answer['body'][:200]!r}")
        yield caller


def _seconds(caller: Dialogue, workload: Workload) -> float:
    return float(caller.ask(f"seconds {workload.path}"))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what Scaffold and its peers cost at each request.")
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, help="rounds to measure (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure the cases whose name holds TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples to FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
