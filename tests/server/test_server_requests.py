from __future__ import annotations

import io
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from scaffold.exceptions import HTTPError
from scaffold.server import Limits

Environ = dict[str, Any]


def respond(start_response: Any, body: bytes, *headers: tuple[str, str], status: str = "200 OK") -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain"), *headers])
    return [body]


def echo(environ: Environ, start_response: Any) -> list[bytes]:
    return respond(start_response, environ["wsgi.input"].read() or b"empty")


def ignore(environ: Environ, start_response: Any) -> list[bytes]:
    return respond(start_response, environ["PATH_INFO"].encode("latin-1"))


def test_requests_of_one_connection_are_answered_in_turn(serve: Any) -> None:
    with serve(ignore).connect() as client:
        for path in ("/a", "/b", "/c"):
            status, fields, body = client.get(path).answer()
            assert (status, body) == (200, path.encode())
            assert fields["content-length"] == "2"
            assert fields["date"].endswith("GMT")
            assert "connection" not in fields


def test_pipelined_requests_are_answered_in_order(serve: Any) -> None:
    with serve(ignore).connect() as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(40)))
        assert [client.answer()[2] for _ in range(40)] == [b"/%d" % number for number in range(40)]


def test_a_head_may_come_byte_by_byte(serve: Any) -> None:
    with serve(echo).connect() as client:
        for byte in b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi":
            client.send(bytes([byte]))
        assert client.answer()[2] == b"hi"


def test_a_half_closed_client_gets_its_answer(serve: Any) -> None:
    with serve(ignore).connect() as client:
        client.get("/x").socket.shutdown(socket.SHUT_WR)
        assert client.answer()[2] == b"/x"
        assert client.rest() == b""


def test_the_connection_closes_when_the_client_asks_for_it(serve: Any) -> None:
    with serve(ignore).connect() as client:
        _, fields, _ = client.get("/", "Connection: close").answer()
        assert fields["connection"] == "close"
        assert client.rest() == b""


def test_http_1_0_closes_unless_it_is_kept_alive(serve: Any) -> None:
    running = serve(ignore)
    with running.connect() as client:
        assert client.get("/", version="HTTP/1.0").answer()[1]["connection"] == "close"
        assert client.rest() == b""
    with running.connect() as client:
        for _ in range(2):
            assert (
                client.get("/", "Connection: keep-alive", version="HTTP/1.0").answer()[1]["connection"] == "keep-alive"
            )


def test_head_gives_the_fields_without_the_body(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"hello", ("Content-Length", "5"))

    with serve(app).connect() as client:
        status, fields, _ = client.get(method="HEAD").answer(bodiless=True)
        assert (status, fields["content-length"]) == (200, "5")
        assert client.get().answer()[2] == b"hello"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_a_body_have_none(serve: Any, status: str) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"unwanted", status=status)

    with serve(app).connect() as client:
        for _ in range(2):
            code, fields, _ = client.get().answer(bodiless=True)
            assert code == int(status[:3])
            assert "content-length" not in fields
            assert "transfer-encoding" not in fields


def test_a_205_says_that_it_is_empty(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"unwanted", status="205 Reset Content")

    with serve(app).connect() as client:
        for _ in range(2):
            code, fields, body = client.get().answer()
            assert (code, fields["content-length"], body) == (205, "0", b"")


