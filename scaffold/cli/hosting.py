"""The servers that ``scaffold serve`` becomes, and what is asked of them."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scaffold.exceptions import UsageError
from scaffold.server import Address, bind, default_address, parse_address

__all__ = ["DEFAULT_THREADS", "Plan", "choose_server", "default_workers", "read_place", "settled"]

DEFAULT_THREADS = 4
FEWEST_WORKERS = 2
MOST_WORKERS = 8
"""Without WEB_CONCURRENCY: a container may see more CPUs than it may use."""

GRACEFUL_SECONDS = 30
KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 s for which nginx and most load balancers keep a connection: who opened it is to close it."""

ALL_HOSTS = "0.0.0.0"
MEMORY_FOLDER = Path("/dev/shm")
UNIX = "unix:"
_COUNT = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served and how. ``place`` is an address, or the path of a Unix socket."""

    server: str
    application: str
    place: Address | Path
    workers: int
    threads: int
    access_log: bool = True
    arguments: tuple[str, ...] = ()
    """What the user has written for the server itself."""

    def command(self, environment: Mapping[str, str] = os.environ) -> list[str]:
        """Return the command that serves this; a later option of the server wins over an earlier one."""
        options = _SERVERS[self.server](self, environment)
        return [sys.executable, "-m", self.server, *options, *self.arguments, self.application]

    def __str__(self) -> str:
        where = f"http://{self.place}/" if isinstance(self.place, Address) else f"{UNIX}{self.place}"
        return f"{where} with {self.server}: {_counted(self.workers, 'process')} of {_counted(self.threads, 'thread')}"


def _counted(number: int, noun: str) -> str:
    plural = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{plural}"


def choose_server(name: str) -> str:
    """Return the server ``name``, or the first that is installed; `UsageError` when there is none."""
    if name and name not in _SERVERS:
        raise UsageError(f"{name!r} is no server to become", hint=f"Write {' or '.join(_SERVERS)}, or leave it out.")
    for server in [name] if name else _SERVERS:
        if importlib.util.find_spec(server) is not None and (os.name == "posix" or server != "gunicorn"):
            return server
    missing = f"{name} is" if name else "neither gunicorn nor granian is"
    package = name if name and name != "gunicorn" else "'scaffold-web[serve]'"
    raise UsageError(f"{missing} installed", hint=f"Install it with: pip install {package}")


def read_place(text: str, environment: Mapping[str, str] = os.environ) -> Address | Path:
    """Return where to listen: what ``text`` says, else the variable PORT on every address, else 127.0.0.1:8000.

    Raises `UsageError` for what is no address.
    """
    if text.startswith(UNIX):
        return Path(text.removeprefix(UNIX)).absolute()
    default = default_address(environment)
    if environment.get("PORT", "").strip():  # whoever hands out ports by this variable asks from outside
        default = Address(ALL_HOSTS, default.port)
    return parse_address(text, default=default) if text else default


def default_workers(environment: Mapping[str, str] = os.environ) -> int:
    """Return WEB_CONCURRENCY, else one worker for each CPU, 2 at least and 8 at most; raises `UsageError`."""
    text = environment.get("WEB_CONCURRENCY", "").strip()
    if text:
        if not _COUNT.fullmatch(text):
            hint = "It is the number of processes, from 1 to 999."
            raise UsageError(f"the variable WEB_CONCURRENCY is {text!r}", hint=hint)
        return int(text)
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cpus, FEWEST_WORKERS), MOST_WORKERS)


def settled(plan: Plan) -> Plan:
    """Return ``plan`` with a real port for port 0; raises `ServerError` for an address that can't be had.

    The address is bound for a moment, since our own words for that are clearer than a server's traceback. Sockets that
    systemd hands over are left alone, and count for gunicorn in place of the address.
    """
    if not isinstance(plan.place, Address) or os.environ.get("LISTEN_FDS"):
        return plan
    with bind(plan.place) as listener:
        return dataclasses.replace(plan, place=Address(plan.place.host, listener.getsockname()[1]))


def _gunicorn(plan: Plan, environment: Mapping[str, str]) -> Iterator[str]:
    place = f"{UNIX}{plan.place}" if isinstance(plan.place, Path) else str(plan.place)
    yield from (f"--bind={place}", f"--workers={plan.workers}", f"--threads={plan.threads}", "--worker-class=gthread")
    yield from (f"--graceful-timeout={GRACEFUL_SECONDS}", f"--keep-alive={KEEP_ALIVE_SECONDS}")
    if MEMORY_FOLDER.is_dir():
        yield f"--worker-tmp-dir={MEMORY_FOLDER}"  # the heartbeat of a worker must not wait for a disk
    if "FORWARDED_ALLOW_IPS" not in environment:
        yield "--forwarded-allow-ips="  # TRUSTED_PROXIES alone says whom to believe
    if _version_of("gunicorn") >= _CONTROL_SOCKET_SINCE:
        yield "--no-control-socket"  # it lies in the home folder, which a service has none of, and two servers share
    if plan.access_log:
        yield "--access-logfile=-"
    yield from shlex.split(environment.get("GUNICORN_CMD_ARGS", ""))


def _granian(plan: Plan, environment: Mapping[str, str]) -> Iterator[str]:
    del environment  # what is given as an option wins over it anyhow
    yield "--interface=wsgi"
    if isinstance(plan.place, Path):
        yield f"--uds={plan.place}"
    else:
        yield from (f"--host={plan.place.host}", f"--port={plan.place.port}")
    yield from (f"--workers={plan.workers}", f"--blocking-threads={plan.threads}")
    yield from (f"--workers-kill-timeout={GRACEFUL_SECONDS}", "--respawn-failed-workers")
    if plan.access_log:
        yield "--access-log"


_CONTROL_SOCKET_SINCE = (25, 1)
_SERVERS: Mapping[str, Callable[[Plan, Mapping[str, str]], Iterator[str]]] = {
    "gunicorn": _gunicorn,
    "granian": _granian,
}


def _version_of(distribution: str) -> tuple[int, ...]:
    numbers = importlib.metadata.version(distribution).split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit())
