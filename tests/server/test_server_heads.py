"""What of a request reaches the application, and what is answered without it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from scaffold.server import Limits

Environ = dict[str, Any]


class Recorder:
    """An application that keeps the environs it was called with."""

    def __init__(self) -> None:
        self.environs: list[Environ] = []

    def __call__(self, environ: Environ, start_response: Any) -> list[bytes]:
        self.environs.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"reached"]


# The target of a GET, and what PEP 3333 makes of it: PATH_INFO, QUERY_STRING, HTTP_HOST.
TARGETS: dict[str, tuple[str, str, str]] = {
    "/": ("/", "", "localhost"),
    "/?": ("/", "", "localhost"),
    "/a/b?c=d&e": ("/a/b", "c=d&e", "localhost"),
    "/a?b?c=/d": ("/a", "b?c=/d", "localhost"),
    "/a%20b?c%20d": ("/a b", "c%20d", "localhost"),
    "/a+b?c+d": ("/a+b", "c+d", "localhost"),
    "/%3f%23?%3F": ("/?#", "%3F", "localhost"),
    "/a%2Fb%2f%2e%2E": ("/a/b/..", "", "localhost"),
    "/%25%32%35": ("/%25", "", "localhost"),
    "/%00%0d%0a": ("/\x00\r\n", "", "localhost"),
    "/%C3%A9": ("/\xc3\xa9", "", "localhost"),
    "/\xc3\xa9?\xc3\xa9": ("/\xc3\xa9", "\xc3\xa9", "localhost"),
    "/%ff\x80": ("/\xff\x80", "", "localhost"),
    "/%zz%4": ("/%zz%4", "", "localhost"),
    "/a/./../b//c;d=e": ("/a/./../b//c;d=e", "", "localhost"),
    "//b.example/c": ("//b.example/c", "", "localhost"),
    "/a#b?c": ("/a", "", "localhost"),
    "/a?b#c": ("/a", "b", "localhost"),
    "/http://b.example/c": ("/http://b.example/c", "", "localhost"),
    "http://b.example/c?d": ("/c", "d", "b.example"),
    "http://b.example:8000": ("/", "", "b.example:8000"),
    "http://b.example?d/e": ("/", "d/e", "b.example"),
    "http://b.example#d": ("/", "", "b.example"),
    "HTTPS://user:word@b.example/%20": ("/ ", "", "b.example"),
    "http://[::1]:8000//c": ("//c", "", "[::1]:8000"),
    "http://b.example/c://d/e": ("/c://d/e", "", "b.example"),
}


def test_a_target_reaches_the_application_as_pep_3333_has_it(serve: Any) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        for target in TARGETS:
            assert client.get(target).answer()[0] == 200
    names = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST")
    found = {
        target: tuple(environ[name] for name in names) for target, environ in zip(TARGETS, app.environs, strict=True)
    }
    assert found == {target: ("", *expected) for target, expected in TARGETS.items()}


def test_options_is_told_from_a_path_by_its_asterisk(serve: Any) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        for target in ("*", "/*", "/"):
            client.get(target, method="OPTIONS").answer()
    assert [environ["PATH_INFO"] for environ in app.environs] == ["*", "/*", "/"]


def test_a_field_name_with_an_underscore_is_dropped(serve: Any) -> None:
    app = Recorder()
    fields = ["X_User: forged", "X-User: real", "X-Us_er: forged", "Content_Length: 7", "Content_Type: forged", "_: x"]
    with serve(app).connect() as client:
        client.get("/", *fields, "Transfer_Encoding: chunked", "Host_: forged", "HTTP_HOST: forged").answer()
        client.get("/").answer()
    first, second = app.environs
    assert first["HTTP_X_USER"] == "real"
    assert first["HTTP_HOST"] == "localhost"
    assert "forged" not in first.values()
    assert first.keys() - second.keys() == {"HTTP_X_USER"}


def test_fields_reach_the_application_one_character_a_byte(serve: Any) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        client.get("/", "X-Text: \xc3\xa9\xff\t ", "x-EMPTY:", 'Accept: a, b;q="c"', "Accept: d").answer()
    (environ,) = app.environs
    assert environ["HTTP_X_TEXT"] == "\xc3\xa9\xff"
    assert environ["HTTP_X_EMPTY"] == ""
    assert environ["HTTP_ACCEPT"] == 'a, b;q="c", d'


def test_empty_lines_before_a_request_are_skipped(serve: Any) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        for _ in range(3):
            assert client.send(b"\r\n\r\n").get("/a").answer()[0] == 200
    assert [environ["PATH_INFO"] for environ in app.environs] == ["/a"] * 3


CUT_SHORT = [
    *["G", "GET", "GET ", "GET /", "GET / ", "GET / HTTP/1.1", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\n", "\r"],
    *[
        "GET / HTTP/1.1\r\nHost",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r",
        "\r\nGET / HTTP/1.1",
    ],
]


@pytest.mark.parametrize("head", CUT_SHORT)
def test_an_end_inside_a_head_is_a_400(serve: Any, head: str) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        client.send(head.encode()).socket.shutdown(socket.SHUT_WR)
        status, fields, _ = client.answer()
        assert (status, fields["connection"]) == (400, "close")
        assert client.rest() == b""
    assert app.environs == []


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n"])
def test_an_end_before_a_head_is_no_error(serve: Any, data: bytes) -> None:
    with serve(Recorder()).connect() as client:
        client.send(data).socket.shutdown(socket.SHUT_WR)
        assert client.rest() == b""


TOO_LARGE = {
    "by its length": ["Content-Length: 10485761"],
    "by its length, though the client waits": ["Content-Length: 10485761", "Expect: 100-continue"],
    "by a length of many digits": ["Content-Length: " + "9" * 100, "Expect: 100-continue"],
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_body_over_the_limit_is_refused_before_any_of_it_is_sent(serve: Any, name: str) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        client.get("/", *TOO_LARGE[name], method="POST")
        status, fields, _ = client.answer()
        assert (status, fields["connection"]) == (413, "close")
        assert client.rest() == b""
    assert app.environs == []


def test_a_body_of_the_limit_is_taken(serve: Any) -> None:
    def count(environ: Environ, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [str(len(environ["wsgi.input"].read())).encode()]

    with serve(count, limits=Limits(body_bytes=100_000)).connect() as client:
        assert client.post(b"x" * 100_000).answer()[2] == b"100000"
        client.get("/", "Transfer-Encoding: chunked", method="POST")
        client.send(b"186A0\r\n" + b"x" * 100_000 + b"\r\n0\r\n\r\n")
        assert client.answer()[2] == b"100000"
        assert client.post(b"x" * 100_001).answer()[0] == 413


def test_nothing_behind_a_refused_head_is_answered(serve: Any) -> None:
    app = Recorder()
    with serve(app).connect() as client:
        client.send(
            b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET  /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        assert [client.answer()[0], client.answer()[0]] == [200, 400]
        assert client.rest() == b""
    assert [environ["PATH_INFO"] for environ in app.environs] == ["/a"]


MALFORMED_BODIES = {
    "a size that is none": b"g\r\nhello\r\n0\r\n\r\n",
    "a size with a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "a size with white space": b"5 \r\nhello\r\n0\r\n\r\n",
    "a bare LF behind a size": b"5\nhello\r\n0\r\n\r\n",
    "a CR inside an extension": b"5\r;a\r\nhello\r\n0\r\n\r\n",
    "a chunk without its end": b"5\r\nhello0\r\n\r\n",
    "a chunk that is longer": b"5\r\nhello!\r\n0\r\n\r\n",
    "a length in the trailer": b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a bare LF at the end": b"5\r\nhello\r\n0\r\n\n",
}


@pytest.mark.parametrize("name", MALFORMED_BODIES)
@pytest.mark.parametrize("is_read", [True, False])
def test_nothing_behind_a_malformed_body_is_answered(serve: Any, name: str, is_read: bool) -> None:
    def app(environ: Environ, start_response: Any) -> list[bytes]:
        data = environ["wsgi.input"].read() if is_read else b"unread"
        start_response("200 OK", [])
        return [data]

    with serve(app).connect() as client:
        client.get("/", "Transfer-Encoding: chunked", method="POST")
        client.send(MALFORMED_BODIES[name] + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = client.rest()
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400 ") or not is_read
