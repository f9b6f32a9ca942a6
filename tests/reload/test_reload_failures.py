"""What is broken is shown, and mended by the next save."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from reload_helpers import Site, poll, serving, view

VIEWS = "apps/home/views.py"
WITH_PID = "import os\n\ndef index(request):\n    return str(os.getpid())\n"


def test_a_syntax_error_is_shown_with_its_line_and_mended(project: Path, mode: tuple[str, ...]) -> None:
    with serving(project, *mode) as site:
        site.save(VIEWS, "def broken(:\n")
        answer = site.get()
        assert answer.status_code == 500
        assert "def broken(:" in answer.text
        site.wait_for("def broken(:")
        site.save(VIEWS, view("mended"))
        assert site.text() == "mended"


def test_an_error_in_settings_is_shown_and_printed_once(project: Path) -> None:
    settings = (project / "config/settings.py").read_text()
    with serving(project) as site:
        site.save("config/settings.py", settings + "\nimport not_there_at_all\n")
        assert site.get().status_code == 500
        assert "not_there_at_all" in site.text()
        assert "config/settings.py" in site.wait_for("failed to load")
        site.save("config/settings.py", settings)
        assert site.text() == "first"
        assert site.count("SettingsError: ") == 1


def test_a_project_that_is_broken_from_the_start_comes_up_when_mended(project: Path) -> None:
    settings = (project / "config/settings.py").read_text()
    (project / "config/settings.py").write_text("1 / 0\n")
    with serving(project) as site:
        assert "ZeroDivisionError" in site.text()
        site.save("config/settings.py", settings)
        assert site.text() == "first"


def test_a_module_that_was_missing_heals_the_site_when_it_is_written(project: Path) -> None:
    (project / VIEWS).write_text("from .texts import TEXT\n\ndef index(request):\n    return TEXT\n")
    with serving(project) as site:
        assert site.get().status_code == 500
        site.save("apps/home/texts.py", 'TEXT = "there"\n')
        assert site.text() == "there"


def test_sys_exit_in_a_project_is_an_error_like_any_other(project: Path) -> None:
    with serving(project) as site:
        site.save("config/settings.py", "raise SystemExit(3)\n")
        assert site.get().status_code == 500


@pytest.mark.parametrize("reload", ["off", "auto", "never"])
def test_without_reload_a_broken_project_ends_with_status_1(project: Path, reload: str) -> None:
    (project / "config/settings.py").write_text("1 / 0\n")
    with Site(project, "--reload", reload, environ={"DEBUG": ""}) as site:
        site.wait_for("ZeroDivisionError")
        assert site.process.wait(10) == 1


@pytest.mark.parametrize(("variable", "file"), [("true", ""), (None, "DEBUG=yes\n")])
def test_a_broken_project_is_reloaded_where_the_environment_asks_for_debug(
    project: Path, variable: str | None, file: str
) -> None:
    (project / "config/settings.py").write_text("1 / 0\n")
    (project / ".env").write_text(file)
    environ = {} if variable is None else {"DEBUG": variable}
    with serving(project, "--reload", "auto", environ=environ) as site:
        assert "ZeroDivisionError" in site.text()


def test_a_folder_that_can_not_be_watched_is_named(tmp_path: Path) -> None:
    with serving(tmp_path / "missing") as site:
        poll(lambda: site.count("can't be watched: No such file or directory.") == 1, "the message")
        assert site.get().status_code == 500


def test_apps_that_fail_are_printed_without_reload_as_well(project: Path) -> None:
    (project / VIEWS).write_text("import not_there_at_all\n")
    with serving(project, "--reload", "never") as site:
        assert site.count("import not_there_at_all") >= 1
        assert site.end(signal.SIGINT) == 0


def test_a_killed_worker_is_replaced_once_and_then_explained(project: Path, mode: tuple[str, ...]) -> None:
    (project / VIEWS).write_text(WITH_PID)
    with serving(project, *mode) as site:
        first = int(site.text())
        os.kill(first, signal.SIGKILL)
        assert "SIGKILL" in site.wait_for("started again")
        second = int(site.text())
        assert second != first
        os.kill(second, signal.SIGKILL)
        site.wait_for("until the next save")
        answer = site.get()
        assert answer.status_code == 500
        assert "SIGKILL" in answer.text
        site.save(VIEWS, view("well again"))
        assert site.text() == "well again"


def test_a_worker_that_dies_while_it_loads_is_explained(project: Path) -> None:
    with serving(project) as site:
        site.save(VIEWS, "import os\nos._exit(7)\n")
        assert "ended with status 7" in site.text()
        site.wait_for("ended with status 7 while it loaded")
        site.save(VIEWS, view("well again"))
        assert site.text() == "well again"


def test_without_reload_a_worker_that_keeps_dying_ends_the_site(project: Path) -> None:
    (project / VIEWS).write_text(WITH_PID)
    with serving(project, "--reload", "off") as site:
        os.kill(int(site.text()), signal.SIGKILL)
        site.wait_for("started again")
        os.kill(int(site.text()), signal.SIGKILL)
        site.wait_for("SIGKILL")
        assert site.process.wait(10) == 1


def test_the_error_page_goes_away_though_the_broken_save_was_slow_to_be_noticed(project: Path) -> None:
    with serving(project) as site:
        for number in range(5):
            site.save(VIEWS, "def broken(:\n")
            assert site.get().status_code == 500
            site.save(VIEWS, view(f"mended {number}"))
            assert site.text() == f"mended {number}"
        poll(lambda: site.text() == "mended 4", "the last text to stay")


def test_reload_that_came_on_with_debug_outlives_broken_settings(project: Path) -> None:
    settings = (project / "config/settings.py").read_text()
    with serving(project, "--reload", "auto", environ={"DEBUG": ""}) as site:
        site.save("config/settings.py", "1 / 0\n")
        assert "ZeroDivisionError" in site.text()
        site.save("config/settings.py", "import os\nos._exit(7)\n")
        assert "status 7" in site.text()
        site.save("config/settings.py", settings)
        assert site.text() == "first"
