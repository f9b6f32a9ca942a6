"""What tests of a project use: the client, the live server, and the pytest plugin."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import requests

from scaffold import Application, Request, Response, StreamingResponse, abort, redirect
from scaffold.testing import Client, LiveServer, TestResponse

from .helpers import make_app

WAIT_SECONDS = 60


@pytest.fixture
def app() -> Application:
    app = make_app()
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @app.route("/echo/<path:rest>", methods=methods)
    def echo(request: Request, rest: str) -> dict[str, Any]:
        return {
            "method": request.method,
            "path": request.path,
            "query": request.query.multi_items(),
            "type": request.headers.get("Content-Type"),
            "length": request.headers.get("Content-Length"),
            "body": request.text,
            "cookies": request.cookies,
            "host": request.host,
            "local": request.is_local,
            "x": request.headers.get("X-A"),
        }

    @app.route("/set/<name>/<value>")
    def set_cookie(request: Request, name: str, value: str) -> Response:
        response = Response()
        response.set_cookie(name, value)
        response.set_cookie("other", "o")
        return response

    @app.route("/delete/<name>")
    def delete_cookie(request: Request, name: str) -> Response:
        response = Response()
        response.delete_cookie(name)
        return response

    @app.route("/go/<int:status>", methods=methods)
    def go(request: Request, status: int) -> Response:
        return redirect("/echo/end?a=1#part", status=status)

    app.route("/abroad")(lambda request: redirect("http://evil.example/x"))
    app.route("/round")(lambda request: redirect("/round"))
    app.route("/relative/x")(lambda request: redirect("../echo/y"))
    app.route("/home")(lambda request: redirect(f"http://{request.host}"))
    app.route("/", name="root")(lambda request: "root")
    app.route("/gone")(lambda request: abort(410))
    app.route("/broken")(lambda request: 1 / 0)
    app.route("/stream")(lambda request: StreamingResponse(["é", b"b"]))
    return app


@pytest.fixture
def client(app: Application) -> Client:
    return Client(app)


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_each_method_is_sent(client: Client, method: str) -> None:
    response = getattr(client, method)("/echo/x")
    assert response.status == 200
    assert response.json()["method"] == method.upper()


def test_head_and_options_have_no_body(client: Client) -> None:
    head = client.head("/echo/x")
    assert (head.status, head.body) == (200, b"")
    options = client.options("/echo/x")
    assert (options.status, options.headers["Allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("/echo/é b", {}, {"path": "/echo/é b"}),
        ("/echo/%C3%A9%20b", {}, {"path": "/echo/é b"}),
        ("/echo/a%2Fb", {}, {"path": "/echo/a/b"}),
        ("/echo/x?a=1", {}, {"query": [["a", "1"]]}),
        ("/echo/x?a=1#part", {}, {"query": [["a", "1"]], "path": "/echo/x"}),
        ("/echo/x", {"query": {"a": ["1", "2"], "b": "é &"}}, {"query": [["a", "1"], ["a", "2"], ["b", "é &"]]}),
        ("/echo/x?a=1", {"query": {"b": "2"}}, {"query": [["a", "1"], ["b", "2"]]}),
        ("/echo/x", {"headers": {"X-A": "1"}}, {"x": "1"}),
        ("/echo/x", {}, {"type": None, "length": None, "body": "", "local": True, "host": "localhost"}),
    ],
)
def test_a_request_is_sent_as_asked_for(
    client: Client, path: str, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    data = client.get(path, **options).json()
    assert {name: data[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("options", "kind", "body"),
    [
        ({"form": {"a": "1", "b": ["2", "é"]}}, "application/x-www-form-urlencoded", "a=1&b=2&b=%C3%A9"),
        ({"form": {}}, "application/x-www-form-urlencoded", ""),
        ({"json": {"a": [1]}}, "application/json", '{"a": [1]}'),
        ({"json": []}, "application/json", "[]"),
        ({"body": b"raw", "headers": {"Content-Type": "text/plain"}}, "text/plain", "raw"),
        ({"json": 1, "headers": {"content-type": "application/ld+json"}}, "application/ld+json", "1"),
        ({}, None, ""),
    ],
)
def test_a_body_is_sent_with_its_type_and_length(
    client: Client, options: dict[str, Any], kind: str | None, body: str
) -> None:
    data = client.post("/echo/x", **options).json()
    assert (data["type"], data["body"], data["length"]) == (kind, body, str(len(body)))


def test_a_header_that_cannot_be_sent_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="control character"):
        client.get("/", headers={"X-A": "a\r\nb"})


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ([], "localhost"),
        (["*"], "localhost"),
        ([".example.com"], "localhost"),
        (["*", "example.com"], "example.com"),
        (["", "example.com"], "example.com"),
    ],
)
def test_the_host_is_the_first_plain_name_allowed(allowed: list[str], host: str) -> None:
    assert Client(make_app(ALLOWED_HOSTS=allowed)).host == host


def test_the_host_may_be_given_with_a_port(app: Application) -> None:
    app.route("/port")(lambda request: str(request.server_port))
    assert Client(app, host="example.com:8000").get("/port").text == "8000"
    assert Client(app, host="example.com").get("/port").text == "80"


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_shows_itself(client: Client) -> None:
    response = client.get("/stream")
    assert isinstance(response, TestResponse)
    assert (response.text, response.body, response.url) == ("éb", b"\xc3\xa9b", "http://localhost/stream")
    assert repr(response) == "<TestResponse 200 http://localhost/stream>"
    assert response.history == []


def test_an_error_status_is_an_answer(client: Client) -> None:
    assert client.get("/nothing").status == 404
    assert client.get("/gone").status == 410
    assert client.post("/gone").status == 405


def test_an_error_in_a_view_is_raised_unless_told_otherwise(app: Application) -> None:
    with pytest.raises(ZeroDivisionError):
        Client(app).get("/broken")
    assert Client(app, raise_errors=False).get("/broken").status == 500


def test_a_handled_error_is_not_raised(app: Application) -> None:
    app.error_handler(ZeroDivisionError)(lambda request, error: "handled")
    assert Client(app).get("/broken").text == "handled"


# --- redirects -------------------------------------------------------------------------------------------------------


def test_a_redirect_is_followed_on_demand(client: Client) -> None:
    assert client.get("/go/302").status == 302
    response = client.get("/go/302", follow=True)
    assert (response.status, response.json()["query"]) == (200, [["a", "1"]])
    assert [item.status for item in response.history] == [302]
    assert response.url == "http://localhost/echo/end?a=1"


@pytest.mark.parametrize(
    ("method", "status", "followed", "body"),
    [
        ("POST", 301, "GET", ""),
        ("POST", 302, "GET", ""),
        ("POST", 303, "GET", ""),
        ("PUT", 303, "GET", ""),
        ("POST", 307, "POST", "[1]"),
        ("PATCH", 308, "PATCH", "[1]"),
    ],
)
def test_a_redirect_keeps_the_method_where_its_status_says_so(
    client: Client, method: str, status: int, followed: str, body: str
) -> None:
    data = client.request(method, f"/go/{status}", json=[1], headers={"X-A": "1"}, follow=True).json()
    assert (data["method"], data["body"], data["x"]) == (followed, body, "1")


def test_head_stays_head_when_it_is_redirected(client: Client) -> None:
    response = client.head("/go/302", follow=True)
    assert (response.status, response.body) == (200, b"")


def test_a_relative_redirect_is_followed(client: Client) -> None:
    assert client.get("/relative/x", follow=True).json()["path"] == "/echo/y"


@pytest.mark.parametrize("host", ["localhost", "h", "t", "example.com:8000"])
def test_a_redirect_to_the_bare_host_leads_to_its_root(app: Application, host: str) -> None:
    response = Client(app, host=host).get("/home", follow=True)
    assert (response.text, response.url) == ("root", f"http://{host}/")


def test_a_redirect_to_another_host_is_not_followed(client: Client) -> None:
    response = client.get("/abroad", follow=True)
    assert (response.status, response.headers["Location"]) == (302, "http://evil.example/x")
    assert len(response.history) == 1


def test_a_circle_of_redirects_ends(client: Client) -> None:
    with pytest.raises(RuntimeError, match="redirects more than 20 times"):
        client.get("/round", follow=True)


# --- cookies ---------------------------------------------------------------------------------------------------------


def test_cookies_are_kept_and_forgotten(client: Client) -> None:
    client.get("/set/a/1")
    assert client.cookies == {"a": "1", "other": "o"}
    assert client.get("/echo/x").json()["cookies"] == {"a": "1", "other": "o"}
    client.get("/delete/a")
    client.get("/delete/never-set")
    assert client.get("/echo/x").json()["cookies"] == {"other": "o"}
    assert Client(client.app).get("/echo/x").json()["cookies"] == {}


@pytest.mark.parametrize(
    ("attributes", "path", "is_sent"),
    [
        ("", "/keep/x", True),
        ("", "/other/x", False),
        ("; Path=/", "/other/x", True),
        ("; Path=/a", "/a", True),
        ("; Path=/a", "/a/b", True),
        ("; Path=/a", "/ab", False),
        ("; Path=/; Secure", "/x", False),
        ("; Path=/; Max-Age=60", "/x", True),
        ("; Path=/; Max-Age=0", "/x", False),
        ("; Path=/; Max-Age=-1", "/x", False),
        ("; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/x", False),
        ("; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "/x", True),
        ("; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/x", True),
        ("; Path=/; Domain=elsewhere.example", "/x", False),
    ],
)
@pytest.mark.parametrize("host", ["localhost", "shop.example:8000", "127.0.0.1"])
def test_a_cookie_is_sent_where_a_browser_would_send_it(host: str, attributes: str, path: str, is_sent: bool) -> None:
    app = make_app()
    app.route("/keep/it")(lambda request: Response(headers={"Set-Cookie": f"a=1{attributes}"}))
    app.route("/<path:rest>")(lambda request, rest: dict(request.cookies))
    client = Client(app, host=host)
    client.get("/keep/it")
    assert client.get(path).json() == ({"a": "1"} if is_sent else {})


def test_an_end_in_the_past_makes_the_client_forget_a_cookie(client: Client) -> None:
    client.app.route("/end")(lambda request: Response(headers={"Set-Cookie": "a=; Path=/; Max-Age=0"}))
    client.get("/set/a/1")
    client.get("/end")
    assert client.cookies == {"other": "o"}


def test_a_test_can_set_and_drop_cookies(client: Client) -> None:
    client.cookies["a"] = "1"
    client.cookies["a"] = "2"
    client.cookies["b"] = "3"
    assert client.get("/echo/x").json()["cookies"] == {"a": "2", "b": "3"}
    del client.cookies["a"]
    assert (dict(client.cookies), len(client.cookies), repr(client.cookies)) == ({"b": "3"}, 1, "{'b': '3'}")
    with pytest.raises(KeyError):
        del client.cookies["a"]
    with pytest.raises(ValueError, match="characters"):
        client.cookies["c"] = "1; Path=/"


# --- live server -----------------------------------------------------------------------------------------------------


def test_a_live_server_serves_on_a_real_socket(app: Application) -> None:
    with LiveServer(app) as server, requests.Session() as session:
        assert server.url.startswith("http://127.0.0.1:")
        assert session.get(f"{server.url}echo/x", params={"a": "é"}, timeout=10).json()["query"] == [["a", "é"]]
        assert session.post(f"{server.url}echo/x", json=[1], timeout=10).json()["body"] == "[1]"
        assert session.get(f"{server.url}stream", timeout=10).content == b"\xc3\xa9b"
        assert session.head(f"{server.url}echo/x", timeout=10).status_code == 200
        assert session.get(f"{server.url}nothing", timeout=10).status_code == 404
        assert session.get(f"{server.url}broken", timeout=10).status_code == 500
        assert session.get(f"{server.url}set/a/1", timeout=10).cookies["a"] == "1"
        assert session.get(f"{server.url}go/302", timeout=10).history[0].status_code == 302
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=10)


# --- pytest plugin ---------------------------------------------------------------------------------------------------

TESTS = """import urllib.request

