"""Load on a server, made by wrk, and what came of it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from children import COMMAND_TIMEOUT_SECONDS, BenchmarkError, run
from workloads import Workload

__all__ = ["Load", "put_load", "wrk_is_there"]

_SCRIPT = Path(__file__).with_name("load.lua")
_MARK = "LOAD "
_MICROSECONDS = 1e6

_ERRORS = {
    "connect": "failed connects",
    "read": "failed reads",
    "write": "failed writes",
    "timeout": "time-outs",
    "status": "wrong statuses",
}


@dataclass(frozen=True)
class Load:
    """A run of wrk: requests a second, the median and the 99th percentile of the latency in seconds, and errors.

    ``errors`` counts what went wrong by kind; kinds that did not occur are not there.
    """

    rate: float
    p50: float
    p99: float
    errors: Mapping[str, int]


def wrk_is_there() -> bool:
    """Return whether wrk is installed; if not, say on standard error how to install it."""
    if shutil.which("wrk") is not None:
        return True
    print("Not installed: wrk, which makes the load", file=sys.stderr)
    print("Install it: apt-get install wrk, or from https://github.com/wg/wrk", file=sys.stderr)
    return False


def put_load(port: int, workload: Workload, connections: int, seconds: int, *, closing: bool = False) -> Load:
    """Ask the server at ``port`` for the workload through so many connections at once, each as fast as it can.

    With ``closing`` the server is asked to close the connection behind each answer. One that does so without a word
    about it has sent all of the answer, so what wrk then counts as a failed read is none.
    """
    url = f"http://127.0.0.1:{port}{workload.path}"
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", str(_SCRIPT)]
    if closing:
        command += ["-H", "Connection: close"]
    for name, value in workload.fields.items():
        command += ["-H", f"{name}: {value}"]
    command.append(url)
    if workload.upload_bytes:
        command += ["--", str(workload.upload_bytes)]
    output = run(command, _SCRIPT.parent, seconds + COMMAND_TIMEOUT_SECONDS)
    found = next((line for line in output.splitlines() if line.startswith(_MARK)), None)
    if found is None:
        raise BenchmarkError(f"{' '.join(command)}: nothing was measured\n{output}")
    measured = json.loads(found.removeprefix(_MARK))
    if closing:
        measured["read"] = max(0, measured["read"] - measured["requests"])
    return Load(
        rate=measured["requests"] / measured["duration"] * _MICROSECONDS,
        p50=measured["p50"] / _MICROSECONDS,
        p99=measured["p99"] / _MICROSECONDS,
        errors={name: measured[key] for key, name in _ERRORS.items() if measured[key]},
    )
