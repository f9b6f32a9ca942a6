"""What Scaffold's server does with clients that are slow, many, or in the middle of something when it stops.

Run ``python benchmarks/resilience.py`` with the interpreter that has Scaffold; it takes about a minute. A figure that
is not met changes no exit status; a server that fails does.
"""

from __future__ import annotations

import argparse
import http.client
import os
import resource
import selectors
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter

from children import BenchmarkError, end_on_sigterm, served
from options import EXIT_FAILURE, positive

__all__ = ["main"]

SLOW_CLIENTS = 200
IDLE_CLIENTS = 5000
IN_FLIGHT = 6
DEADLINE_SECONDS = 10
HEALTHY_REQUESTS = 300
DRIP_SECONDS = 1.0
# How late a deadline may be, and how much longer than before a healthy request may take.
LATE_SECONDS = 1.5
WANTED_SLOWDOWN = 1.5
WANTED_IDLE_BYTES = 100 * 1024 * 1024

_SERVER = """
import sys, time
from scaffold.server import Address, Limits, Server, bind, stop_on_signals

def app(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]

with bind(Address("127.0.0.1", int(sys.argv[1]))) as listener:
    limits = Limits(connections=10_000, head_seconds=DEADLINE, body_seconds=DEADLINE, keep_alive_seconds=600)
    with Server(app, listener, limits=limits) as server, stop_on_signals(server):
        server.serve_forever()
""".replace("DEADLINE", str(DEADLINE_SECONDS))

_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
_UPLOAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"

Row = tuple[str, str, str, bool]


def main() -> int:
    """Measure, print the table, and return the exit status."""
    options = _parse()
    end_on_sigterm()
    _raise_descriptor_limit()
    measures: Sequence[Callable[[int, int], Iterator[Row]]] = (slow_clients, idle_clients, in_flight)
    rows: list[Row] = []
    try:
        for measure in measures:
            with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder, _server(Path(folder)) as port:
                rows += measure(port, options.requests)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    print("| what | measured | wanted | met |\n| --- | --- | --- | --- |")
    for what, measured, wanted, met in rows:
        print(f"| {what} | {measured} | {wanted} | {'yes' if met else 'no'} |")
    return 0


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    (folder / "serve.py").write_text(_SERVER, encoding="utf-8")
    with served(lambda port: [sys.executable, "serve.py", str(port)], folder) as running:
        yield running.port


def slow_clients(port: int, requests: int) -> Iterator[Row]:
    """Compare healthy requests without and with clients that drip, and see when each of these is closed."""
    before = _median_latency(port, requests)
    for kind, start, drop in (("heads", _HEAD, b"X"), ("bodies", _UPLOAD, b"x")):
        with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
            sockets = [stack.enter_context(_connect(port)) for _ in range(SLOW_CLIENTS)]
            for slow in sockets:
                slow.sendall(start)
            dripping = pool.submit(_drip, sockets, drop)
            during = _median_latency(port, requests)
            ends = dripping.result()
        ratio = during / before
        name = f"{SLOW_CLIENTS} clients that drip their {kind}"
        measured = f"{during * 1e6:.0f} µs, {ratio:.2f} times as without"
        yield (
            f"median of a request beside {name}",
            measured,
            f"at most {WANTED_SLOWDOWN} times",
            ratio <= WANTED_SLOWDOWN,
        )
        in_time = sum(DEADLINE_SECONDS - 1 <= end <= DEADLINE_SECONDS + LATE_SECONDS for end in ends)
        measured = f"{in_time} of {SLOW_CLIENTS}, between {min(ends):.1f} s and {max(ends):.1f} s"
        yield (f"{name}: closed at their deadline", measured, f"all, at {DEADLINE_SECONDS} s", in_time == SLOW_CLIENTS)


def _drip(sockets: Sequence[socket.socket], drop: bytes) -> list[float]:
    """Send a byte a second on each socket, and return the seconds after which the server ended each."""
    began = monotonic()
    ends: list[float] = []
    with selectors.DefaultSelector() as selector:
        for slow in sockets:
            selector.register(slow, selectors.EVENT_READ)
        next_drop = began + DRIP_SECONDS
        while selector.get_map() and monotonic() < began + 3 * DEADLINE_SECONDS:
            for key, _ in selector.select(max(0.0, next_drop - monotonic())):
                ends.append(monotonic() - began)
                selector.unregister(key.fileobj)
            if monotonic() >= next_drop:
                next_drop += DRIP_SECONDS
                for key in list(selector.get_map().values()):
                    os.write(key.fd, drop)
        return ends + [monotonic() - began] * len(selector.get_map())


def idle_clients(port: int, requests: int) -> Iterator[Row]:
    """Measure what connections cost that were served and are kept."""
    del requests
    pid = _listening_process(port)
    before_bytes, before_threads = _memory_bytes(pid), _threads(pid)
    with ExitStack() as stack:
        for _ in range(IDLE_CLIENTS):
            idle = stack.enter_context(_connect(port))
            idle.sendall(_HEAD + b"\r\n")
            if not idle.recv(4096).startswith(b"HTTP/1.1 200"):
                raise BenchmarkError("a connection that was to idle was not served")
        cost, threads = _memory_bytes(pid) - before_bytes, _threads(pid) - before_threads
    name = f"{IDLE_CLIENTS:,} idle connections"
    yield (f"{name}: memory", f"{cost / 2**20:.0f} MiB", "at most 100 MiB", cost <= WANTED_IDLE_BYTES)
    yield (f"{name}: threads", str(threads), "none", threads <= 0)


def in_flight(port: int, requests: int) -> Iterator[Row]:
    """Stop the server while requests of two seconds are in flight, and count the answers."""
    del requests
    pid = _listening_process(port)
    with ExitStack() as stack:
        sockets = [stack.enter_context(_connect(port)) for _ in range(IN_FLIGHT)]
        for busy in sockets:
            busy.sendall(b"GET /?2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _connect(port).close()
        began = perf_counter()
        while perf_counter() - began < 0.5:  # the requests are being served when the signal comes
            _median_latency(port, 1)
        os.kill(pid, signal.SIGTERM)
        answers = sum(busy.makefile("rb").read().endswith(b"Hello, World!") for busy in sockets)
    name = f"{IN_FLIGHT} requests of two seconds in flight at SIGTERM: answers"
    yield (name, str(answers), str(IN_FLIGHT), answers == IN_FLIGHT)


def _median_latency(port: int, requests: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    samples = []
    try:
        for _ in range(requests):
            began = perf_counter()
            connection.request("GET", "/")
            connection.getresponse().read()
            samples.append(perf_counter() - began)
    finally:
        connection.close()
    return median(samples)


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def _listening_process(port: int) -> int:
    """Return the process of the server, found by its command line in Linux's process file system."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:3] == [b"serve.py", str(port).encode()]:
            return int(entry.name)
    raise BenchmarkError("the server's process is not in /proc; this needs Linux")


def _memory_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise BenchmarkError(f"process {pid} has no memory")


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _raise_descriptor_limit() -> None:
    """Allow this process and its server as many descriptors as there are connections."""
    wanted = 2 * IDLE_CLIENTS + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how Scaffold's server bears slow and many clients.")
    parser.add_argument("--requests", type=positive, default=HEALTHY_REQUESTS, help="healthy requests (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
