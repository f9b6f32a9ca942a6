"""The application: routes, URLs, mounts, and serving itself."""

from __future__ import annotations

import http.client
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application, Request, Response, StreamingResponse, View, render, url_for
from scaffold.exceptions import ReverseError, RouteConflictError, RoutingError, SettingsError
from scaffold.http import current_request
from scaffold.routing import Match, Miss

from .helpers import ask, make_app, make_environ, send

WAIT_SECONDS = 30


# --- one file -------------------------------------------------------------------------------------------------------


def test_an_application_of_one_file_has_its_folder_and_its_debug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    (tmp_path / ".env").write_text("DEBUG=1\n", encoding="utf-8")
    file = tmp_path / "site.py"
    file.write_text("from scaffold import Application\napp = Application()\n", encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(file.read_bytes(), str(file), "exec"), names)
    assert names["app"].root == tmp_path
    assert names["app"].settings.DEBUG is True


def test_settings_given_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "1")
    assert Application({"DEBUG": False}).settings.DEBUG is False
    assert Application({"SECRET_KEY": "x"}).settings.DEBUG is True


def test_a_wrong_debug_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(SettingsError, match="DEBUG is 'maybe'"):
        Application()


def test_a_view_is_registered_by_a_decorator_under_its_own_name() -> None:
    app = make_app()

    @app.route("/notes/<int:id>/", methods=["POST"])
    def note(request: Request, id: int) -> str:  # noqa: A002
        return f"note {id}"

    assert ask(app, "/notes/7/", "POST").text == "note 7"
    assert app.url_for("note", id=7) == "/notes/7/"
    assert app.routes[-1].source.startswith(f"{__file__}:")
    found = app.resolve("/notes/7/", "POST")
    assert isinstance(found, Match)
    assert found.route is app.routes[-1]
    assert app.resolve("/other") == Miss()
    assert callable(note)


def test_a_rule_may_be_written_without_a_slash_in_front_and_a_class_be_decorated() -> None:
    app = make_app()

    @app.route("notes/", name="list")
    class Notes(View):
        def post(self, request: Request) -> str:
            return "posted"

    assert ask(app, "/notes/", "POST").text == "posted"
    assert app.url_for("list") == "/notes/"


def test_a_rule_or_a_name_that_is_taken_or_wrong_is_refused() -> None:
    app = make_app()
    app.route("/", name="home")(lambda request: "")
    with pytest.raises(RouteConflictError):
        app.route("/", name="other")(lambda request: "")
    with pytest.raises(RouteConflictError):
        app.route("/other", name="home")(lambda request: "")
    with pytest.raises(RoutingError):
        app.route("//x")(lambda request: "")
    with pytest.raises(ReverseError):
        app.url_for("nothing")


def test_a_lambda_has_no_name_unless_it_is_given_one() -> None:
    app = make_app()
    app.route("/a")(lambda request: "a")
    app.route("/b")(lambda request: "b")
    app.route("/c", name="c")(lambda request: "c")
    assert [route.name for route in app.routes[-3:]] == ["", "", "c"]
    assert ask(app, "/b").text == "b"


def test_a_command_is_registered_under_its_name_with_hyphens() -> None:
    app = make_app()

    @app.command
    def send_mail() -> int:
        return 7

    assert app.commands["send-mail"]() == 7
    assert send_mail() == 7


# --- answers of the application itself ------------------------------------------------------------------------------


def serve() -> Application:
    app = make_app()
    app.route("/", name="home")(lambda request: "home")
    app.route("/a/", name="a", methods=["GET", "POST"])(lambda request: "a")
    app.route("/files/<path:rest>/", name="files")(lambda request, rest: rest)
    app.route("/one/<x>", name="one")(lambda request, x: x)
    return app


def test_an_unknown_path_is_404() -> None:
    assert ask(serve(), "/nothing").status == 404


def test_another_method_is_405_with_those_there_are() -> None:
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        answer = ask(serve(), "/a/", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_options_is_answered_by_the_framework() -> None:
    answer = ask(serve(), "/a/", "OPTIONS")
    assert (answer.status, answer.body, answer.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert ask(serve(), "/nothing", "OPTIONS").status == 404


def test_options_about_the_server_as_a_whole_is_204() -> None:
    environ = make_environ(method="OPTIONS", PATH_INFO="*")
    answers: list[str] = []
    serve()(environ, lambda status, headers: answers.append(status))  # type: ignore[arg-type]
    assert answers == ["204 No Content"]
    serve()(make_environ(PATH_INFO="*"), lambda status, headers: answers.append(status))  # type: ignore[arg-type]
    assert answers[1] == "404 Not Found"


def test_head_follows_get() -> None:
    answer = ask(serve(), "/a/", "HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "1")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/a", "/a/"),
        ("/a?x=1&y=%20", "/a/?x=1&y=%20"),
        ("/files/a b/\xc3\xa9", "/files/a%20b/%C3%A9/"),
        ("/files/a\r\nSet-Cookie: b=1", "/files/a%0D%0ASet-Cookie%3A%20b%3D1/"),
        ("/a?x=\r\nSet-Cookie: b=1", "/a/?x=%0D%0ASet-Cookie:%20b=1"),
        ("/one/x/", "/one/x"),
    ],
)
def test_a_missing_or_surplus_final_slash_is_a_308(path: str, location: str) -> None:
    for method in ("GET", "HEAD"):
        answer = ask(serve(), path, method)
        assert (answer.status, answer.headers["Location"]) == (308, location)


