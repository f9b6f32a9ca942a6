"""Bodies of requests: collected before the application runs, or read by it where the client waits for a 100."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from typing import Any

import pytest

from scaffold.exceptions import HTTPError
from scaffold.server import Limits

WAIT_SECONDS = 10
Environ = dict[str, Any]


def respond(start_response: Any, body: bytes) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


def echo(environ: Environ, start_response: Any) -> list[bytes]:
    return respond(start_response, environ["wsgi.input"].read() or b"empty")


def ignore(environ: Environ, start_response: Any) -> list[bytes]:
    return respond(start_response, environ["PATH_INFO"].encode("latin-1"))


def test_a_chunked_body_is_decoded_and_the_next_request_follows(serve: Any) -> None:
    with serve(echo).connect() as client:
        client.get("/", "Transfer-Encoding: chunked", method="POST")
        client.send(b"5\r\nhel").send(b"lo\r\n1;x=y\r\n!\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer()[2] == b"hello!"
        assert client.answer()[2] == b"empty"


def test_100_continue_is_sent_when_the_application_reads(serve: Any) -> None:
    with serve(echo).connect() as client:
        client.get("/", "Content-Length: 2", "Expect: 100-continue", method="POST")
        assert client.head() == (100, {})
        assert client.send(b"hi").answer()[2] == b"hi"
        assert client.get().answer()[0] == 200


def test_no_100_is_sent_when_the_application_does_not_read(serve: Any) -> None:
    with serve(ignore).connect() as client:
        client.get("/x", "Content-Length: 2", "Expect: 100-continue", method="POST")
        status, fields, _ = client.answer()
        assert (status, fields["connection"]) == (200, "close")
        assert client.rest() == b""


EXPECTING = ("Expect: 100-continue", "Transfer-Encoding: chunked")


def test_an_expected_chunked_body_is_read_as_it_comes(serve: Any) -> None:
    with serve(echo).connect() as client:
        client.get("/", *EXPECTING, method="POST")
        assert client.head() == (100, {})
        client.send(b"5\r\nhel").send(b"lo\r\n0\r\n\r\n")
        assert client.answer()[2] == b"hello"
        assert client.get().answer()[2] == b"empty"


def test_an_expected_body_that_was_read_in_part_closes_the_connection(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, environ["wsgi.input"].raw.read(2))

    with serve(app, limits=Limits(linger_seconds=0.1)).connect() as client:
        client.get("/", "Content-Length: 5", "Expect: 100-continue", method="POST")
        assert client.head()[0] == 100
        _, fields, body = client.send(b"hi").answer()
        assert (fields["connection"], body) == ("close", b"hi")
        assert client.rest() == b""


@pytest.mark.parametrize(("rest", "status"), [(b"zz\r\n", 400), (b"99\r\n", 413), (b"", 408)])
def test_an_expected_body_that_is_lost_stays_lost_when_the_application_goes_on(
    serve: Any, rest: bytes, status: int
) -> None:
    errors = []

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        for _ in range(2):
            with pytest.raises(HTTPError) as caught:
                environ["wsgi.input"].read()
            errors.append(caught.value.status)
        return respond(start_response, b"anyway")

    with serve(app, limits=Limits(body_bytes=32, body_seconds=0.1)).connect() as client:
        client.get("/", *EXPECTING, method="POST")
        assert client.head()[0] == 100
        _, fields, body = client.send(rest).answer()
        assert (fields["connection"], body) == ("close", b"anyway")
        assert client.rest() == b""
    assert errors == [status, status]


def test_an_expected_body_that_is_cut_short_is_refused(serve: Any) -> None:
    with serve(echo).connect() as client:
        client.get("/", "Content-Length: 5", "Expect: 100-continue", method="POST")
        assert client.head()[0] == 100
        client.send(b"hi").socket.shutdown(socket.SHUT_WR)
        assert client.answer()[0] == 400


def test_a_client_that_sends_its_body_at_once_needs_no_100(serve: Any) -> None:
    with serve(echo).connect() as client:
        client.post(b"hello", "Expect: 100-continue")
        assert client.answer()[2] == b"hello"


def test_no_more_threads_wait_for_expected_bodies_than_are_lent(serve: Any) -> None:
    running = serve(echo, limits=Limits(threads=1))
    with running.connect() as first, running.connect() as second:
        for client in (first, second):
            client.get("/", "Content-Length: 2", "Expect: 100-continue", method="POST")
            assert client.head()[0] == 100
        second.send(b"hi")
        first.send(b"ho")
        assert (first.answer()[2], second.answer()[2]) == (b"ho", b"hi")


BAD_BODIES = {
    "large": (b"30\r\n", 413),
    "malformed": (b"zz\r\n", 400),
    "late": (b"", 408),
    "late after the start": (b"2\r\nhi\r\n", 408),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_never_reaches_the_application(serve: Any, name: str) -> None:
    body, status = BAD_BODIES[name]
    called = []

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        called.append(environ)
        return ignore(environ, start_response)

    running = serve(app, limits=Limits(body_bytes=32, body_seconds=0.1, linger_seconds=0.2))
    with running.connect() as client:
        client.get("/", "Transfer-Encoding: chunked", method="POST").send(body)
        assert client.answer()[0] == status
        assert client.rest() == b""
    assert called == []
    (record,) = running.wait_for_records(1)
    assert (record.method, record.path, record.status) == ("POST", "/", status)


def test_a_body_that_is_cut_short_is_refused(serve: Any) -> None:
    with serve(echo).connect() as client:
        client.get("/", "Content-Length: 5", method="POST").send(b"hi").socket.shutdown(socket.SHUT_WR)
        assert client.answer()[0] == 400


def test_a_client_that_breaks_off_its_body_is_forgotten(serve: Any) -> None:
    running = serve(echo)
    with running.connect() as client:
        client.get("/", "Content-Length: 5", method="POST").send(b"hi")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with running.connect() as client:
        assert client.get().answer()[2] == b"empty"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_goes_through_a_file_that_is_gone_afterwards(serve: Any, chunked: bool) -> None:
    inputs: list[Any] = []
    body = bytes(range(256)) * 1000

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        inputs.append(environ["wsgi.input"])
        assert environ["CONTENT_LENGTH"] == str(len(body))
        assert "HTTP_TRANSFER_ENCODING" not in environ
        on_disk = getattr(environ["wsgi.input"], "_rolled", not isinstance(environ["wsgi.input"], io.BytesIO))
        assert on_disk
        return respond(start_response, environ["wsgi.input"].read())

    running = serve(app, limits=Limits(spool_bytes=1000))
    with running.connect() as client:
        if chunked:
            client.get("/", "Transfer-Encoding: chunked", method="POST")
            client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            client.post(body)
        assert client.answer()[2] == body
    running.end()
    assert inputs[0].closed


def test_a_body_is_whole_when_the_application_is_called(serve: Any) -> None:
    called = threading.Event()

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        called.set()
        return echo(environ, start_response)

    with serve(app).connect() as client:
        client.get("/", "Content-Length: 10", method="POST").send(b"01234")
        client.send(b"5678")
        assert not called.is_set()
        assert client.send(b"9").answer()[2] == b"0123456789"


def test_slow_bodies_hold_no_thread(serve: Any) -> None:
    running = serve(echo, limits=Limits(threads=1))
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(running.connect()) for _ in range(5)]
        for client in slow:
            client.get("/", "Content-Length: 2", method="POST").send(b"h")
        assert stack.enter_context(running.connect()).get().answer()[2] == b"empty"
        for client in slow:
            assert client.send(b"i").answer()[2] == b"hi"


def test_a_body_that_drips_in_below_the_rate_is_given_up(serve: Any) -> None:
    running = serve(echo, limits=Limits(body_seconds=0.1, rate_bytes=1000, linger_seconds=0.1))
    patience = threading.Event()
    with running.connect() as client:
        client.get("/", "Content-Length: 1000", method="POST")
        for _ in range(1000):
            try:
                client.send(b"x")
            except ConnectionError:
                break
            if running.records:
                break
            patience.wait(0.01)
    assert running.wait_for_records(1)[0].status == 408
