"""How fast a large static file is served over a socket: whole, as a 304, and in part, beside Flask and WhiteNoise.

Run ``python benchmarks/files.py`` with the interpreter that has Scaffold and its ``bench`` extra, and wrk. A figure
that is not met changes no exit status; a server that fails does.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from children import BenchmarkError, console_script, end_on_sigterm, served
from comparing import table, write_json, yes_or_no
from load import Load, put_load, wrk_is_there
from options import EXIT_FAILURE, EXIT_USAGE, peers_are_there, positive
from peers import write_tree
from workloads import Workload

__all__ = ["main"]

DEFAULT_RUNS = 3
DEFAULT_SECONDS = 2
CONNECTIONS = 32
FILE_BYTES = 1024 * 1024
RANGE_BYTES = 64 * 1024
TIMEOUT_SECONDS = 10.0

OURS = "Scaffold"
OURS_ON_GUNICORN = "Scaffold, gunicorn gthread"
FLASK = "Flask, gunicorn gthread"
WHITENOISE = "WhiteNoise, gunicorn gthread"
PAIRS = ((OURS, FLASK), (OURS, WHITENOISE), (OURS_ON_GUNICORN, FLASK), (OURS_ON_GUNICORN, WHITENOISE))
WANTED = 1.0

_HERE = Path(__file__).parent
_NAME = "large.bin"
_PATH = f"/static/{_NAME}"
_APPS = {
    "ours": """from scaffold import Application

app = Application({"DEBUG": False, "ALLOWED_HOSTS": ["127.0.0.1"]})
""",
    "flask": """from flask import Flask

app = Flask(__name__)
""",
    "whitenoise": """from whitenoise import WhiteNoise


def missing(environ, start_response):
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


app = WhiteNoise(missing, root="static", prefix="static/")
""",
}


@dataclass(frozen=True)
class Contestant:
    """A server: what starts it for a port, and which of the sites it serves."""

    name: str
    site: str
    command_for: Callable[[int], list[str]]


@dataclass(frozen=True)
class Row:
    """Requests a second of ours and of a peer, and the median of the ratios of each round."""

    what: str
    ours: str
    ours_rate: float
    peer: str
    peer_rate: float
    ratio: float
    met: bool


def main() -> int:
    """Measure what the command line asks for, print the table, and return the exit status."""
    options = _parse()
    if not (wrk_is_there() and peers_are_there(("flask", "gunicorn", "whitenoise"))):
        return EXIT_USAGE
    end_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            for site, text in _APPS.items():
                write_tree(Path(folder, site), {"app.py": text, f"static/{_NAME}": "x" * FILE_BYTES})
            loads = _measure(Path(folder), options.runs, options.seconds)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    rows = [_row(what, ours, peer, found) for what, found in loads.items() for ours, peer in PAIRS]
    print(table(("what", "ours", "peer", "ratio", "wanted", "met"), (_cells(row) for row in rows)))
    if options.json is not None:
        versions = ("scaffold-web", "flask", "gunicorn", "werkzeug", "whitenoise")
        samples = {
            what: {name: [asdict(load) for load in runs] for name, runs in by.items()} for what, by in loads.items()
        }
        write_json(options.json, rows, versions, loads=samples)
    return 0


def _contestants() -> list[Contestant]:
    hosting = [sys.executable, str(_HERE / "hosting.py"), "scaffold", "app:app"]
    return [
        Contestant(OURS, "ours", lambda port: [*hosting, str(port)]),
        Contestant(OURS_ON_GUNICORN, "ours", _gunicorn),
        Contestant(FLASK, "flask", _gunicorn),
        Contestant(WHITENOISE, "whitenoise", _gunicorn),
    ]


def _gunicorn(port: int) -> list[str]:
    workers = ["--worker-class", "gthread", "--workers", "1", "--threads", "4"]
    return [console_script("gunicorn"), *workers, "--bind", f"127.0.0.1:{port}", "app:app"]


def _measure(folder: Path, runs: int, seconds: int) -> dict[str, dict[str, list[Load]]]:
    """Let each contestant answer each kind of request in each round, its server started for its turn."""
    loads: dict[str, dict[str, list[Load]]] = {}
    for number in range(1, runs + 1):
        for contestant in _contestants():
            with served(contestant.command_for, folder / contestant.site, _PATH) as running:
                for what, fields in _requests(running.port).items():
                    workload = Workload(what, _PATH, b"", fields=fields)
                    load = put_load(running.port, workload, CONNECTIONS, seconds)
                    loads.setdefault(what, {}).setdefault(contestant.name, []).append(load)
                    print(f"round {number} of {runs}: {what}: {contestant.name}: {load.rate:.0f}/s", file=sys.stderr)
    return loads


def _requests(port: int) -> Mapping[str, Mapping[str, str]]:
    """Return the fields of each kind of request, having looked at whether it is answered as it should be."""
    status, headers, body = _ask(port, {})
    if (status, len(body)) != (200, FILE_BYTES):
        raise BenchmarkError(f"the file: got {status} and {len(body)} bytes")
    validator = {"If-None-Match": headers["ETag"]} if "ETag" in headers else {}
    requests = {
        "1 MiB": {},
        "304": validator or {"If-Modified-Since": headers["Last-Modified"]},
        "range, 64 KiB": {"Range": f"bytes={RANGE_BYTES}-{2 * RANGE_BYTES - 1}"},
    }
    for what, wanted in (("304", (304, 0)), ("range, 64 KiB", (206, RANGE_BYTES))):
        status, _, body = _ask(port, requests[what])
        if (status, len(body)) != wanted:
            raise BenchmarkError(f"{what}: got {status} and {len(body)} bytes")
    return requests


def _ask(port: int, fields: Mapping[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", _PATH, headers=dict(fields))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise BenchmarkError(f"GET {_PATH} got no answer: {error!r}") from error
    finally:
        connection.close()


def _row(what: str, ours: str, peer: str, loads: Mapping[str, list[Load]]) -> Row:
    mine, theirs = ([load.rate for load in loads[name]] for name in (ours, peer))
    ratio = median(one / other for one, other in zip(mine, theirs, strict=True))
    faultless = not any(load.errors for load in loads[ours])
    return Row(what, ours, median(mine), peer, median(theirs), ratio, faultless and ratio >= WANTED)


def _cells(row: Row) -> tuple[str, ...]:
    rates = (f"{row.ours_rate:.0f}/s ({row.ours})", f"{row.peer_rate:.0f}/s ({row.peer})")
    return (row.what, *rates, f"{row.ratio:.2f}", f"at least {WANTED:.2g}", yes_or_no(row.met))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how a large static file is served.")
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, help="rounds to measure (%(default)s)")
    parser.add_argument("--seconds", type=positive, default=DEFAULT_SECONDS, help="length of a run (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples to FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
