"""Saved means served: the next request gets what was saved last."""

from __future__ import annotations

import os
import py_compile
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from reload_helpers import PATIENCE, new_app, poll, serving, view, write_tree

VIEWS = "apps/home/views.py"


def test_the_first_request_after_a_save_gets_the_new_text(project: Path) -> None:
    with serving(project) as site:
        assert site.text() == "first"
        for number in range(20):
            site.save(VIEWS, view(f"text {number:02}"))
            assert site.text() == f"text {number:02}"


def test_a_kept_alive_connection_gets_the_new_text_too(project: Path, mode: tuple[str, ...]) -> None:
    rounds = 3 if mode else 20
    with serving(project, *mode) as site, requests.Session() as session:
        for number in range(rounds):
            site.save(VIEWS, view(f"text {number:02}"))
            assert site.get(session=session).text == f"text {number:02}"
        assert site.get(session=session).text == f"text {rounds - 1:02}"


def test_kept_alive_connections_are_not_closed_by_a_reload(project: Path) -> None:
    with serving(project) as site, requests.Session() as session:
        with session.get(site.url, stream=True, timeout=PATIENCE) as answer:
            first = answer.raw.connection.sock.getsockname()
            assert answer.content == b"first"
        site.save(VIEWS, view("second"))
        site.wait_for("reloaded in")
        with session.get(site.url, stream=True, timeout=PATIENCE) as answer:
            assert answer.raw.connection.sock.getsockname() == first
            assert answer.content == b"second"


def test_a_save_reloads_without_any_request(project: Path, mode: tuple[str, ...]) -> None:
    with serving(project, *mode) as site:
        site.get()
        site.save(VIEWS, view("second"))
        assert VIEWS in site.wait_for("reloaded in")
        assert site.text() == "second"


def test_two_saves_of_one_size_in_one_second_are_both_served(project: Path) -> None:
    with serving(project) as site:
        os.utime(project / VIEWS, ns=(0, 1_700_000_000_000_000_000))
        for text in ("aaaa", "bbbb", "cccc"):
            site.save(VIEWS, view(text))
            stamp = 1_700_000_000_000_000_000 + ord(text[0])
            os.utime(project / VIEWS, ns=(stamp, stamp))
            assert site.text() == text
        assert not list(project.rglob("__pycache__"))


def test_stale_byte_code_is_not_believed(project: Path) -> None:
    cache = project / "apps/home/__pycache__"
    with serving(project) as site:
        assert site.text() == "first"
    source = project / VIEWS
    stamp = source.stat().st_mtime_ns
    import_once(source)
    assert cache.exists()
    source.write_text(view("other"))
    os.utime(source, ns=(stamp, stamp))
    with serving(project) as site:
        assert site.text() == "other"


def import_once(source: Path) -> None:
    """Have the byte code of ``source`` written, as a run of the project's tests would."""
    py_compile.compile(str(source), doraise=True)


def test_an_atomic_save_is_served(project: Path) -> None:
    with serving(project) as site:
        for text in ("second", "third"):
            site.save("apps/home/.views.py.tmp", view(text))
            (project / "apps/home/.views.py.tmp").replace(project / VIEWS)
            assert site.text() == text
        site.save("apps/home/.views.py.tmp", view("fourth"))
        (project / "apps/home/.views.py.tmp").replace(project / VIEWS)
        site.wait_for("reloaded in")
        assert site.text() == "fourth"


def test_a_deleted_module_is_missed_and_its_return_noticed(project: Path) -> None:
    with serving(project) as site:
        (project / VIEWS).unlink()
        assert site.get().status_code == 500
        site.save(VIEWS, view("back"))
        assert site.text() == "back"


def test_an_app_that_is_renamed_into_place_is_live_at_once(project: Path) -> None:
    with serving(project) as site:
        assert site.get("news/").status_code == 404
        write_tree(project / ".staging", new_app("news", "the news"))
        (project / ".staging").rename(project / "apps/news")
        assert site.text("news/") == "the news"
        shutil.rmtree(project / "apps/news")
        assert site.get("news/").status_code == 404


def test_a_new_app_is_loaded_before_anyone_asks(project: Path) -> None:
    with serving(project) as site:
        site.wait_for_watcher()
        write_tree(project / "apps/news", new_app("news", "the news"))
        site.wait_for("reloaded in")
        assert site.text("news/") == "the news"


def test_an_app_that_was_moved_away_and_back_is_watched_again(project: Path) -> None:
    write_tree(project / "apps/news", new_app("news", "the news"))
    with serving(project) as site:
        site.wait_for_watcher()
        away = (project / "apps/news").rename(project.parent / "news")
        site.wait_for("reloaded in")
        away.rename(project / "apps/news")
        assert site.text("news/") == "the news"
        site.save("apps/news/views.py", view("newer news"))
        assert site.text("news/") == "newer news"
        assert [line for line in site.lines if "Warning" in line] == []


def test_env_and_settings_count_although_git_ignores_env(project: Path) -> None:
    (project / ".gitignore").write_text(".env\n")
    write_tree(
        project,
        {
            "config/settings.py": (project / "config/settings.py").read_text()
            + "\nfrom scaffold.conf import env\nWORD = env('WORD', default='none')\n"
        },
    )
    (project / VIEWS).write_text("def index(request):\n    from config import settings\n    return settings.WORD\n")
    with serving(project) as site:
        assert site.text() == "none"
        site.save(".env", "WORD=some\n")
        assert site.text() == "some"


