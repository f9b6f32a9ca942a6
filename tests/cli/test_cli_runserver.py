"""``runserver``: addresses, signals, folders, and what it prints."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

import pytest
import requests
from cli_helpers import PATIENCE, Serving, group_members, scaffold, serving_project

EXAMPLE = Path(__file__).parents[2] / "manage_example.py"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("option", ["--reload", "--no-reload"])
def test_a_signal_ends_it_cleanly_and_frees_the_port(mysite: Path, option: str, number: signal.Signals) -> None:
    with serving_project(mysite, option) as site:
        assert requests.get(site.url, timeout=PATIENCE).status_code == 200
        assert site.stop(number) == 0
        assert group_members(site.process.pid) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(site.url.rpartition(":")[2].strip("/")))) != 0
    assert not any("Traceback" in line for line in site.lines)


def test_the_log_has_a_line_a_request_with_the_routes_name(mysite: Path) -> None:
    with serving_project(mysite, "--no-reload") as site:
        requests.get(site.url + "static/site.css?x=\x1b[31m", timeout=PATIENCE)
        requests.get(site.url, timeout=PATIENCE)
        line = site.wait_for("home:index")
        site.stop()
    assert [word in line for word in ("GET", "/", "200", "kB", "ms")] == [True] * 5
    assert not any("\x1b" in text for text in site.lines)


def test_the_variable_port_counts_and_an_argument_beats_it(mysite: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = scaffold("runserver", cwd=mysite, PORT=port)
        with serving_project(mysite, PORT=port) as site:
            assert requests.get(site.url, timeout=PATIENCE).status_code == 200
            site.stop()
    assert refused.returncode == 1
    cause, way_out = refused.stderr.splitlines()
    assert port in cause
    assert "port 0" in way_out


@pytest.mark.parametrize("address", ["nonsense:x", "127.0.0.1:99999", "[::1"])
def test_an_address_that_is_none_is_refused_with_a_way_out(mysite: Path, address: str) -> None:
    result = scaffold("runserver", address, cwd=mysite)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_reload_is_on_with_debug_and_off_without(mysite: Path) -> None:
    view = mysite / "apps/home/views.py"
    with serving_project(mysite, DEBUG="false", ALLOWED_HOSTS="127.0.0.1") as site:
        before = requests.get(site.url, timeout=PATIENCE).text
        view.write_text(view.read_text().replace("Mysite", "Changed"))
        assert requests.get(site.url, timeout=PATIENCE).text == before
        site.stop()


def test_with_debug_off_a_broken_app_keeps_the_server_from_starting(mysite: Path) -> None:
    (mysite / "apps/home/views.py").write_text("def x(:\n")
    result = scaffold("runserver", ":0", cwd=mysite, DEBUG="false", ALLOWED_HOSTS="127.0.0.1")
    assert result.returncode == 1
    assert "home" in result.stderr
    assert "apps/home/views.py:1" in result.stderr
    assert result.stdout == ""


def test_a_folder_is_served_without_a_project(tmp_path: Path) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "deep" / "note <1>.txt").write_text("a note")
    (tmp_path / "docs" / ".secret").write_text("hidden")
    (tmp_path / "docs" / "index.html").write_text("<h1>Index</h1>")
    command = (sys.executable, "-m", "scaffold", "runserver", ":0", "--directory", "docs")
    with Serving(*command, cwd=tmp_path) as site:
        assert requests.get(site.url, timeout=PATIENCE).text == "<h1>Index</h1>"
        listing = requests.get(site.url + "deep", timeout=PATIENCE)
        assert listing.url.endswith("/deep/")
        assert "note &lt;1&gt;.txt" in listing.text
        assert requests.get(site.url + "deep/note%20%3C1%3E.txt", timeout=PATIENCE).text == "a note"
        assert requests.get(site.url + ".secret", timeout=PATIENCE).status_code == 404
        assert requests.post(site.url, timeout=PATIENCE).status_code == 405
        assert site.stop() == 0


def test_a_folder_of_files_is_not_reloaded(tmp_path: Path) -> None:
    result = scaffold("runserver", "--directory", ".", "--reload", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("error: --directory serves files")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = scaffold("runserver", "--directory", "nowhere", cwd=tmp_path)
    assert result.returncode == 2
    assert "nowhere is no folder" in result.stderr


def test_startproject_run_serves_the_new_project(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "scaffold", "startproject", "mysite", "--run")
    with Serving(*command, cwd=tmp_path, PORT="0") as site:
        assert requests.get(site.url, timeout=PATIENCE).status_code == 200
        assert site.stop() == 0


def test_the_example_serves_pages_json_forms_and_its_own_error_page(tmp_path: Path) -> None:
    with Serving(sys.executable, str(EXAMPLE), "runserver", cwd=tmp_path, PORT="0") as site:
        assert "Hello" in requests.get(site.url, timeout=PATIENCE).text
        assert requests.get(site.url + "api/notes/", timeout=PATIENCE).json() == ["Hello", "A second note"]
        answer = requests.post(site.url, data={"text": "Third & last"}, timeout=PATIENCE)
        assert "Third &amp; last" in answer.text
        missing = requests.get(site.url + "notes/9/", timeout=PATIENCE)
        assert missing.status_code == 404
        assert "There is no note 9." in missing.text
        assert site.stop() == 0


def test_the_example_reloads_too(tmp_path: Path) -> None:
    file = tmp_path / "site.py"
    file.write_text(EXAMPLE.read_text())
    with Serving(sys.executable, str(file), "runserver", ":0", "--reload", cwd=tmp_path) as site:
        assert "Guest book" in requests.get(site.url, timeout=PATIENCE).text
        file.write_text(file.read_text().replace("Guest book", "Visitors"))
        assert "Visitors" in requests.get(site.url, timeout=PATIENCE).text
        assert site.stop() == 0


FOREIGN = """
def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"TEXT"]


