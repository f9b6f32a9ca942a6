"""The debug page: what a developer sees of an error, and nobody else."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application, Request
from scaffold.debug import Report, error_application, error_files, report_text
from scaffold.exceptions import AppLoadError, ScaffoldError

from .helpers import ask, caught

HTML: dict[str, Any] = {"HTTP_ACCEPT": "text/html,*/*;q=0.8"}
JSON: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}


def serve(error: BaseException | None = None, *, debug: bool = True) -> Application:
    app = Application({"DEBUG": debug})

    @app.route("/")
    def page(request: Request) -> str:
        secret_local = "<script>alert(1)</script>"
        raise error or ValueError(secret_local)

    return app


# --- who sees it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debug", "peer", "shown"),
    [
        (True, "127.0.0.1", True),
        (True, "::1", True),
        (True, "::ffff:127.0.0.1", True),
        (True, "10.0.0.1", False),
        (True, "", False),
        (False, "127.0.0.1", False),
    ],
)
@pytest.mark.parametrize("accept", [{}, HTML, JSON])
def test_it_is_shown_to_this_machine_alone_and_with_debug_on(
    debug: bool, peer: str, shown: bool, accept: dict[str, Any]
) -> None:
    answer = ask(serve(debug=debug), REMOTE_ADDR=peer, **accept)
    assert answer.status == 500
    assert ("ValueError" in answer.text) is shown
    assert (answer.headers.get("Cache-Control") == "no-store") is shown


# --- what it shows --------------------------------------------------------------------------------------------------


def test_the_page_shows_the_error_the_request_and_the_line_escaped() -> None:
    answer = ask(serve(), "/", **HTML)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script>alert" not in answer.text
    assert "<b>ValueError</b>: &lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<p>GET /</p>" in answer.text
    assert f"{__file__}:" in answer.text
    assert 'class="here"' in answer.text
    assert "raise error or ValueError(secret_local)" in answer.text
    assert "application.py" in answer.text.partition("<details>")[2]
    assert "application.py" not in answer.text.partition("<details>")[0]


def test_a_path_on_the_page_is_escaped() -> None:
    app = Application({"DEBUG": True})

    @app.route("/<path:x>")
    def page(request: Request, x: str) -> str:
        raise ValueError(x)

    text = ask(app, "/<script>x</script>", **HTML).text
    assert "<script>x" not in text


def test_nothing_outside_of_the_page_is_loaded() -> None:
    text = ask(serve(), **HTML).text
    assert "src=" not in text
    assert text.count("<script") == text.count("<script>") == 1
    assert {link.partition(":")[0] for link in re.findall('href="([^"]*)"', text)} == {"vscode", "data"}
    assert "http" not in text.partition("<main>")[0]


def test_a_terminal_gets_text() -> None:
    answer = ask(serve(ValueError("a \x1b[31mred\x1b[0m \u202e word")))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("ValueError: a \\x1b[31mred\\x1b[0m \\u202e word\n")
    assert "> " in answer.text


def test_a_json_client_gets_json() -> None:
    try:
        raise ScaffoldError("cause", hint="hint") from KeyError("k")
    except ScaffoldError as error:
        answer = ask(serve(error), **JSON)
    data = json.loads(answer.body)
    assert (data["status"], data["error"], data["detail"]) == (500, "ScaffoldError", "cause")
    assert [(item["error"], item["hint"]) for item in data["causes"]] == [("ScaffoldError", "hint"), ("KeyError", "")]
    assert data["causes"][0]["frames"][-1]["source"].startswith(__file__)


@pytest.mark.parametrize("accept", [{}, HTML, JSON])
def test_a_message_that_has_no_utf_8_is_shown_as_escapes(accept: dict[str, Any]) -> None:
    answer = ask(serve(ValueError("a\ud800b")), **accept)
    assert answer.status == 500
    assert "\\ud800b" in answer.text.replace("\\\\", "\\")


def test_an_error_whose_text_fails_is_shown() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert "OddError: (its text can't be had: RuntimeError)" in ask(serve(OddError())).text


def test_an_error_of_the_framework_shows_its_hint() -> None:
    text = ask(serve(ScaffoldError("cause <x>", hint="hint <y>")), **HTML).text
    assert "cause &lt;x&gt;" in text
    assert '<p class="hint">hint &lt;y&gt;</p>' in text


def test_the_failure_of_a_view_is_the_page_with_its_place(tmp_path: Path) -> None:
    app = Application({"DEBUG": True})
    app.route("/")(lambda request: None)
    text = ask(app, **HTML).text
    assert "ViewError" in text
    assert f"{__file__}:" in text
    assert "Return a Response, a str (HTML)" in text


def test_a_wrong_template_shows_the_line_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/a.html").write_text("one\n{% if %}\n", encoding="utf-8")
    (tmp_path / "templates/b.html").write_text("one\n\n{{ nothing }}\n", encoding="utf-8")
    app = Application({"DEBUG": True}, root=tmp_path)
    app.route("/a", name="a")(lambda request: app.render("a.html"))
    app.route("/b", name="b")(lambda request: app.render("b.html"))
    assert f"{tmp_path}/templates/a.html:2" in ask(app, "/a").text
    assert f"{tmp_path}/templates/b.html:3" in ask(app, "/b").text


# --- reports --------------------------------------------------------------------------------------------------------


def test_a_report_has_the_lines_around_each_of_the_users_own(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    error = caught("\n" * 9 + "def f():\n    1 / 0\nf()\n", file)
    (fault,) = Report.from_exception(error).faults
    assert fault.kind == "ZeroDivisionError"
    assert [(frame.line, frame.function) for frame in fault.own_frames[-2:]] == [(12, "<module>"), (11, "f")]
    inner = fault.own_frames[-1]
    assert inner.source == f"{file}:11"
    assert inner.lines[0][0] == 7
    assert (11, "    1 / 0") in inner.lines


def test_a_syntax_error_shows_the_file_that_was_never_imported(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    error = caught("x = 1\ny = (\n", file)
    text = report_text(error)
    assert text.startswith("SyntaxError: ")
    assert f"  {file}:2\n" in text
    assert ">    2 | y = (" in text
    assert file in error_files(error)


def test_the_causes_follow_the_error(tmp_path: Path) -> None:
    code = "try:\n    1 / 0\nexcept Exception as error:\n    raise KeyError('k') from error\n"
    text = report_text(caught(code, tmp_path / "a.py"))
    assert text.index("KeyError") < text.index("caused by ZeroDivisionError")
    implicit = code.replace(" from error", "")
    assert "raised while handling ZeroDivisionError" in report_text(caught(implicit, tmp_path / "a.py"))
    hidden = code.replace(" from error", " from None")
    assert "ZeroDivisionError" not in report_text(caught(hidden, tmp_path / "a.py"))


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert [fault.message for fault in Report.from_exception(one).faults] == ["one", "two"]


def test_a_long_chain_of_causes_is_cut() -> None:
    errors = [ValueError(str(number)) for number in range(100)]
    for error, cause in itertools.pairwise(errors):
        error.__cause__ = cause
    assert len(Report.from_exception(errors[0]).faults) == 20


def test_an_error_without_frames_has_none() -> None:
    (fault,) = Report.from_exception(ValueError("x")).faults
    assert fault.own_frames == ()
    assert report_text(ValueError("x")) == "ValueError: x\n"


@pytest.mark.parametrize(("source", "line"), [("{}:2", 2), ("{}", 1), ("", 0), ("environment", 0)])
def test_an_error_with_a_place_shows_that_place(tmp_path: Path, source: str, line: int) -> None:
    file = tmp_path / "a.py"
    file.write_text("one\ntwo\n", encoding="utf-8")
    (fault,) = Report.from_exception(AppLoadError("x", source=source.format(file))).faults
    assert [frame.line for frame in fault.own_frames] == ([line] if line else [])


def test_a_file_that_is_gone_leaves_a_place_without_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    error = caught("1 / 0\n", file)
    file.unlink()
    frame = Report.from_exception(error).faults[0].own_frames[-1]
    assert (frame.source, frame.lines) == (f"{file}:1", ())


def test_a_project_beside_the_package_is_the_users_own() -> None:
    import_folder = Path(__file__).resolve().parents[2]
    error = AppLoadError("x", source=f"{import_folder}/scaffold_site/views.py:1")
    assert error_files(error) == (import_folder / "scaffold_site/views.py",)
    assert error_files(AppLoadError("x", source=f"{import_folder}/scaffold/conf.py:1")) == ()
    assert error_files(AppLoadError("x", source="<string>:1")) == ()


# --- an application that only shows an error ------------------------------------------------------------------------


def test_an_error_application_answers_every_request_with_the_report() -> None:
    app: Any = error_application(ValueError("oh no"), debug=True)
    for path, method in (("/", "GET"), ("/a/b", "POST"), ("/", "HEAD"), ("/\xff", "GET")):
        answer = ask(app, path, method)
        assert answer.status == 500
        assert (b"oh no" in answer.body) is (method != "HEAD")
    assert "oh no" in ask(app, "/\xff", **HTML).text
    assert "oh no" not in ask(app, REMOTE_ADDR="10.0.0.1").text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000"])
def test_no_report_is_shown_under_a_name_that_dns_may_lead_here(host: str) -> None:
    app: Any = error_application(ValueError("oh no"), debug=True)
    assert "oh no" not in ask(app, HTTP_HOST=host).text
    for own in ("localhost:8000", "site.localhost", "127.0.0.1", "[::1]:8000"):
        assert "oh no" in ask(app, HTTP_HOST=own).text


def test_without_debug_no_report_is_shown() -> None:
    app: Any = error_application(ValueError("oh no"), debug=False)
    assert "oh no" not in ask(app).text
