"""PEP 3333: the validator of wsgiref finds nothing in any kind of answer."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.handlers import SimpleHandler

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import (
    Application,
    FileResponse,
    JSONResponse,
    Request,
    Response,
    StreamingResponse,
    abort,
    redirect,
    render,
)
from scaffold.debug import error_application
from scaffold.staticfiles import DirectoryApplication

from .helpers import ask, make_environ

PATHS = [
    ("/text", 200),
    ("/empty", 200),
    ("/json", 200),
    ("/dict", 200),
    ("/redirect", 302),
    ("/file", 200),
    ("/stream", 200),
    ("/template", 200),
    ("/async", 200),
    ("/no-content", 204),
    ("/cookies", 200),
    ("/broken", 500),
    ("/none", 500),
    ("/gone", 410),
    ("/text/", 308),
    ("/missing", 404),
    ("/\xff", 400),
    ("/static/missing.css", 404),
]


def stream() -> Iterator[str]:
    yield "a"
    yield "b"


def cookies(request: Request) -> Response:
    response = Response("x")
    response.set_cookie("a", "1")
    response.delete_cookie("b")
    return response


async def asynchronous(request: Request) -> str:
    return "async"


def broken(request: Request) -> str:
    raise ValueError("broken")


VIEWS: dict[str, Any] = {
    "text": lambda request: "text",
    "empty": lambda request: "",
    "json": lambda request: JSONResponse([1]),
    "dict": lambda request: {"a": 1},
    "redirect": lambda request: redirect("/text"),
    "file": lambda request: FileResponse(__file__),
    "stream": lambda request: StreamingResponse(stream()),
    "template": lambda request: render(request, "a.html"),
    "async": asynchronous,
    "no-content": lambda request: Response(status=204),
    "cookies": cookies,
    "broken": broken,
    "none": lambda request: None,
    "gone": lambda request: abort(410),
}


def make(debug: bool = False, templates: Mapping[str, str] | None = None) -> Application:
    middleware = ["scaffold.middleware.security.security_headers"]
    texts = {"a.html": "template", **(templates or {})}
    app = Application({"DEBUG": debug, "MIDDLEWARE": middleware}, templates=texts)
    for name, view in VIEWS.items():
        app.route(f"/{name}", name=name)(view)
    return app


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("accept", ["", "text/html", "application/json"])
@pytest.mark.parametrize(("path", "status"), PATHS)
def test_get_and_head_have_the_same_status_and_head_no_body(path: str, status: int, accept: str, debug: bool) -> None:
    app = make(debug)
    answer = ask(app, path, HTTP_ACCEPT=accept)
    head = ask(app, path, "HEAD", HTTP_ACCEPT=accept)
    assert (answer.status, head.status) == (status, status)
    assert head.body == b""
    if "Content-Length" in answer.headers:
        assert answer.headers["Content-Length"] == str(len(answer.body))
        assert head.headers["Content-Length"] == answer.headers["Content-Length"] or debug


@pytest.mark.parametrize("path", ["/text", "/file", "/stream", "/broken"])
@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("OPTIONS", 204), ("DELETE", 405)])
def test_other_methods_too(path: str, method: str, status: int) -> None:
    answer = ask(make(), path, method)
    assert (answer.status, answer.headers["Allow"]) == (status, "GET, HEAD, OPTIONS")


def test_304_too() -> None:
    tag = ask(make(), "/file").headers["ETag"]
    for method in ("GET", "HEAD"):
        answer = ask(make(), "/file", method, HTTP_IF_NONE_MATCH=tag)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_own_error_pages_too() -> None:
    app = make(templates={"404.html": "own {{ status }}", "500.html": "{{ nothing }}"})
    assert ask(app, "/missing").text == "own 404"
    assert ask(app, "/broken").status == 500


def test_folders_and_errors_as_applications_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    folder: Any = DirectoryApplication(tmp_path)
    assert [ask(folder, path).status for path in ("/", "/a", "/a/", "/b")] == [200, 308, 200, 404]
    failed: Any = error_application(ValueError("x"), debug=True)
    assert ask(failed).status == 500


@pytest.mark.parametrize(
    ("path", "text"), [("/text", b"text"), ("/file", Path(__file__).read_bytes()), ("/stream", b"ab")]
)
def test_the_handler_of_wsgiref_serves_it(path: str, text: bytes) -> None:
    sent = io.BytesIO()
    handler = SimpleHandler(io.BytesIO(), sent, io.StringIO(), make_environ(path))
    handler.run(make())
    head, _, body = sent.getvalue().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK")
    assert body == text


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.text(alphabet=st.characters(max_codepoint=255), max_size=20),
    st.text(alphabet=st.characters(max_codepoint=255), max_size=20),
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]),
    st.sampled_from(["", "/m", "/\xc3\xa9"]),
)
def test_no_target_makes_the_application_raise(path: str, query: str, method: str, mount: str) -> None:
    app = Application({"DEBUG": False}, templates={"404.html": "{{ request.url }}"})
    app.route("/a/<x>/", name="a")(lambda request, x: request.url)
    environ: dict[str, Any] = {"PATH_INFO": f"/{path}", "QUERY_STRING": query, "SCRIPT_NAME": mount}
    answer = ask(app, "/", method, **environ)
    assert answer.status in {200, 204, 308, 400, 404, 405}
