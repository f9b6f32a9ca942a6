"""Bodies that are sent when something happens, and what becomes of streams when the server stops."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from scaffold.server import Limits
from scaffold.server.push import MOST_WAITING_BYTES, PushStream

WAIT_SECONDS = 10
Environ = dict[str, Any]


class Events:
    """An application whose event streams are kept; other paths get a text or a stream that waits."""

    def __init__(self) -> None:
        self.streams: list[PushStream] = []
        self.opened = threading.Semaphore(0)
        self.closed = threading.Semaphore(0)
        self.released = threading.Event()

    def __call__(self, environ: Environ, start_response: Any) -> Any:
        kind = "text/plain" if environ["PATH_INFO"] == "/download" else "text/event-stream"
        match environ["PATH_INFO"]:
            case "/events":
                start_response("200 OK", [("Content-Type", "text/event-stream")])
                stream = environ["scaffold.push_stream"](self.closed.release)
                stream.send(b"first\n")
                self.streams.append(stream)
                self.opened.release()
                return stream
            case "/generator" | "/download":
                start_response("200 OK", [("Content-Type", kind)])
                return self._parts()
            case "/quiet":
                environ["scaffold.quiet"] = True
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"quick"]

    def _parts(self) -> Any:
        yield b"part"
        self.opened.release()
        self.released.wait(WAIT_SECONDS)
        yield b"end"

    def wait_opened(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.opened.acquire(timeout=WAIT_SECONDS)


def chunk(client: Any) -> bytes:
    size = int(client.file.readline(), 16)
    data: bytes = client.file.read(size)
    assert client.file.readline() == b"\r\n"
    return data


def test_parts_are_sent_as_they_are_given_and_the_connection_goes_on(serve: Any) -> None:
    events = Events()
    running = serve(events)
    with running.connect() as client:
        client.get("/events")
        assert client.head()[1]["transfer-encoding"] == "chunked"
        assert chunk(client) == b"first\n"
        (stream,) = events.streams
        for number in range(3):
            assert stream.send(b"event %d\n" % number)
            assert chunk(client) == b"event %d\n" % number
        stream.send(b"last\n")
        stream.close()
        stream.close()
        assert chunk(client) == b"last\n"
        assert chunk(client) == b""
        assert events.closed.acquire(timeout=WAIT_SECONDS)
        assert not events.closed.acquire(blocking=False)
        assert not stream.send(b"too late")
        assert client.get().answer()[2] == b"quick"
    assert [record.path for record in running.wait_for_records(2)] == ["/events", "/"]


def test_streams_hold_no_thread(serve: Any) -> None:
    events = Events()
    running = serve(events, limits=Limits(threads=1))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()).get("/events") for _ in range(20)]
        events.wait_opened(20)
        assert stack.enter_context(running.connect()).get().answer()[2] == b"quick"
        for stream in events.streams:
            stream.send(b"all\n")
        for client in clients:
            assert client.head()[0] == 200
            assert chunk(client) + chunk(client) == b"first\nall\n"


def test_a_client_that_goes_is_noticed_without_a_send(serve: Any) -> None:
    events = Events()
    with serve(events).connect() as client:
        client.get("/events").head()
        chunk(client)
    assert events.closed.acquire(timeout=WAIT_SECONDS)
    assert events.streams[0].is_closed


def test_a_client_that_takes_nothing_is_given_up(serve: Any) -> None:
    events = Events()
    running = serve(events)
    with running.connect() as client:
        client.get("/events").head()
        for _ in range(1000):
            if not events.streams[0].send(b"x" * 50_000):
                break
        assert events.closed.acquire(timeout=WAIT_SECONDS)
        assert events.streams[0].is_closed


def test_a_client_that_is_slow_gets_all_in_the_end(serve: Any) -> None:
    events = Events()
    with serve(events).connect() as client:
        client.get("/events").head()
        (stream,) = events.streams
        part = b"x" * (MOST_WAITING_BYTES // 4)
        sent = sum(stream.send(part) for _ in range(3))
        stream.close()
        received = b"".join(iter(lambda: chunk(client), b""))
        assert received == b"first\n" + part * sent
        assert client.get().answer()[2] == b"quick"


def test_head_and_http_1_0_get_what_they_can_take(serve: Any) -> None:
    events = Events()
    running = serve(events)
    with running.connect() as client:
        assert client.get("/events", method="HEAD").answer(bodiless=True)[0] == 200
        assert events.closed.acquire(timeout=WAIT_SECONDS)
        assert client.get().answer()[2] == b"quick"
    with running.connect() as client:
        client.get("/events", version="HTTP/1.0")
        assert client.head()[1]["connection"] == "close"
        events.wait_opened(2)
        events.streams[1].close()
        assert client.rest() == b"first\n"


def test_event_streams_end_at_once_when_the_server_stops(serve: Any) -> None:
    events = Events()
    running = serve(events)
    with running.connect() as pushed, running.connect() as generated:
        pushed.get("/events").head()
        generated.get("/generator").head()
        events.wait_opened(2)
        running.end()
        assert generated.rest() == b"4\r\npart\r\n"
        running.server.server_close()
        assert pushed.rest() == b"6\r\nfirst\n\r\n"
        assert events.closed.acquire(timeout=WAIT_SECONDS)
        events.released.set()


def test_a_download_of_unknown_length_may_end_unless_streams_are_to_end(serve: Any) -> None:
    events = Events()
    running = serve(events)
    with running.connect() as client:
        client.get("/download").head()
        events.wait_opened()
        running.server.stop()
        events.released.set()
        assert client.rest() == b"4\r\npart\r\n3\r\nend\r\n0\r\n\r\n"
    events = Events()
    running = serve(events, ends_streams=True)
    with running.connect() as client:
        client.get("/download").head()
        events.wait_opened()
        running.end()
        assert client.rest() == b"4\r\npart\r\n"
        events.released.set()


def test_a_quiet_answer_is_not_logged(serve: Any) -> None:
    running = serve(Events())
    with running.connect() as client:
        assert client.get("/quiet").answer()[2] == b"quick"
        assert client.get("/loud").answer()[2] == b"quick"
    assert [record.path for record in running.wait_for_records(1)] == ["/loud"]


def test_on_another_server_a_stream_is_an_iterable() -> None:
    stream = PushStream()
    stream.send(b"one")
    stream.send(b"two")
    parts = iter(stream)
    assert next(parts) == b"onetwo"
    threading.Timer(0.01, stream.send, [b"three"]).start()
    assert next(parts) == b"three"
    stream.send(b"four")
    stream.close()
    assert list(parts) == [b"four"]
    with pytest.raises(StopIteration):
        next(parts)
