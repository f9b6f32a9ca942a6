"""The cases that CPython's own tests have for ``http.server``, asked of this server.

Each case has the name it has there (``BaseHTTPServerTestCase`` and ``BaseHTTPRequestHandlerTestCase`` of
``test.test_httpservers``), the request that is sent there and the answer expected there. Where the answer here is
another one, `DIFFERENCES` says why. What a handler's ``do_`` methods do there, an application does here.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

Environ = dict[str, Any]


def application(environ: Environ, start_response: Any) -> list[bytes]:
    """Answer each method as its ``do_`` method does there; one that has none is not implemented."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    html, close = ("Content-Type", "text/html"), ("Connection", "close")
    if method == "TEST":
        start_response("204 No Content", [html, close])
    elif method == "KEEP":
        start_response("204 No Content", [html, ("Connection", "keep-alive")])
    elif method in {"KEYERROR", "CUSTOM", "EXPLAINERROR"}:
        start_response("999 Custom", [html, close])
    elif method == "LATINONEHEADER":
        start_response("200 OK", [("X-Special", "D\xe4ngerous Mind"), close])
        return [environ["HTTP_X_SPECIAL_INCOMING"].encode("utf-8")]
    elif method == "NOTFOUND":
        start_response("404 Not Found", [html])
        return [b"<p>not found</p>"]
    elif method in {"SEND_ERROR", "HEAD"}:
        start_response(f"{path[1:]} As asked", [html] if path == "/200" else [])
        return [b"<p>as asked</p>"] if path == "/200" else []
    elif method == "GET" and path == "/data":
        start_response("200 OK", [html])
        return [b"<html><body>Data</body></html>\r\n"]
    else:
        start_response("501 Not Implemented", [html])
        return [b"<p>Unsupported method</p>"]
    return []


class Reply(NamedTuple):
    """A status, the fields with their names in lower case, and the body."""

    status: int
    fields: dict[str, str]
    body: bytes = b""


Check = Callable[[Reply], bool]


class Case(NamedTuple):
    """What is sent, the status that CPython's test expects, and what else must hold for our answer."""

    request: str
    expected: int
    check: Check = lambda reply: True


def line(text: str, *fields: str) -> str:
    return "\r\n".join([text, "Host: localhost", "Accept-Encoding: identity", *fields, "", ""])


def closes(reply: Reply) -> bool:
    return reply.fields.get("connection") == "close"


def stays_open(reply: Reply) -> bool:
    return "connection" not in reply.fields


def has_no_content(reply: Reply) -> bool:
    return not {"content-length", "content-type", "transfer-encoding"} & reply.fields.keys() and not reply.body


def is_whole(reply: Reply) -> bool:
    return int(reply.fields["content-length"]) == len(reply.body) > 0


def is_plain(reply: Reply) -> bool:
    return reply.fields["content-type"].startswith("text/plain") and is_whole(reply)


def has_data(reply: Reply) -> bool:
    return reply.body == b"<html><body>Data</body></html>\r\n" and {"date", "content-type"} <= reply.fields.keys()


def is_dated(reply: Reply) -> bool:
    now = time.time()
    return abs(email.utils.parsedate_to_datetime(reply.fields["date"]).timestamp() - now) < 60