def test_a_slash_redirect_keeps_the_mount_and_the_method() -> None:
    answer = ask(serve(), "/a", "POST", SCRIPT_NAME="/m n")
    assert (answer.status, answer.headers["Location"]) == (308, "/m%20n/a/")
    assert send(serve(), make_environ("/a", SCRIPT_NAME="/")).headers["Location"] == "/a/"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "//evil.example/", "///evil.example", "/\\evil.example", "/\t/evil.example", "//a", "//a/"],
)
def test_no_path_is_redirected_to_another_host(path: str) -> None:
    app = make_app()
    app.route("/<path:rest>/", name="rest")(lambda request, rest: rest)
    app.route("/<x>", name="one", methods=["POST"])(lambda request, x: x)
    location = ask(app, path).headers.get("Location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "\t" not in location


def test_an_encoded_slash_is_a_slash_as_wsgi_hands_it_on() -> None:
    assert ask(serve(), "/files/a/b/").text == "a/b"
    assert ask(serve(), "/one/a/b").status == 404


def test_a_number_of_thousands_of_digits_is_404() -> None:
    app = make_app()
    app.route("/<int:n>")(lambda request, n: str(n))
    assert ask(app, "/" + "9" * 5000).status == 404
    assert ask(app, "/\xd9\xa3").status == 404


# --- mounts, contexts, streams --------------------------------------------------------------------------------------


def test_urls_have_the_mount_in_front_while_a_request_is_handled() -> None:
    app = make_app()
    app.route("/", name="home")(lambda request: f"{url_for('home')} {request.static('a.css')} {app.url_for('home')}")
    assert ask(app, SCRIPT_NAME="/m").text == "/m/ /m/static/a.css /m/"
    assert app.url_for("home") == "/"


def test_a_stream_builds_urls_while_it_is_sent_and_while_it_is_closed() -> None:
    app = make_app()
    events: list[str] = []

    def blocks() -> Iterator[str]:
        try:
            yield url_for("stream")
            yield url_for("stream")
        finally:
            events.append(url_for("stream"))

    app.route("/s", name="stream")(lambda request: StreamingResponse(blocks()))
    assert ask(app, "/s", SCRIPT_NAME="/m").text == "/m/s/m/s"
    left = app(make_environ("/s", SCRIPT_NAME="/m"), lambda *_: lambda data: None)
    assert next(iter(left)) == b"/m/s"
    left.close()  # type: ignore[attr-defined]
    assert events == ["/m/s", "/m/s"]
    assert current_request.get(None) is None


def test_an_application_may_call_another_within_a_request() -> None:
    inner, outer = make_app(), make_app()
    inner.route("/", name="in")(lambda request: url_for("in"))

    @outer.route("/", name="out")
    def page(request: Request) -> str:
        return ask(inner, SCRIPT_NAME="/inner").text + url_for("out")

    assert ask(outer, SCRIPT_NAME="/outer").text == "/inner//outer/"


def test_a_function_given_to_a_response_runs_after_the_body() -> None:
    events: list[str] = []
    app = make_app()

    @app.route("/")
    def page(request: Request) -> Response:
        response = Response("body")
        response.call_on_close(lambda: events.append("closed"))
        return response

    blocks = app(make_environ(), lambda *_: lambda data: None)
    assert b"".join(blocks) == b"body"
    assert events == []
    blocks.close()  # type: ignore[attr-defined]
    assert events == ["closed"]


# --- run() ----------------------------------------------------------------------------------------------------------

SITE = """from scaffold import Application

app = Application({"DEBUG": False})


@app.route("/")
def home(request):
    return f"port {request.server_port}"


if __name__ == "__main__":
    app.run(ARGUMENTS)
"""


def start(folder: Path, arguments: str = "", **variables: str) -> subprocess.Popen[str]:
    file = folder / "site_of_one_file.py"
    file.write_text(SITE.replace("ARGUMENTS", arguments), encoding="utf-8")
    environment = {**{key: value for key, value in os.environ.items() if key != "PORT"}, **variables}
    return subprocess.Popen([sys.executable, str(file)], stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize(
    ("arguments", "variables"), [("", {"PORT": "0"}), ("'127.0.0.1', 0", {}), ("port=0", {"PORT": "1"})]
)
def test_it_serves_itself_until_ctrl_c(tmp_path: Path, arguments: str, variables: dict[str, str]) -> None:
    with start(tmp_path, arguments, **variables) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        try:
            port = int(line.split("127.0.0.1:")[1].split("/")[0])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"port %d" % port
            connection.close()
        finally:
            process.send_signal(signal.SIGINT)
            _, rest = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0
    assert "GET / 200" in rest or " 200 " in rest


def test_one_view_may_stand_under_several_routes() -> None:
    app = make_app()

    @app.route("/a/")
    @app.route("/b/")
    def page(request: Request) -> str:
        return request.path

    app.route("/b/", methods=["POST"], name="page")(lambda request: "posted")
    assert ask(app, "/a/").text + ask(app, "/b/").text + ask(app, "/b/", "POST").text == "/a//b/posted"
    assert app.url_for("page") == "/b/"


def test_links_to_the_editor_are_for_developers_on_this_machine() -> None:
    app = Application({"DEBUG": True}, templates={"a.html": "{{ editor_url('a b.py') }}"})
    app.route("/")(lambda request: render(request, "a.html"))
    assert ask(app).text == f"vscode://file{Path(__file__).parent}/a%20b.py"
    assert ask(app, REMOTE_ADDR="192.0.2.1").text == ""


def test_an_address_that_is_taken_ends_run_with_one_line() -> None:
    stream = io.StringIO()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as caught:
        make_app().run(port=taken.getsockname()[1], stream=stream)
    assert caught.value.code == 1
    assert stream.getvalue().startswith("error: port ")