from config import settings


def test_app(app):
    assert app.url_for("blog:index") == "/blog/"
    assert settings.DEBUG


def test_client(client):
    assert client.get("/blog/").text == "hello"
    client.cookies["a"] = "1"


def test_client_again(client):
    assert client.cookies == {}


def test_live_server(live_server):
    with urllib.request.urlopen(live_server.url + "blog/", timeout=10) as response:
        assert response.read() == b"hello"
"""
URLS = "from scaffold import path\nurlpatterns = [path('', lambda request: 'hello', name='index')]\n"


def test_the_body_may_be_as_large_as_the_setting_says(tmp_path: Path) -> None:
    app = Application({"MAX_BODY_BYTES": 11 * 1024 * 1024}, root=tmp_path)
    app.route("/", methods=["POST"])(lambda request: str(len(request.body)))
    with LiveServer(app) as server:
        size = 10 * 1024 * 1024 + 1
        assert requests.post(server.url, data=b"x" * size, timeout=10).text == str(size)
        assert requests.post(server.url, data=b"x" * (size + 1024 * 1024), timeout=10).status_code == 413


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )


def test_the_plugin_brings_fixtures_to_the_tests_of_a_project(project: Any) -> None:
    folder = project(
        {"apps/blog/urls.py": URLS, "tests/test_site.py": TESTS, "pyproject.toml": "[tool.pytest.ini_options]"}
    )
    result = run_pytest(folder)
    assert "4 passed" in result.stdout, result.stdout + result.stderr


def test_client_and_live_server_may_ask_with_debug_off_and_no_host_allowed(project: Any) -> None:
    settings = (
        "SECRET_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789'\n"
        "MIDDLEWARE = ['scaffold.middleware.hosts.validate_host']\n"
    )
    tests = TESTS.replace("    assert settings.DEBUG\n", "    assert not hasattr(settings, 'DEBUG')\n") + (
        "\n\ndef test_check(app):\n"
        "    from scaffold.checks import run_checks\n\n"
        "    assert run_checks(app) == []\n"
        "\n\ndef test_other_hosts_are_refused(app):\n"
        "    from scaffold.testing import Client\n\n"
        "    assert Client(app, host='example.com').get('/blog/').status == 400\n"
    )
    folder = project(
        {
            "config/settings.py": settings,
            "apps/blog/urls.py": URLS,
            "tests/test_site.py": tests,
            "pyproject.toml": "[tool.pytest.ini_options]",
        }
    )
    result = run_pytest(folder)
    assert "6 passed" in result.stdout, result.stdout + result.stderr


def test_the_plugin_is_silent_where_there_is_no_project(tmp_path: Path) -> None:
    text = "import sys\n\n\ndef test_plain():\n    assert 'scaffold.application' not in sys.modules\n"
    (tmp_path / "test_plain.py").write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    result = run_pytest(tmp_path)
    assert "1 passed" in result.stdout, result.stdout + result.stderr
    assert "live_server" not in run_pytest(tmp_path, "--fixtures").stdout


def test_the_fixtures_say_so_where_there_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text("def test_app(app):\n    pass\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    result = run_pytest(tmp_path, "-p", "scaffold.testing.fixtures")
    assert result.returncode == 1
    assert "is in no project" in result.stdout


def test_a_broken_project_fails_the_tests_that_need_it_alone(project: Any) -> None:
    tests = "def test_plain():\n    pass\n\n\ndef test_app(app):\n    pass\n"
    files = {"config/settings.py": "DEBUG = 'yes'\n", "test_site.py": tests, "pytest.ini": "[pytest]\n"}
    result = run_pytest(project(files))
    assert "1 passed, 1 error" in result.stdout
    assert "DEBUG is 'yes'" in result.stdout


SESSIONS = {
    "MIDDLEWARE": ["scaffold.middleware.sessions.sessions"],
    "SECRET_KEY": "long enough for the tests of a session",
}


def test_the_client_reads_and_changes_its_session() -> None:
    app = Application(SESSIONS)

    @app.route("/")
    def view(request: Request) -> str:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return str(request.session.get("user"))

    client = Client(app)
    with client.session() as session:
        session["user"] = "ada"
    assert client.get("/").text == "ada"
    with client.session() as session:
        assert session == {"user": "ada", "visits": 1}
        del session["user"]
    assert client.get("/").text == "None"


def test_the_client_asks_for_a_url_that_an_answer_had() -> None:
    app = Application({})

    @app.route("/<int:number>/")
    def view(request: Request, number: int) -> str:
        return request.full_path

    client = Client(app)
    first = client.get("/7/?a=1")
    assert client.get(first.url).text == "/7/?a=1"


def test_an_exception_begins_at_the_test_s_own_view() -> None:
    app = Application(SESSIONS)

    @app.route("/")
    def view(request: Request) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        Client(app).get("/")
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "view"
    assert len(names) <= 5


def test_the_client_reads_a_compressed_answer() -> None:
    app = Application({"MIDDLEWARE": ["scaffold.middleware.compression.compress"]})

    @app.route("/")
    def view(request: Request) -> list[str]:
        return ["word"] * 1000

    answer = Client(app).get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json() == ["word"] * 1000
    assert len(answer.body) < 1000
