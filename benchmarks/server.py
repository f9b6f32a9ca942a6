"""How fast Scaffold's server is with a whole application behind it, against the servers and frameworks beside it.

Run ``python benchmarks/server.py`` with the interpreter that has Scaffold and its ``bench`` extra. The load is made by
wrk, which Debian and Ubuntu have: ``apt-get install wrk``. A figure that is not met changes no exit status; a server
that fails does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from children import BenchmarkError, end_on_sigterm, served
from comparing import write_json
from load import Load, put_load, wrk_is_there
from options import EXIT_FAILURE, EXIT_USAGE, peers_are_there, positive
from servers import OURS, Server, prepare
from verdicts import CONNECTIONS, Case, Loads, loads_table, verdicts, verdicts_table
from workloads import TEXT, WORKLOADS, ask

__all__ = ["main"]

DEFAULT_RUNS = 3
DEFAULT_SECONDS = 3
WARM_UP_REQUESTS = 20

_DISTRIBUTIONS = ("scaffold-web", "cheroot", "django", "flask", "granian", "gunicorn", "waitress", "werkzeug")
_PEER_MODULES = ("cheroot", "django", "flask", "granian", "gunicorn", "waitress")


def main() -> int:
    """Measure what the command line asks for, print the tables, and return the exit status."""
    options = _parse()
    if not (wrk_is_there() and peers_are_there(_PEER_MODULES)):
        return EXIT_USAGE
    end_on_sigterm()
    cases = [Case(workload, connections) for workload in WORKLOADS for connections in CONNECTIONS]
    if options.quick:
        options.runs = options.seconds = 1
        cases = [case for case in cases if case.workload is TEXT]
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            turns = list(_turns(cases, prepare(Path(folder)), options.only))
            loads = measure(turns, options.runs, options.seconds)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    found = verdicts(loads)
    print(f"{loads_table(loads)}\n\n{verdicts_table(found)}")
    if options.json is not None:
        write_json(options.json, found, _DISTRIBUTIONS, loads=_plain(loads))
    return 0


def _turns(cases: Iterable[Case], servers: Iterable[Server], only: str) -> Iterator[tuple[Case, Server]]:
    """Yield who does what, as far as ``only`` is in the name of the case or of the server; ours goes with a server."""
    servers = list(servers)
    for case in cases:
        able = [server for server in servers if case.workload in server.workloads]
        chosen = [server for server in able if only in case.name or only in server.name]
        for server in able:
            if server in chosen or (chosen and server.name == OURS):
                yield case, server


def measure(turns: Iterable[tuple[Case, Server]], runs: int, seconds: int) -> Loads:
    """Take all turns in each of so many rounds, and return the loads by case and server.

    A server is started for its turn and ended behind it, so that the contestants never run at the same time.
    """
    loads: dict[tuple[Case, str], list[Load]] = {}
    turns = list(turns)
    for number in range(1, runs + 1):
        for case, server in turns:
            with served(server.command_for, server.folder, TEXT.path) as running:
                ask(running.port, case.workload, WARM_UP_REQUESTS)
                load = put_load(running.port, case.workload, case.connections, seconds, closing=server.closing)
            loads.setdefault((case, server.name), []).append(load)
            print(f"round {number} of {runs}: {case.name}: {server.name}: {load.rate:.0f}/s", file=sys.stderr)
    return loads


def _plain(loads: Loads) -> list[dict[str, object]]:
    return [
        {"what": case.name, "server": name, "runs": [asdict(load) for load in runs]}
        for (case, name), runs in loads.items()
    ]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how much Scaffold and its peers serve.")
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, help="rounds to measure (%(default)s)")
    parser.add_argument("--seconds", type=positive, default=DEFAULT_SECONDS, help="length of a run (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases or servers whose name holds TEXT")
    parser.add_argument("--quick", action="store_true", help="the text only, one round of one second")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples to FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
