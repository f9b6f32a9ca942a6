"""Clients that are slow to read, and requests that hold all threads."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest

from scaffold.server import Limits

WAIT_SECONDS = 10
LARGE = bytes(range(256)) * 40_000
Environ = dict[str, Any]


class Site:
    """Answers with a large body or file, with a stream, or with a text; ``closed`` counts the bodies that ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.write_bytes(LARGE)
        self.closed = threading.Semaphore(0)
        self.released = threading.Event()
        self.entered = threading.Semaphore(0)

    def __call__(self, environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        match environ["PATH_INFO"]:
            case "/large":
                return Body(self.closed)
            case "/file":
                return environ["wsgi.file_wrapper"](self.path.open("rb"))
            case "/stream":
                return (LARGE[start : start + 100_000] for start in range(0, len(LARGE), 100_000))
            case "/held":
                self.entered.release()
                self.released.wait(WAIT_SECONDS)
        return [b"quick"]


class Body(list[bytes]):
    def __init__(self, closed: threading.Semaphore) -> None:
        super().__init__([LARGE])
        self.close = closed.release


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "large")


@pytest.mark.parametrize("path", ["/large", "/file"])
def test_clients_that_do_not_read_hold_no_thread(serve: Any, site: Site, path: str) -> None:
    running = serve(site, limits=Limits(threads=1))
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(running.connect()).get(path) for _ in range(4)]
        quick = stack.enter_context(running.connect())
        for _ in range(3):
            assert quick.get().answer()[2] == b"quick"
        for client in slow:
            assert client.answer()[2] == LARGE
            assert client.get().answer()[2] == b"quick"
    assert sorted(record.size for record in running.wait_for_records(11)) == [5] * 7 + [len(LARGE)] * 4


def test_a_pipelined_request_is_served_when_the_answer_before_it_was_taken(serve: Any, site: Site) -> None:
    with serve(site, limits=Limits(threads=1)).connect() as client:
        client.get("/large").get()
        assert client.answer()[2] == LARGE
        assert client.answer()[2] == b"quick"


def test_a_body_is_closed_when_it_was_sent_or_given_up(serve: Any, site: Site) -> None:
    running = serve(site, limits=Limits(write_seconds=0.1))
    with running.connect() as reader, running.connect() as idler:
        idler.get("/large")
        assert reader.get("/large").answer()[2] == LARGE
        assert site.closed.acquire(timeout=WAIT_SECONDS)
        assert site.closed.acquire(timeout=WAIT_SECONDS)
        assert len(idler.rest()) < len(LARGE) + 1000


def test_a_client_that_takes_an_answer_below_the_rate_is_given_up(serve: Any, site: Site) -> None:
    running = serve(site, limits=Limits(write_seconds=0.1, rate_bytes=1_000_000_000))
    patience = threading.Event()
    with running.connect() as client:
        client.get("/large")
        while not running.records:
            client.socket.recv(1000)
            patience.wait(0.001)


def test_a_stream_waits_for_its_client(serve: Any, site: Site) -> None:
    with serve(site).connect() as client:
        assert client.get("/stream").answer()[2] == LARGE


def test_an_answer_in_the_middle_is_broken_off_at_the_end(serve: Any, site: Site) -> None:
    running = serve(site, limits=Limits(grace_seconds=0.1))
    with running.connect() as client:
        client.get("/large").head()
        running.end()
        running.server.server_close()
        assert len(client.rest()) < len(LARGE)
        assert site.closed.acquire(timeout=WAIT_SECONDS)


def test_an_answer_in_the_middle_is_sent_to_its_end_within_the_grace(serve: Any, site: Site) -> None:
    running = serve(site)
    with running.connect() as client:
        client.get("/large").head()
        running.server.stop()
        assert client.rest() == LARGE


def test_a_client_that_leaves_in_the_middle_is_forgotten(serve: Any, site: Site) -> None:
    running = serve(site)
    with running.connect() as client:
        client.get("/large").head()
    assert site.closed.acquire(timeout=WAIT_SECONDS)
    with running.connect() as client:
        assert client.get().answer()[2] == b"quick"


def test_while_all_threads_are_held_connections_are_seen_to(serve: Any, site: Site) -> None:
    running = serve(site, limits=Limits(threads=2, head_seconds=0.2, connections=5, linger_seconds=0.1))
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(running.connect()).get("/held") for _ in range(2)]
        for _ in held:
            assert site.entered.acquire(timeout=WAIT_SECONDS)
        slow = stack.enter_context(running.connect()).send(b"GET / HT")
        assert slow.answer()[0] == 408
        slow.close()
        patience, handlers = threading.Event(), running.server._poller.handlers
        for _ in range(1000):
            if len(handlers) == 2:
                break
            patience.wait(0.01)
        waiting = stack.enter_context(running.connect()).get()
        bodies = [stack.enter_context(running.connect()).get("/held") for _ in range(2)]
        assert stack.enter_context(running.connect()).answer()[0] == 503
        site.released.set()
        for client in (*held, waiting, *bodies):
            assert client.answer()[2] == b"quick"


def test_what_arrives_while_a_request_is_served_waits_without_a_busy_loop(serve: Any, site: Site) -> None:
    running = serve(site)
    with running.connect() as client, running.connect() as other:
        client.get("/held")
        assert site.entered.acquire(timeout=WAIT_SECONDS)
        client.get("/next")
        for _ in range(5):
            assert other.get().answer()[2] == b"quick"
        site.released.set()
        assert client.answer()[2] == b"quick"
        assert client.answer()[2] == b"quick"