def test_a_204_loses_its_declared_length(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        start_response("204 No Content", [("Content-Length", "0")])
        return []

    with serve(app).connect() as client:
        assert "content-length" not in client.get().answer(bodiless=True)[1]


def generate(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b""
    yield b"one "
    yield b"two"


def test_a_body_of_unknown_length_is_chunked(serve: Any) -> None:
    with serve(generate).connect() as client:
        for _ in range(2):
            _, fields, body = client.get().answer()
            assert (fields["transfer-encoding"], body) == ("chunked", b"one two")


def test_a_body_of_unknown_length_ends_with_the_connection_on_1_0(serve: Any) -> None:
    with serve(generate).connect() as client:
        _, fields, body = client.get("/", "Connection: keep-alive", version="HTTP/1.0").answer()
        assert (fields["connection"], body) == ("close", b"one two")


def test_lists_of_any_length_have_a_known_length(serve: Any) -> None:
    bodies: dict[str, Any] = {"/none": [], "/two": [b"a", b"b"], "/tuple": (b"abc",), "/empty": [b""]}

    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        return bodies[environ["PATH_INFO"]]

    with serve(app).connect() as client:
        for path, body in bodies.items():
            _, fields, received = client.get(path).answer()
            assert (fields["content-length"], received) == (str(len(b"".join(body))), b"".join(body))


def test_an_iterable_is_closed(serve: Any) -> None:
    closed = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(environ: Environ, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body([b"x"])

    running = serve(app)
    with running.connect() as client:
        assert client.get().answer()[2] == b"x"
        running.wait_for_records(1)
    assert closed == [True]


def test_an_iterable_without_content_still_answers(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        return iter(())

    with serve(app).connect() as client:
        assert client.get().answer()[1]["content-length"] == "0"


def test_write_sends_before_the_iterable(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"first ")
        write(b"")
        return [b"second"]

    with serve(app).connect() as client:
        assert client.get().answer()[2] == b"first second"


def test_large_bodies_arrive_whole(serve: Any) -> None:
    body = bytes(range(256)) * 20_000

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, environ["wsgi.input"].read() + body)

    with serve(app).connect() as client:
        assert client.post(body).answer()[2] == body * 2


def file_app(path: Path, *headers: tuple[str, str], opener: Callable[[Path], Any] = lambda p: p.open("rb")) -> Any:
    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", list(headers))
        return environ["wsgi.file_wrapper"](opener(path))

    return app


def test_a_file_is_sent_from_its_position_with_its_length(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789" * 50_000)

    def opener(path: Path) -> Any:
        file = path.open("rb")
        file.seek(5)
        return file

    running = serve(file_app(tmp_path / "file", opener=opener))
    with running.connect() as client:
        for _ in range(2):
            _, fields, body = client.get().answer()
            assert fields["content-length"] == "499995"
            assert body.startswith(b"5678901")
        assert client.get(method="HEAD").answer(bodiless=True)[0] == 200
        assert client.get().answer()[0] == 200
    assert [record.size for record in running.wait_for_records(4)] == [499995, 499995, 0, 499995]


def test_a_file_is_cut_to_the_declared_length(serve: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    with serve(file_app(tmp_path / "file", ("Content-Length", "4"))).connect() as client:
        for _ in range(2):  # the connection goes on
            assert client.get().answer()[2] == b"0123"
    assert caplog.text == ""


def test_a_file_shorter_than_declared_is_reported(serve: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    with serve(file_app(tmp_path / "file", ("Content-Length", "4"))).connect() as client:
        assert client.get().answer()[2] == b""
        assert client.rest() == b""
    assert "less than its Content-Length" in caplog.text


def test_what_is_no_regular_file_is_read(serve: Any) -> None:
    class Reader:
        def __init__(self, _: Path) -> None:
            self.read = io.BytesIO(b"memory").read

    running = serve(file_app(Path(), opener=Reader))
    with running.connect() as client:
        assert client.get().answer()[2] == b"memory"
    with serve(file_app(Path("/dev/null"))).connect() as client:
        assert client.get().answer()[2] == b""


def test_the_environ_is_what_pep_3333_asks_for(serve: Any) -> None:
    seen: list[Environ] = []

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        seen.append(environ)
        return echo(environ, start_response)

    running = serve(app)
    with running.connect() as client:
        fields = ["X-A: 1", "X-A: 2", "Cookie: a=1", "Cookie: b=2", "X_A: no", "Content-Type: text/x"]
        client.post(b"hi", *fields, target="/a%20%C3%A9/\xc3?q=%20#part").answer()
        address = client.socket.getsockname()
        client.get("http://example.org:1/x?y=1").answer()
        client.get("http://example.org").answer()
        client.get("x://[::1]?y#z").answer()
        client.get("*", method="OPTIONS").answer()
    first, absolute, bare, query, asterisk = seen
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a \xc3\xa9/\xc3",
        "QUERY_STRING": "q=%20",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "2",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(running.listener.getsockname()[1]),
        "REMOTE_ADDR": address[0],
        "REMOTE_PORT": str(address[1]),
        "HTTP_X_A": "1, 2",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_HOST": "localhost",
    }
    assert {key: first.get(key) for key in expected} == expected
    assert "HTTP_CONTENT_LENGTH" not in first
    assert (absolute["PATH_INFO"], absolute["QUERY_STRING"], absolute["HTTP_HOST"]) == ("/x", "y=1", "example.org:1")
    assert bare["PATH_INFO"] == "/"
    assert (query["PATH_INFO"], query["QUERY_STRING"]) == ("/", "y")
    assert asterisk["PATH_INFO"] == "*"


def test_wsgiref_finds_nothing_to_complain_about(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(5) + environ["wsgi.input"].readline() + b"".join(environ["wsgi.input"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    with serve(validator(app)).connect() as client:
        assert client.post(b"hello\nbig\nworld", "Content-Type: text/plain").answer()[2] == b"hello\nbig\nworld"
        assert client.get("/x?y").answer()[0] == 200
        assert client.get(method="HEAD").answer(bodiless=True)[0] == 200


def test_an_unread_body_never_becomes_a_request(serve: Any) -> None:
    running = serve(ignore)
    inner = b"GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"
    with running.connect() as client:
        assert client.post(inner, target="/outer").answer()[2] == b"/outer"
        assert client.get("/next").answer()[2] == b"/next"
        client.get("/chunked", "Transfer-Encoding: chunked", method="POST")
        client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner))
        assert client.answer()[2] == b"/chunked"
        assert client.get("/last").answer()[2] == b"/last"


REFUSED_HEADS = {
    400: b"GET /\r\n\r\n",
    413: b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
    414: b"GET /" + b"x" * 9000,
    431: b"GET / HTTP/1.1\r\nA: " + b"x" * 9000,
    417: b"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
    501: b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    505: b"GET / HTTP/3.0\r\n\r\n",
}


@pytest.mark.parametrize("status", REFUSED_HEADS)
def test_a_refused_head_never_reaches_the_application(serve: Any, status: int) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"reached")

    running = serve(app)
    with running.connect() as client:
        client.send(REFUSED_HEADS[status] + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        code, fields, body = client.answer()
        assert (code, fields["connection"]) == (status, "close")
        assert client.rest() == b""
    (record,) = running.wait_for_records(1)
    asked = {501: ("CONNECT", "a:1"), 413: ("POST", "/"), 417: ("GET", "/"), 505: ("GET", "/")}.get(status, ("-", "-"))
    assert (record.status, record.method, record.path, record.size) == (status, *asked, len(body))


def test_an_end_inside_a_head_is_refused(serve: Any) -> None:
    with serve(ignore).connect() as client:
        client.send(b"GET / HT").socket.shutdown(socket.SHUT_WR)
        assert client.answer()[0] == 400


BAD_ANSWERS: dict[str, tuple[Any, Any, Any]] = {
    "line end in a header": ("200 OK", [("A", "b\r\nEvil: 1")], [b"x"]),
    "bare LF in a header": ("200 OK", [("A", "b\nEvil: 1")], [b"x"]),
    "line end in a name": ("200 OK", [("A: b\r\nEvil", "1")], [b"x"]),
    "malformed name": ("200 OK", [("A b", "1")], [b"x"]),
    "line end in a status": ("200 OK\r\nEvil: 1", [], [b"x"]),
    "no status": ("OK", [], [b"x"]),
    "interim status": ("100 Continue", [], [b"x"]),
    "number as a value": ("200 OK", [("A", 1)], [b"x"]),
    "text outside latin-1": ("200 OK", [("A", "\u20ac")], [b"x"]),
    "length that is no number": ("200 OK", [("Content-Length", "x")], [b"x"]),
    "two lengths": ("200 OK", [("Content-Length", "1"), ("Content-Length", "2")], [b"x"]),
    "body of text": ("200 OK", [], ["text"]),
    "iterable of text": ("200 OK", [], iter(["text"])),
    "no body": ("200 OK", [], None),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_an_answer_that_must_not_be_sent_becomes_a_500(serve: Any, caplog: pytest.LogCaptureFixture, name: str) -> None:
    status, headers, body = BAD_ANSWERS[name]

    def app(environ: Environ, start_response: Any) -> Any:
        start_response(status, headers)
        return body

    with serve(app).connect() as client:
        code, fields, text = client.get().answer()
        assert (code, fields["connection"]) == (500, "close")
        assert b"Evil" not in text
        assert "evil" not in fields
    assert len(caplog.records) == 1


def test_the_connection_is_the_servers_business(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"x", ("Connection", "close"), ("Transfer-Encoding", "x"), ("Date", "now"))

    with serve(app).connect() as client:
        _, fields, body = client.get().answer()
        assert (fields["connection"], fields["date"], body) == ("close", "now", b"x")
        assert "transfer-encoding" not in fields
        assert client.rest() == b""


def test_a_raising_application_gives_a_500_and_the_server_goes_on(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/exit":
            raise SystemExit(1)
        if environ["PATH_INFO"] == "/raise":
            raise ValueError("a mistake")
        if environ["PATH_INFO"] == "/teapot":
            raise HTTPError(418, "short and stout")
        return respond(start_response, b"fine")

    running = serve(app)
    for path, status in (("/raise", 500), ("/exit", 500), ("/teapot", 418), ("/", 200)):
        with running.connect() as client:
            code, _, body = client.get(path).answer()
            assert code == status
            assert b"a mistake" not in body
    assert [record.exc_info is not None for record in caplog.records] == [True, True]
    assert [record.status for record in running.wait_for_records(4)] == [500, 500, 418, 200]


def test_an_error_for_head_has_no_body(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        raise HTTPError(404)

    with serve(app).connect() as client:
        assert client.get(method="HEAD").answer(bodiless=True)[0] == 404
        assert client.rest() == b""


def test_an_application_may_change_its_mind_before_the_head_is_sent(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        error = ValueError("late")
        start_response("503 Busy", [], (ValueError, error, None))
        return [b"sorry"]

    with serve(app).connect() as client:
        status, _, body = client.get().answer()
        assert (status, body) == (503, b"sorry")


def test_an_error_behind_the_head_breaks_the_answer_off(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"begun"
        error = ValueError("late")
        start_response("500 Broken", [], (ValueError, error, None))

    with serve(app).connect() as client:
        client.get().head()
        assert client.rest() == b"5\r\nbegun\r\n"
    assert "ValueError: late" in caplog.text


def test_starting_twice_or_never_is_an_error(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/twice":
            start_response("200 OK", [])
            start_response("200 OK", [])
        return [b""]

    running = serve(app)
    for path in ("/twice", "/never"):
        with running.connect() as client:
            assert client.get(path).answer()[0] == 500
    assert "a second time" in caplog.text
    assert "without calling start_response" in caplog.text


@pytest.mark.parametrize(("length", "received", "word"), [("3", b"hel", "more"), ("9", b"hello", "less")])
def test_a_body_that_breaks_its_word_is_reported(
    serve: Any, caplog: pytest.LogCaptureFixture, length: str, received: bytes, word: str
) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"hello", ("Content-Length", length))

    with serve(app).connect() as client:
        client.get("/\x9b").head()
        assert client.rest() == received
    assert f"GET /\\x9b: the body is {word} than its Content-Length" in caplog.text


def test_a_client_that_goes_away_is_one_debug_line(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "scaffold.server")

    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        while True:
            yield b"x" * 100_000

    running = serve(app)
    with running.connect() as client:
        client.get().head()
    running.wait_for_records(1)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_a_client_that_stops_reading_is_given_up(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        return respond(start_response, b"x" * 20_000_000)

    running = serve(app, limits=Limits(write_seconds=0.1))
    with running.connect() as client:
        client.get()
        assert running.wait_for_records(1)[0].status == 200


def test_the_route_comes_from_the_application(serve: Any) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        environ["scaffold.route"] = "blog:index"
        return respond(start_response, b"hello")

    running = serve(app)
    with running.connect() as client:
        client.get("/x?y").answer()
    (record,) = running.wait_for_records(1)
    assert (record.method, record.path, record.status, record.size) == ("GET", "/x?y", 200, 5)
    assert (record.remote_addr, record.route) == ("127.0.0.1", "blog:index")
    assert record.seconds >= 0


def test_the_server_speaks_ipv6(serve: Any) -> None:
    with serve(ignore, host="::1").connect() as client:
        assert client.get("/six").answer()[2] == b"/six"
