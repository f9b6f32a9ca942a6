"""What a worker that serves the generated project takes of memory, against Flask's hello world on the same server.

Run ``python benchmarks/memory.py`` with the interpreter that has Scaffold and its ``bench`` extra; it needs Linux. A
figure that is not met changes no exit status; a server that fails does.
"""

from __future__ import annotations

import argparse
import http.client
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from children import BenchmarkError, console_script, end_on_sigterm, run, served
from comparing import table, write_json, yes_or_no
from options import EXIT_FAILURE, EXIT_USAGE, peers_are_there, positive
from peers import write_tree

__all__ = ["main"]

DEFAULT_RUNS = 5
DEFAULT_REQUESTS = 200
WANTED = 1.10
TIMEOUT_SECONDS = 30
KIBIBYTES_PER_MEBIBYTE = 1024

_DISTRIBUTIONS = ("scaffold-web", "flask", "werkzeug", "jinja2", "gunicorn")
_PEER_MODULES = ("flask", "gunicorn")
_HELLO = """from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return "<p>Hello, World!</p>"
"""
_FIELD = re.compile(r"^(Rss|Pss):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One measure of memory in MiB: medians, the median of the ratios of each round, and all samples."""

    what: str
    ours: float
    peer: float
    ratio: float
    wanted: float | None
    ours_samples: tuple[float, ...]
    peer_samples: tuple[float, ...]


def main() -> int:
    """Measure what the command line asks for, print the table, and return the exit status."""
    options = _parse()
    end_on_sigterm()
    if not peers_are_there(_PEER_MODULES):
        return EXIT_USAGE
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            rows = measure(Path(folder), options.runs, options.requests)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    print(table(("what", "Scaffold's project", "Flask's hello world", "ratio", "wanted", "met"), map(_cells, rows)))
    if options.json is not None:
        write_json(options.json, rows, _DISTRIBUTIONS)
    return 0


def measure(folder: Path, runs: int, requests: int) -> list[Row]:
    """Let both sites serve in turn, ``runs`` times, and return a row for each kind of memory."""
    run([console_script("scaffold"), "startproject", "mysite"], folder)
    project = folder / "mysite"
    settings = (project / ".env").read_text().replace("DEBUG=true", "DEBUG=false")
    (project / ".env").write_text(f"{settings}ALLOWED_HOSTS=127.0.0.1\n")
    run([console_script("scaffold"), "collectstatic"], project)
    write_tree(folder / "flask", {"app.py": _HELLO})
    rounds = [
        (memory(project, "config.wsgi:application", requests), memory(folder / "flask", "app:app", requests))
        for _ in range(runs)
    ]
    return [_row("proportional (PSS)", "Pss", rounds, WANTED), _row("resident (RSS)", "Rss", rounds, WANTED)]


def memory(folder: Path, application: str, requests: int) -> dict[str, float]:
    """Return what gunicorn's one worker of four threads takes after ``requests`` answers: MiB by kind."""
    pid_file = folder / "gunicorn.pid"
    with served(_command(application, pid_file), folder) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
        for _ in range(requests):
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise BenchmarkError(f"answered {answer.status}")
        connection.close()
        master = pid_file.read_text().strip()
        (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        found = _FIELD.findall(Path(f"/proc/{worker}/smaps_rollup").read_text())
        return {name: int(size) / KIBIBYTES_PER_MEBIBYTE for name, size in found}


def _command(application: str, pid_file: Path) -> Callable[[int], list[str]]:
    options = ["--worker-class=gthread", "--workers=1", "--threads=4", f"--pid={pid_file}"]
    return lambda port: [console_script("gunicorn"), *options, f"--bind=127.0.0.1:{port}", application]


def _row(what: str, kind: str, rounds: list[tuple[dict[str, float], dict[str, float]]], wanted: float) -> Row:
    ours = tuple(mine[kind] for mine, _ in rounds)
    peer = tuple(theirs[kind] for _, theirs in rounds)
    ratio = median(mine / theirs for mine, theirs in zip(ours, peer, strict=True))
    return Row(what, median(ours), median(peer), ratio, wanted, ours, peer)


def _cells(row: Row) -> tuple[str, ...]:
    wanted = "-" if row.wanted is None else f"at most {row.wanted:.2f}"
    met = None if row.wanted is None else row.ratio <= row.wanted
    return (row.what, f"{row.ours:.1f} MiB", f"{row.peer:.1f} MiB", f"{row.ratio:.2f}", wanted, yes_or_no(met))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what a worker takes of memory.")
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, help="times to start each site (%(default)s)")
    parser.add_argument("--requests", type=positive, default=DEFAULT_REQUESTS, help="answers before it (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples, in MiB, to FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
