"""Every kind of answer, captured from a socket, before a linter that others wrote (``httplint``)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from httplint import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels

from scaffold import (
    Application,
    FileResponse,
    HTTPError,
    JSONResponse,
    RedirectResponse,
    Request,
    Response,
    StreamingResponse,
)
from scaffold.server import Limits
from scaffold.staticfiles import DirectoryApplication

SECURITY = ["scaffold.middleware.hosts.validate_host", "scaffold.middleware.security.security_headers"]


def text(request: Request) -> Response:
    return Response("plain and s\u00f6me more", content_type="text/plain; charset=utf-8")


def html(request: Request) -> str:
    return "<!doctype html><html lang=en><title>A page</title><p>\u20ac</p></html>"


def json(request: Request) -> JSONResponse:
    return JSONResponse({"a": [1, "\u00e9", None]}, 201, headers={"Location": "/json/1"})


def empty(request: Request) -> Response:
    return Response(status=204)


def file(request: Request) -> Response:
    return FileResponse(request.app.root / "data.bin", download_name='r\u00e9sum\u00e9 "1".bin')


def redirect(request: Request, status: int) -> Response:
    return RedirectResponse("/caf\u00e9?a=b", status)


def stream(request: Request) -> Response:
    return StreamingResponse(iter(["one\n", "", "two\n"]), content_type="text/plain; charset=utf-8")


def cookie(request: Request) -> Response:
    response = Response("<!doctype html><title>Cookies</title>")
    response.set_cookie("a", "b", max_age=60)
    response.set_cookie("__Host-c", "d", secure=True, samesite="Strict")
    response.delete_cookie("e")
    return response


def cached(request: Request) -> Response:
    return Response("kept", headers={"Cache-Control": "max-age=60", "ETag": '"1"', "Vary": "Accept"})


def post(request: Request) -> dict[str, int]:
    return {"length": len(request.body)}


def refuse(request: Request, status: int) -> Response:
    headers = {401: {"WWW-Authenticate": 'Basic realm="a"'}, 503: {"Retry-After": "60"}}
    raise HTTPError(status, "As you asked.", headers=headers.get(status, {}))


def fail(request: Request) -> Response:
    raise ValueError("a mistake")


VIEWS: dict[str, Callable[..., Any]] = {
    "/text": text,
    "/html": html,
    "/json": json,
    "/empty": empty,
    "/file": file,
    "/redirect/<int:status>": redirect,
    "/stream": stream,
    "/cookie": cookie,
    "/cached": cached,
    "/slash/": html,
    "/refuse/<int:status>": refuse,
    "/fail": fail,
}


def site(root: Path, *, debug: bool = False) -> Application:
    """Return an application with a view for each kind of answer, and a file in its static folder."""
    for name in ("static/a.css", "data.bin"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("body { color: black }\n" * 20)
    values = {"DEBUG": debug, "ALLOWED_HOSTS": ["localhost"], "MIDDLEWARE": SECURITY}
    page = "<!doctype html><title>{{ status }}</title>{{ detail }}"
    app = Application(values, root=root, templates={"404.html": page})
    for rule, view in VIEWS.items():
        app.route(rule)(view)
    app.route("/post", methods=["POST"])(post)
    return app


def get(target: str, *fields: str, method: str = "GET", version: str = "HTTP/1.1", body: bytes = b"") -> bytes:
    lines = [f"{method} {target} {version}", "Host: localhost", "User-Agent: test", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class Case(NamedTuple):
    """A request, and the status of its answer."""

    request: bytes
    status: int


FORM = "Content-Type: application/x-www-form-urlencoded"
CASES = {
    "text": Case(get("/text"), 200),
    "text of 1.0": Case(get("/text", version="HTTP/1.0"), 200),
    "text of 1.0 kept alive": Case(get("/text", "Connection: keep-alive", version="HTTP/1.0"), 200),
    "text and closing": Case(get("/text", "Connection: close"), 200),
    "text without its body": Case(get("/text", method="HEAD"), 200),
    "HTML": Case(get("/html"), 200),
    "JSON": Case(get("/json"), 201),
    "JSON without its body": Case(get("/json", method="HEAD"), 201),
    "no content": Case(get("/empty"), 204),
    "options": Case(get("/text", method="OPTIONS"), 204),
    "options of all": Case(get("*", method="OPTIONS"), 204),
    "a file": Case(get("/file"), 200),
    "a file without its body": Case(get("/file", method="HEAD"), 200),
    "a file that is known": Case(get("/file", "If-None-Match: *"), 304),
    "a file that is known by its date": Case(get("/file", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"), 304),
    "a static file": Case(get("/static/a.css"), 200),
    "a static file that is known": Case(get("/static/a.css", "If-None-Match: *"), 304),
    "a static file without its body": Case(get("/static/a.css", method="HEAD"), 200),
    **{f"redirect {status}": Case(get(f"/redirect/{status}"), status) for status in (301, 302, 303, 307, 308)},
    "a slash to add": Case(get("/slash"), 308),
    "a stream": Case(get("/stream"), 200),
    "a stream of 1.0": Case(get("/stream", version="HTTP/1.0"), 200),
    "a stream without its body": Case(get("/stream", method="HEAD"), 200),
    "cookies": Case(get("/cookie"), 200),
    "a page that is cached": Case(get("/cached"), 200),
    "a posted form": Case(get("/post", FORM, "Content-Length: 3", method="POST", body=b"a=b"), 200),
    "another host": Case(get("/text").replace(b"localhost", b"elsewhere"), 400),
    "an address that is none": Case(get("/nowhere"), 404),
    "an address that is none, as JSON": Case(get("/nowhere", "Accept: application/json"), 404),
    "an address that is none, without the body": Case(get("/nowhere", method="HEAD"), 404),
    "a static file that is none": Case(get("/static/nothing.css"), 404),
    "another method": Case(get("/text", FORM, "Content-Length: 0", method="POST"), 405),
    "another method, as JSON": Case(get("/text", "Accept: application/json", method="DELETE"), 405),
    **{
        f"refusal {status}": Case(get(f"/refuse/{status}"), status)
        for status in (400, 401, 403, 409, 410, 418, 422, 503)
    },
    "a failure": Case(get("/fail"), 500),
    "a failure, as JSON": Case(get("/fail", "Accept: application/json"), 500),
    "a malformed head": Case(b"GET  / HTTP/1.1\r\n\r\n", 400),
    "a missing host": Case(b"GET / HTTP/1.1\r\n\r\n", 400),
    "a body that is too large": Case(get("/post", "Content-Length: 99999999", method="POST"), 413),
    "a malformed body": Case(get("/post", "Transfer-Encoding: chunked", method="POST", body=b"x\r\n"), 400),
    "a long target": Case(get("/" + "x" * 9000), 414),
    "another expectation": Case(get("/text", "Expect: a-miracle"), 417),
    "a long field": Case(get("/text", "A: " + "x" * 9000), 431),
    "another coding": Case(get("/text", "Transfer-Encoding: gzip"), 501),
    "another version": Case(get("/text", version="HTTP/3.0"), 505),
    "a tunnel": Case(get("localhost:80", method="CONNECT"), 501),
    "a trace": Case(get("/text", method="TRACE"), 405),
}

# What the linter calls bad although it is the request's fault: it repeats what the status says.
BLAMES = {
    414: ["uri: The server won't accept a URI this long"],
    505: [": The request HTTP version isn't supported."],
}


def faults(sent: bytes, received: bytes) -> list[str]:
    """Return what the linter calls bad about ``received``, a whole answer to ``sent``."""
    lines = sent.split(b"\r\n")
    method, target, _ = (lines[0].split(b" ") + [b""] * 3)[:3]
    request = HttpRequestLinter(start_time=time.time(), no_content=True)
    request.process_request_topline(method, b"http://localhost" + target if target[:1] == b"/" else target, b"1.1")
    request.process_headers([fields(line) for line in lines[1 : lines.index(b"", 1)]])
    response = HttpResponseLinter(start_time=time.time())
    response.request = request
    response.is_head_response = method == b"HEAD"
    head, _, body = received.partition(b"\r\n\r\n")
    top, *rest = head.split(b"\r\n")
    version, status, phrase = top.split(b" ", 2)
    response.process_response_topline(version.removeprefix(b"HTTP/"), status, phrase)
    response.process_headers([fields(line) for line in rest])
    for block in dechunked(body) if b"Transfer-Encoding: chunked" in rest and body else [body]:
        response.feed_content(block)
    response.finish_content(True)
    notes = [note for top_note in response.notes for note in (top_note, *top_note.subnotes)]
    return [f"{note.subject}: {note.summary}" for note in notes if note.level is levels.BAD]


def fields(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.strip(b" \t")


def dechunked(body: bytes) -> Iterator[bytes]:
    while True:
        line, _, body = body.partition(b"\r\n")
        if not (size := int(line, 16)):
            assert body == b"\r\n"
            return
        yield body[:size]
        assert body[size : size + 2] == b"\r\n"
        body = body[size + 2 :]


def receive(running: Any, request: bytes) -> bytes:
    """Return the raw answer to ``request``, which ends where the connection does."""
    with running.connect() as client:
        client.send(request).socket.shutdown(socket.SHUT_WR)
        received: bytes = client.rest()
    return received


def check(running: Any, case: Case) -> None:
    received = receive(running, case.request)
    assert received.startswith(f"HTTP/1.1 {case.status} ".encode()), received[:200]
    blames = BLAMES.get(case.status, [])
    found = faults(case.request, received)
    assert len(found) == len(blames), found
    assert all(fault.startswith(blame) for fault, blame in zip(found, blames, strict=True)), found


@pytest.mark.parametrize("name", CASES)
def test_the_linter_finds_nothing_bad_in_an_answer(serve: Any, tmp_path: Path, name: str) -> None:
    check(serve(site(tmp_path)), CASES[name])


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(("target", "status"), [("/fail", 500), ("/nowhere", 404), ("/post", 405), ("/html", 200)])
def test_the_linter_finds_nothing_bad_with_debug_on(
    serve: Any, tmp_path: Path, target: str, status: int, accept: str
) -> None:
    check(serve(site(tmp_path, debug=True)), Case(get(target, f"Accept: {accept}"), status))


FOLDER = {"/": 200, "/static": 308, "/static/": 200, "/static/a.css": 200, "/static/a.css/": 404, "/nothing": 404}


@pytest.mark.parametrize("target", FOLDER)
def test_the_linter_finds_nothing_bad_in_a_folder(serve: Any, tmp_path: Path, target: str) -> None:
    site(tmp_path)
    running = serve(DirectoryApplication(tmp_path))
    check(running, Case(get(target), FOLDER[target]))
    check(running, Case(get(target, method="HEAD"), FOLDER[target]))
    check(running, Case(get(target, method="PUT"), 405))


def test_the_linter_finds_nothing_bad_in_a_range(serve: Any, tmp_path: Path) -> None:
    running = serve(site(tmp_path))
    wanted = {"bytes=0-9": 206, "bytes=-5": 206, "bytes=100-": 206, "bytes=9999-": 416, "lines=1-2": 200}
    for ranges, status in wanted.items():
        check(running, Case(get("/static/a.css", f"Range: {ranges}"), status))


def test_the_linter_finds_nothing_bad_in_several_ranges_but_what_parts_must_not_have(
    serve: Any, tmp_path: Path
) -> None:
    request = get("/static/a.css", "Range: bytes=0-1,5-9")
    received = receive(serve(site(tmp_path)), request)
    assert received.startswith(b"HTTP/1.1 206 ")
    found = faults(request, received)
    # Content-Range stands in each part, and must not stand in the head: RFC 9110 section 15.3.7.2.
    assert len(found) == 1, found
    assert "doesn't have a Content-Range" in found[0]


def test_the_linter_finds_nothing_bad_in_the_answer_of_a_full_server(serve: Any, tmp_path: Path) -> None:
    running = serve(site(tmp_path), limits=Limits(connections=1, threads=2))
    with running.connect() as first:
        assert first.send(get("/text")).answer()[0] == 200
        with running.connect() as second:
            assert faults(get("/text"), second.rest()) == []


def test_the_linter_finds_nothing_bad_in_the_answer_to_a_slow_request(serve: Any, tmp_path: Path) -> None:
    running = serve(site(tmp_path), limits=Limits(head_seconds=0.05, linger_seconds=0.1))
    with running.connect() as client:
        received = client.send(b"GET / HT").rest()
    assert received.startswith(b"HTTP/1.1 408 ")
    assert faults(get("/"), received) == []


def test_the_linter_sees_what_is_bad() -> None:
    length = b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 3\r\n\r\nfour"
    subjects = {fault.partition(":")[0] for fault in faults(get("/"), length)}
    assert {"field-content-length", "field-date"} <= subjects
    assert faults(get("/"), b"HTTP/1.1 302 Found\r\n\r\n") != []
    assert faults(get("/", method="HEAD"), b"HTTP/1.1 200 OK\r\n\r\nbody") != []