CASES: dict[str, Case] = {
    # BaseHTTPServerTestCase
    "test_command": Case(line("GET / HTTP/1.1"), 501),
    "test_request_line_trimming": Case(line("XYZBOGUS / HTTP/1.1\n"), 501, closes),
    "test_version_bogus": Case(line("GET / FUBAR"), 400, closes),
    "test_version_digits": Case(line("GET / HTTP/9.9.9"), 400, closes),
    "test_version_signs_and_underscores": Case(line("GET / HTTP/-9_9_9.+9_9_9"), 400, closes),
    "test_major_version_number_too_long": Case(line("GET / HTTP/909876543210.0"), 400, closes),
    "test_minor_version_number_too_long": Case(line("GET / HTTP/1.909876543210"), 400, closes),
    "test_version_none_get": Case(line("GET / "), 501, closes),
    "test_version_none": Case(line("CUSTOM / "), 400, closes),
    "test_version_invalid": Case(line("GET / HTTP/9.9"), 505, closes),
    "test_send_blank": Case(line(" / "), 400, closes),
    "test_header_close": Case(line("GET / HTTP/1.1", "Connection: close"), 501, closes),
    "test_header_keep_alive": Case(line("GET / HTTP/1.1", "Connection: keep-alive"), 501, stays_open),
    "test_handler": Case(line("TEST / HTTP/1.1"), 204, closes),
    "test_return_header_keep_alive": Case(line("KEEP / HTTP/1.1"), 204, stays_open),
    "test_internal_key_error": Case(line("KEYERROR / HTTP/1.1"), 999, is_plain),
    "test_return_custom_status": Case(line("CUSTOM / HTTP/1.1"), 999, is_plain),
    "test_return_explain_error": Case(line("EXPLAINERROR / HTTP/1.1"), 999, is_plain),
    "test_latin1_header": Case(
        line("LATINONEHEADER / HTTP/1.1", "X-Special-Incoming: \xc4rger mit Unicode"),
        999,
        lambda reply: (reply.fields["x-special"], reply.body) == ("D\xe4ngerous Mind", "\xc4rger mit Unicode".encode()),
    ),
    "test_error_content_length": Case(line("NOTFOUND / HTTP/1.1"), 404, is_whole),
    "test_send_error 204": Case(line("SEND_ERROR /204 HTTP/1.1"), 204, has_no_content),
    "test_send_error 304": Case(line("SEND_ERROR /304 HTTP/1.1"), 304, has_no_content),
    "test_send_error 102": Case(line("SEND_ERROR /102 HTTP/1.1"), 102, is_plain),
    "test_send_error 205": Case(
        line("SEND_ERROR /205 HTTP/1.1"), 205, lambda reply: reply.fields["content-length"] == "0" and not reply.body
    ),
    "test_send_error 101": Case(line("SEND_ERROR /101 HTTP/1.1"), 101, is_plain),
    "test_head_via_send_error 200": Case(
        line("HEAD /200 HTTP/1.1"), 200, lambda reply: reply.fields["content-type"] == "text/html" and not reply.body
    ),
    "test_head_via_send_error 204": Case(line("HEAD /204 HTTP/1.1"), 204, has_no_content),
    "test_head_via_send_error 304": Case(line("HEAD /304 HTTP/1.1"), 304, has_no_content),
    "test_head_via_send_error 205": Case(
        line("HEAD /205 HTTP/1.1"), 205, lambda reply: reply.fields["content-length"] == "0" and not reply.body
    ),
    "test_head_via_send_error 101": Case(line("HEAD /101 HTTP/1.1"), 101, closes),
    # BaseHTTPRequestHandlerTestCase, whose requests have no Host
    "test_http_1_1": Case("GET /data HTTP/1.1\r\n\r\n", 200, closes),
    "test_http_1_0": Case("GET /data HTTP/1.0\r\n\r\n", 200, has_data),
    "test_http_0_9": Case("GET /data HTTP/0.9\r\n\r\n", 200, closes),
    "test_extra_space": Case("GET /spaced out HTTP/1.1\r\nHost: dummy\r\n\r\n", 400, is_dated),
    "test_with_continue_1_0": Case("GET /data HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", 200, has_data),
    "test_with_continue_1_1": Case(line("GET /data HTTP/1.1", "Expect: 100-continue"), 100, has_data),
    "test_header_unbuffered_when_continue": Case(line("GET /data HTTP/1.1", "Expect: 100-continue"), 100, has_data),
    "test_with_continue_rejected": Case(line("GET /data HTTP/1.1", "Expect: a-miracle"), 417, closes),
    "test_request_length": Case("GET " + "x" * 65537, 414, closes),
    "test_header_length": Case("GET / HTTP/1.1\r\nX-Foo: bar" + "r" * 65537 + "\r\n\r\n", 431, closes),
    "test_too_many_headers": Case("GET / HTTP/1.1\r\n" + "X-Foo: bar\r\n" * 101 + "\r\n", 431, closes),
    "test_html_escape_on_error": Case(
        '<script>alert("hello")</script> / HTTP/1.1\r\n\r\n',
        400,
        lambda reply: is_plain(reply) and b"<" not in reply.body,
    ),
    "test_close_connection": Case(line("TEST / HTTP/1.1"), 204, closes),
    "test_date_time_string": Case(line("GET /data HTTP/1.1"), 200, is_dated),
}