def test_a_burst_of_files_gives_few_reloads(project: Path) -> None:
    with serving(project) as site:
        site.wait_for_watcher()
        for number in range(200):
            site.save(f"apps/home/part_{number}.py", "")
        site.save(VIEWS, view("after"))
        poll(lambda: site.text() == "after", "the last save")
        site.save(VIEWS, view("next"))
        assert site.text() == "next"
        assert site.count("reloaded in") <= 10  # a busy machine writes 200 files in more than one go


def test_a_project_that_writes_modules_as_it_loads_is_loaded_once(project: Path) -> None:
    (project / VIEWS).write_text(
        "import pathlib, time\n"
        "here = pathlib.Path(__file__).parent\n"
        "(here / 'version.py').write_text('x = 1\\n')\n"
        "from . import version\n"
        "(here / 'made.py').write_text(str(time.time_ns()))\n"
    )
    write_tree(project, {"apps/home/version.py": "", "apps/home/made.py": ""})
    with (project / VIEWS).open("a") as stream:
        stream.write(view("first"))
    with serving(project) as site:
        site.wait_for_watcher()
        site.get()
        site.save("config/marker.py", "")
        assert "config/marker.py" in site.wait_for("reloaded in")
        assert site.text() == "first"
        site.save("config/marker.py", "x = 1\n")
        assert "config/marker.py" in site.wait_for("reloaded in")
        assert site.text() == "first"
        assert site.count("reloaded in") == 2


def test_files_that_do_not_matter_reload_nothing(project: Path) -> None:
    (project / ".gitignore").write_text("generated/\n")
    (project / "generated").mkdir()
    with serving(project) as site:
        site.wait_for_watcher()
        write_tree(
            project,
            {
                "generated/code.py": "",
                "db.sqlite3": "",
                "notes.log": "",
                "apps/home/.views.py.swp": "",
                "apps/home/templates/home/page.html": "",
                "apps/home/static/home/page.css": "",
            },
        )
        (project / VIEWS).write_text(view("first"))
        (project / VIEWS).read_text()
        site.save("config/marker.py", "")
        assert "config/marker.py" in site.wait_for("reloaded in")
        assert site.count("reloaded in") == 1


def test_an_answer_in_flight_survives_a_reload(project: Path) -> None:
    slow = """
import pathlib, threading

def index(request):
    pathlib.Path(__file__).with_name("begun").touch()
    deadline = threading.Event()
    while not pathlib.Path(__file__).with_name("go").exists():
        deadline.wait(0.01)
    return "slow but whole"
"""
    (project / VIEWS).write_text(slow)
    with serving(project) as site, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(site.text)
        poll((project / "apps/home/begun").exists, "the request to be in flight")
        site.save(VIEWS, view("new"))
        assert site.text() == "new"
        (project / "apps/home/go").touch()
        assert answer.result(PATIENCE) == "slow but whole"


def test_connections_made_while_a_slow_project_loads_wait_for_it(project: Path) -> None:
    slow = """
import pathlib, threading
pathlib.Path(__file__).with_name("loading").touch()
while not pathlib.Path(__file__).with_name("go").exists():
    threading.Event().wait(0.01)

def index(request):
    return "loaded"
"""
    with serving(project) as site, ThreadPoolExecutor(8) as pool:
        site.save(VIEWS, slow)
        answers = [pool.submit(site.text) for _ in range(8)]
        poll((project / "apps/home/loading").exists, "the load to begin")
        (project / "apps/home/go").touch()
        assert {answer.result(PATIENCE) for answer in answers} == {"loaded"}


def test_no_request_is_refused_or_stale_under_load(project: Path) -> None:
    saved = [0]
    problems: list[str] = []
    is_over = threading.Event()
    with serving(project) as site:
        site.save(VIEWS, view("0"))

        def ask() -> None:
            while not is_over.is_set():
                before = saved[0]
                try:
                    text = site.text()
                except requests.RequestException as error:
                    problems.append(repr(error))
                else:
                    if int(text) < before:
                        problems.append(f"{text} after {before}")

        site.get()
        with ThreadPoolExecutor(4) as pool:
            askers = [pool.submit(ask) for _ in range(4)]
            for number in range(1, 16):
                site.save("apps/home/.new", view(str(number)))
                (project / "apps/home/.new").replace(project / VIEWS)
                saved[0] = number
                site.get()
            is_over.set()
            for asker in askers:
                asker.result(PATIENCE)
    assert problems == []


def test_a_single_file_is_served_and_reloaded(tmp_path: Path, mode: tuple[str, ...]) -> None:
    source = """
from scaffold import Application

app = Application(settings={{"DEBUG": True}})

@app.route("/")
def home(request):
    return "{}"

if __name__ == "__main__":
    raise SystemExit("loaded as the main module")
"""
    path = tmp_path / "my-site.py"
    path.write_text(source.format("one"))
    with serving(path, *mode) as site:
        assert site.text() == "one"
        path.write_text(source.format("two"))
        assert site.text() == "two"
        path.write_text("app = 3\n")
        assert "no Application named app" in site.text()


@pytest.mark.parametrize("reload", ["on", "auto"])
def test_reload_is_on_where_debug_is(project: Path, reload: str) -> None:
    with serving(project, "--reload", reload) as site:
        site.save(VIEWS, view("second"))
        assert site.text() == "second"


@pytest.mark.parametrize("reload", ["off", "auto", "never"])
def test_without_debug_nothing_is_reloaded(project: Path, reload: str) -> None:
    settings = project / "config/settings.py"
    settings.write_text(settings.read_text().replace("DEBUG = True", "DEBUG = False"))
    with serving(project, "--reload", reload) as site:
        site.save(VIEWS, view("second"))
        assert site.text() == "first"
        assert site.end() == 0
        assert site.count("reloaded") == 0