class Site:
    wsgi = staticmethod(hello)


def make():
    return hello


application = hello
number = 7
"""


@pytest.mark.parametrize("name", ["other", "other:hello", "other:Site.wsgi", "other:make()"])
def test_any_wsgi_application_is_served_without_a_project(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.py").write_text(FOREIGN)
    with serving_project(tmp_path, "--no-reload", "--app", name) as site:
        assert requests.get(site.url, timeout=PATIENCE).text == "TEXT"
        assert site.stop() == 0


def test_any_wsgi_application_is_reloaded(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(FOREIGN)
    with serving_project(tmp_path, "--reload", "--app", "other:application", DEBUG="true") as site:
        assert requests.get(site.url, timeout=PATIENCE).text == "TEXT"
        (tmp_path / "other.py").write_text(FOREIGN.replace("TEXT", "CHANGED"))
        assert requests.get(site.url, timeout=PATIENCE).text == "CHANGED"
        (tmp_path / "other.py").write_text("import missing_module\n")
        answer = requests.get(site.url, timeout=PATIENCE)
        assert answer.status_code == 500
        assert "missing_module" in answer.text
        (tmp_path / "other.py").write_text(FOREIGN)
        assert requests.get(site.url, timeout=PATIENCE).text == "TEXT"
        assert site.stop() == 0


@pytest.mark.parametrize(
    ("name", "status", "cause", "way_out"),
    [
        ("nowhere:app", 1, "no module 'nowhere'", "among the installed packages"),
        ("other:helo", 1, "has no 'helo'", "Did you mean 'hello'"),
        ("other:zzz", 1, "has no 'zzz'", "Say which it is: --app other:NAME"),
        ("other:number", 1, "other:number can't be called", "PEP 3333"),
        ("other hello", 2, "names no application", "module:name"),
    ],
)
def test_an_application_that_is_not_there_is_named_with_a_way_out(
    tmp_path: Path, name: str, status: int, cause: str, way_out: str
) -> None:
    (tmp_path / "other.py").write_text(FOREIGN)
    result = scaffold("runserver", ":0", "--no-reload", "--app", name, cwd=tmp_path)
    assert result.returncode == status
    assert cause in result.stderr
    assert way_out in result.stderr
    assert "scaffold/reload" not in result.stderr


def test_an_application_and_a_folder_are_not_served_together(tmp_path: Path) -> None:
    result = scaffold("runserver", "--directory", ".", "--app", "other:hello", cwd=tmp_path)
    assert result.returncode == 2
    assert "Leave one of the two out" in result.stderr


def test_reload_by_polling_is_a_value_of_reload_and_an_address_may_follow_it(mysite: Path) -> None:
    command = (sys.executable, "-m", "scaffold", "runserver")
    with Serving(*command, "--reload=poll", "127.0.0.1:0", cwd=mysite) as site:
        assert requests.get(site.url, timeout=PATIENCE).status_code == 200
        descriptors = list(Path(f"/proc/{site.process.pid}/fdinfo").iterdir())
        assert not any("inotify" in descriptor.read_text() for descriptor in descriptors)
        site.stop()
    with Serving(*command, "--reload", "127.0.0.1:0", cwd=mysite) as site:
        assert requests.get(site.url, timeout=PATIENCE).status_code == 200
        site.stop()


def test_another_value_of_reload_is_refused_with_a_way_out(mysite: Path) -> None:
    result = scaffold("runserver", "--reload=often", cwd=mysite)
    assert result.returncode == 2
    assert result.stderr == "error: --reload=often is none\n  Write --reload or --reload=poll.\n"


def test_the_help_tells_of_polling(mysite: Path) -> None:
    assert "--reload=poll" in scaffold("runserver", "--help", cwd=mysite).stdout


def test_workers_may_be_started_afresh_instead_of_forked(mysite: Path) -> None:
    with serving_project(mysite, "--reload", "--reload-spawn") as site:
        assert requests.get(site.url, timeout=PATIENCE).status_code == 200
        view = mysite / "apps/home/views.py"
        view.write_text(view.read_text().replace("Mysite", "Spawned"))
        assert "Spawned" in requests.get(site.url, timeout=PATIENCE).text
        commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in group_members(site.process.pid)]
        assert any(b"scaffold.reload.worker" in command for command in commands)
        assert site.stop() == 0
