"""The 404 of an address without a route: what was tried, for a developer alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scaffold import Application, Request, Response, abort, host, path
from scaffold.testing import Client

from .helpers import Answer, ask

HTML: dict[str, Any] = {"HTTP_ACCEPT": "text/html,*/*;q=0.8"}
JSON: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}
KINDS = pytest.mark.parametrize("accept", [{}, HTML, JSON], ids=["text", "html", "json"])


def serve(*, debug: bool = True, **settings: Any) -> Application:
    app = Application({"DEBUG": debug, **settings}, templates={"404.html": "own page: {{ detail }}"})

    @app.route("/blog/<int:number>/", name="post", methods=["GET", "POST"])
    def post(request: Request, number: int) -> str:
        abort(404, f"There is no post {number}.")

    return app


def is_shown(answer: Answer) -> bool:
    assert answer.status == 404
    return "is no int" in json.dumps(answer.text)


@pytest.mark.parametrize(
    ("debug", "values", "shown"),
    [
        (True, {}, True),
        (True, {"REMOTE_ADDR": "::1"}, True),
        (True, {"REMOTE_ADDR": "10.0.0.1"}, False),
        (True, {"HTTP_HOST": "evil.example"}, False),
        (False, {}, False),
    ],
)
@KINDS
def test_it_is_shown_to_this_machine_alone_and_with_debug_on(
    debug: bool, values: dict[str, Any], shown: bool, accept: dict[str, Any]
) -> None:
    answer = ask(serve(debug=debug), "/blog/abc/", **values, **accept)
    assert is_shown(answer) is shown
    assert (answer.headers.get("Cache-Control") == "no-store") is shown
    assert ("own page" in answer.text) is (not shown and accept is not JSON)


@pytest.mark.parametrize("target", ["/blog/7/", "/static/missing.css"])
@KINDS
def test_the_404_of_a_view_or_of_a_static_file_is_the_projects_own(target: str, accept: dict[str, Any]) -> None:
    answer = ask(serve(), target, **accept)
    assert answer.status == 404
    assert "int:number" not in answer.text
    assert ("own page" in answer.text) is (accept is not JSON)


def test_a_handler_of_404_comes_first() -> None:
    app = serve()
    app.error_handler(404)(lambda request, error: Response(f"mine: {error.detail}", 404))
    assert ask(app, "/blog/abc/").text == "mine: There is no page at this address."


def test_a_terminal_gets_text() -> None:
    answer = ask(serve(), "/blog/abc/")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[:5] == [
        "404 Not Found: GET /blog/abc/",
        "There is no page at this address.",
        "The routes, the nearest first:",
        "  /blog/<int:number>/  GET, POST  post",
        '      "abc" is no int',
    ]
    assert lines[5].startswith(f"      {__file__}:")


def test_a_path_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in ask(serve(), "/\x1b[31m/").text


def test_a_json_client_gets_json() -> None:
    data = json.loads(ask(serve(), "/blog/abc/", **JSON).body)
    assert (data["status"], data["error"]) == (404, "Not Found")
    assert data["detail"] == "There is no page at this address."
    first = data["tried"][0]
    assert first.pop("source").startswith(f"{__file__}:")
    assert first == {
        "path": "/blog/<int:number>/",
        "host": "",
        "name": "post",
        "methods": ["GET", "POST"],
        "reason": '"abc" is no int',
        "steps": [
            {"rule": "blog", "text": "blog", "fits": True, "reason": ""},
            {"rule": "<int:number>", "text": "abc", "fits": False, "reason": '"abc" is no int'},
        ],
    }
    assert [item["path"] for item in data["tried"]] == ["/blog/<int:number>/", "/static/<path:path>"]


def test_the_page_is_escaped_and_loads_nothing() -> None:
    answer = ask(serve(), "/blog/<script>x", **HTML)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "/blog/&lt;int:number&gt;/" in answer.text
    assert "&#34;&lt;script&gt;x&#34; is no int" in answer.text
    assert "src=" not in answer.text
    assert "prefers-color-scheme: dark" in answer.text


def test_a_route_of_another_host_says_so() -> None:
    app = serve()
    app._add_pattern(host("api.example.org", [path("posts/", lambda request: "")]))
    text = ask(app, "/posts/").text
    assert "  //api.example.org/posts/  GET\n      it is for the host api.example.org\n" in text


def test_the_segments_that_stand_against_a_route_are_marked_in_the_path() -> None:
    text = ask(serve(), "/blog/abc", **HTML).text
    assert '<code>/blog/<mark title="&#34;abc&#34; is no int">abc</mark>/<mark' in text
    assert '<mark title="the final slash is missing">' in text


def test_the_place_opens_in_the_editor_where_there_is_one() -> None:
    link = re.search('href="([^"]*)"', ask(serve(EDITOR_URL="ed:{path}?{line}"), "/blog/abc/", **HTML).text)
    assert link is not None
    assert re.fullmatch(rf"ed:{re.escape(__file__)}\?[0-9]+", link[1])
    assert "href=" not in ask(serve(EDITOR_URL=""), "/blog/abc/", **HTML).text


def test_of_many_routes_the_nearest_are_shown() -> None:
    app = serve()
    for number in range(30):
        app.route(f"/page-{number}/")(lambda request: "")
    assert "The nearest of 32 routes:" in ask(app, "/page-x/").text
    assert len(json.loads(ask(app, "/page-x/", **JSON).body)["tried"]) == 10


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_any_method_gets_it(method: str) -> None:
    answer = ask(serve(), "/blog/abc/", method)
    assert answer.status == 404
    assert (answer.body == b"") is (method == "HEAD")


def test_the_page_has_its_style_under_any_policy() -> None:
    middleware = ["scaffold.middleware.csp.content_security_policy"]
    app = Application({"DEBUG": True, "MIDDLEWARE": middleware, "SECURE_CSP": {"default-src": ["'self'"]}})
    answer = Client(app).get("/nowhere", headers={"Accept": "text/html"})
    assert "<style>" in answer.text
    assert "Content-Security-Policy" not in answer.headers