_OUT_OF_RANGE = "RFC 9110 section 15 knows no status over 599: what is no status is the application's fault, hence 500."
_INTERIM = "A status of 1xx is no answer, and WSGI has no way to give one: the application's fault, hence 500."
_NO_WAIT = "A 100 asks for the body, and this request has none to be asked for (RFC 9110 section 10.1.1)."

# The case, the status of our answer, and why it is not the one that CPython's test expects.
DIFFERENCES: dict[str, tuple[int, str]] = {
    "test_request_line_trimming": (400, "A bare LF ends no line here: read as one, it lets requests be smuggled."),
    "test_version_none_get": (400, "A request without a version is one of HTTP/0.9, which is not spoken here."),
    "test_internal_key_error": (500, _OUT_OF_RANGE),
    "test_return_custom_status": (500, _OUT_OF_RANGE),
    "test_return_explain_error": (500, _OUT_OF_RANGE),
    "test_latin1_header": (
        200,
        "Only the status differs: 200, since 999 is none. The fields are the same.",
    ),
    "test_send_error 102": (500, _INTERIM),
    "test_send_error 101": (500, _INTERIM),
    "test_head_via_send_error 101": (500, _INTERIM),
    "test_http_1_1": (400, "A request of HTTP/1.1 without a Host is refused (RFC 9112 section 3.2)."),
    "test_http_0_9": (505, "HTTP/0.9 is not spoken here, and never had a version in its request line."),
    "test_with_continue_1_1": (200, _NO_WAIT),
    "test_header_unbuffered_when_continue": (200, _NO_WAIT),
}

# The status is the one expected there; the fields that frame the answer are others.
OTHER_FIELDS = {
    "test_return_header_keep_alive": "The connection is the server's: it stays open without a field for it.",
    "test_send_error 205": "A 205 without content says so by Content-Length: 0 (RFC 9110 section 15.3.6).",
    "test_head_via_send_error 205": "It has the fields of the answer to GET.",
    "test_html_escape_on_error": "Nothing is escaped, as nothing of the request is repeated, and the text is no HTML.",
    "test_with_continue_rejected": "A handler refuses there by its own rule; here what is no 100-continue is refused.",
}

# Cases about methods of the handler class that send nothing by themselves.
NOT_ASKED = {
    "test_unprintable_not_logged": "the access log has a test of its own for what is not printable",
    "test_header_buffering_of_send_error": "counts the writes of send_error(); an error is one write here",
    "test_header_buffering_of_send_response_only": "counts the writes of send_response_only(), unused here",
    "test_header_buffering_of_send_header": "counts the writes of send_header(), unused here",
}


def expected_status(name: str) -> int:
    return DIFFERENCES[name][0] if name in DIFFERENCES else CASES[name].expected


@pytest.mark.parametrize("name", CASES)
def test_a_case_of_cpython_gets_its_answer(serve: Any, caplog: pytest.LogCaptureFixture, name: str) -> None:
    case, status = CASES[name], expected_status(name)
    bodiless = case.request.startswith("HEAD") or status in {204, 304}
    with serve(application).connect() as client:
        reply = Reply(*client.send(case.request.encode("latin-1")).answer(bodiless=bodiless))
        assert reply.status == status
        assert case.check(reply), reply
        if stays_open(reply):
            client.send(line("TEST / HTTP/1.1").encode())
            assert client.answer(bodiless=True)[0] == 204
        assert client.rest() == b""
    assert bool(caplog.records) == (status == 500), "the log tells the application's faults, and only those"


def test_each_difference_is_one_and_has_its_reason() -> None:
    assert DIFFERENCES.keys() | OTHER_FIELDS.keys() <= CASES.keys()
    assert not CASES.keys() & NOT_ASKED.keys()
    for name, (status, reason) in DIFFERENCES.items():
        assert status != CASES[name].expected
        assert reason.endswith(".")


def test_head_and_body_leave_in_one_piece(serve: Any) -> None:
    with serve(application).connect() as client:
        client.send(line("GET /data HTTP/1.1").encode())
        data = client.socket.recv(65536)
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert data.endswith(b"\r\n\r\n<html><body>Data</body></html>\r\n")
