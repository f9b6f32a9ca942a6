"""A site whose source is saved again and again, and clients that look what comes of it."""

from __future__ import annotations

import http.client
import os
import random
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from children import BenchmarkError

__all__ = [
    "Site",
    "in_flight",
    "median_seconds",
    "requests_under_load",
    "seconds_to_served",
    "supervisor_load",
]

PATIENCE_SECONDS = 30.0
# Between two saves. Python believes byte code by whole seconds and size, so that some reloaders serve the save before
# when two of one size come within a second; that is no question of speed.
PAUSE_SECONDS = 1.1
LOAD_CLIENTS = 4
IDLE_SECONDS = 10.0
_MARK = re.compile(r"version-(\d+)-")


@dataclass(frozen=True)
class Site:
    """A site, and the file in which ``word`` stands for what its page shows."""

    name: str
    folder: Path
    file: Path
    text: str
    word: str
    command_for: Callable[[int], Sequence[str]]

    def save(self, number: int, more: str = "") -> str:
        """Save the file with a mark of this number in place of the word, at once as editors do; return the mark."""
        mark = f"version-{number}-"
        staged = self.file.with_name(f".{self.file.name}.tmp")
        staged.write_text(self.text.replace(self.word, mark) + more, encoding="utf-8")
        staged.replace(self.file)
        return mark


def seconds_to_served(site: Site, port: int, number: int) -> float:
    """Return the seconds from a save to the end of the first answer that shows it."""
    sleep(PAUSE_SECONDS + random.random() / 10)
    mark = site.save(number)
    began = perf_counter()
    while perf_counter() < began + PATIENCE_SECONDS:
        if mark in (fetch(port) or ""):
            return perf_counter() - began
    raise BenchmarkError(f"{site.name}: the save was not served within {PATIENCE_SECONDS:.0f} s")


def fetch(port: int, path: str = "/") -> str | None:
    """Return what a new connection gets, or None when it was refused or broken off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body if response.status == http.client.OK else None


def median_seconds(samples: Iterable[float]) -> float:
    """Return the median."""
    return median(samples)


def requests_under_load(site: Site, port: int, saves: int) -> tuple[int, int]:
    """Save again and again while clients connect anew all the time; return the requests, and those that went wrong.

    An answer is stale when it shows less than what had been saved before it was asked for.
    """
    site.save(0)
    fetch(port)
    saved, asked, wrong = [0], [0], [0]
    is_over, counting = threading.Event(), threading.Lock()

    def ask() -> None:
        while not is_over.is_set():
            before = saved[0]
            match = _MARK.search(fetch(port) or "")
            with counting:
                asked[0] += 1
                wrong[0] += match is None or int(match[1]) < before

    with ThreadPoolExecutor(LOAD_CLIENTS) as pool:
        for _ in range(LOAD_CLIENTS):
            pool.submit(ask)
        for number in range(1, saves + 1):
            site.save(number)
            saved[0] = number
            sleep(random.random() / 10)
        is_over.set()
    return asked[0], wrong[0]


def in_flight(site: Site, port: int, saves: int) -> tuple[int, int]:
    """Save while requests of up to two seconds are being served; return their number, and how many were lost."""
    slow = (
        "\n\n_quick = index\n\n\ndef index(request: Request) -> Response:\n    import time\n\n"
        '    time.sleep(float(request.query.get("seconds", "0")))\n    return _quick(request)\n'
    )
    site.save(0, slow)
    fetch(port)
    with ThreadPoolExecutor(2 * saves) as pool:
        answers = []
        for number in range(1, saves + 1):
            answers += [pool.submit(fetch, port, f"/?seconds={random.random() * 2:.2f}") for _ in range(2)]
            sleep(0.05)  # they are being served by the time of the save
            site.save(number, slow)
            fetch(port)
    return len(answers), sum(answer.result() is None for answer in answers)


def supervisor_load(port: int) -> float:
    """Return the share of a core that the process listening at ``port`` takes while nothing happens; needs Linux."""
    pid = next((pid for pid in _processes() if f"127.0.0.1:{port}" in pid[1]), None)
    if pid is None:
        raise BenchmarkError("the supervisor is not in /proc; this needs Linux")
    sleep(IDLE_SECONDS / 5)  # the watcher has started
    before = _ticks(pid[0])
    sleep(IDLE_SECONDS)
    return (_ticks(pid[0]) - before) / os.sysconf("SC_CLK_TCK") / IDLE_SECONDS


def _processes() -> list[tuple[int, list[str]]]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        found.append((int(entry.name), words))
    # Forks have the supervisor's command line; it is the one that was there first.
    return sorted(found)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
