"""Checks, tests and the shell of a project."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import PATIENCE, edit, environment, run, scaffold

# --- check --------------------------------------------------------------------------------------------------------


def test_check_finds_nothing_in_a_new_project(mysite: Path) -> None:
    result = scaffold("check", cwd=mysite)
    assert (result.returncode, result.stdout, result.stderr) == (0, "No mistakes found.\n", "")


def test_check_names_level_id_place_and_way_out_of_each_finding(mysite: Path) -> None:
    edit(mysite / "apps/home/views.py", "def index(request: Request)", "def index(request: Request, id: int)")
    (mysite / "templates/404.html").write_text("line\n{% if %}\n")
    result = scaffold("check", cwd=mysite)
    assert result.returncode == 1
    assert "error [views.parameters]" in result.stdout
    assert "apps/home/urls.py:" in result.stdout
    assert "templates/404.html:2: error [templates.syntax]" in result.stdout
    findings = json.loads(scaffold("check", "--json", cwd=mysite).stdout)
    assert {finding["id"] for finding in findings} == {"views.parameters", "templates.syntax"}
    assert all(finding["hint"] and finding["level"] == "error" for finding in findings)


def test_check_deploy_looks_for_more_and_fail_on_names_the_level_that_counts(mysite: Path) -> None:
    production = {"DEBUG": "false", "ALLOWED_HOSTS": "example.com"}
    result = scaffold("check", "--deploy", cwd=mysite, **production)
    assert result.returncode == 0
    assert "config/settings.py:" in result.stdout
    assert "warning [deploy.https-redirect]" in result.stdout
    assert scaffold("check", "--deploy", "--fail-on", "warning", cwd=mysite, **production).returncode == 1
    assert scaffold("check", "--fail-on", "note", cwd=mysite).returncode == 0
    refused = scaffold("check", "--fail-on", "all", cwd=mysite)
    assert (refused.returncode, refused.stderr.splitlines()[0]) == (2, "error: --fail-on all is no level")


def test_check_reports_settings_that_can_not_be_loaded_as_a_finding(mysite: Path) -> None:
    (mysite / "config/settings.py").write_text("DEBUG = True\nSECRET_KEY = oops\n")
    result = scaffold("check", cwd=mysite)
    assert result.returncode == 1
    assert "config/settings.py:2: error [settings.invalid]" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["routes", "check"])
def test_what_a_module_prints_as_it_is_imported_does_not_spoil_the_result(mysite: Path, command: str) -> None:
    view = mysite / "apps/home/views.py"
    view.write_text(view.read_text() + '\nprint("imported")\n')
    result = scaffold(command, "--json", cwd=mysite)
    assert isinstance(json.loads(result.stdout), list)
    assert result.stderr == "imported\n"


# --- test and shell -----------------------------------------------------------------------------------------------


def test_test_runs_the_projects_own_tests_and_passes_arguments_on(mysite: Path) -> None:
    result = scaffold("test", "-k", "home", "-v", cwd=mysite)
    assert result.returncode == 0, result.stdout
    assert "test_home.py" in result.stdout
    assert "deselected" in result.stdout


def test_test_works_from_outside_of_the_project(mysite: Path, tmp_path: Path) -> None:
    manage = [sys.executable, str(mysite / "manage.py")]
    result = run([*manage, "test", "-q", "apps/home"], cwd=tmp_path)
    assert "1 passed" in result.stdout, result.stdout + result.stderr


def test_test_takes_the_value_of_an_option_for_no_path(mysite: Path) -> None:
    result = scaffold("test", "-q", "-k", "views or project", cwd=mysite / "apps/home")
    assert "3 passed" in result.stdout, result.stdout + result.stderr


def test_a_project_passes_its_own_tests_with_debug_off(mysite: Path) -> None:
    result = scaffold("test", "-q", cwd=mysite, DEBUG="false")
    assert result.returncode == 0, result.stdout


def test_test_has_the_exit_status_of_pytest(mysite: Path) -> None:
    (mysite / "tests/test_wrong.py").write_text("def test_wrong() -> None:\n    raise ValueError\n")
    assert scaffold("test", "-q", cwd=mysite / "apps").returncode == 1


def test_shell_has_app_client_and_url_for_at_hand(mysite: Path) -> None:
    result = scaffold("shell", cwd=mysite, text="print(client.get(url_for('home:index')).status, app.settings.DEBUG)\n")
    assert (result.returncode, result.stdout, result.stderr) == (0, "200 True\n", "")


def test_the_prompt_completes_names_and_keeps_a_history(mysite: Path, tmp_path: Path) -> None:
    source = "import sys; sys.modules['IPython'] = None; from scaffold.cli import main; main()"
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", source, "shell"],
        cwd=mysite,
        stdin=writer,
        stdout=writer,
        stderr=writer,
        start_new_session=True,
        env=environment(HOME=str(tmp_path), TERM="dumb", NO_COLOR="1"),
    ) as process:
        os.close(writer)
        text = read_until(reader, ">>> ")
        os.write(reader, b"print(url_fo\t'home:index') * 3)\n")
        text = read_until(reader, "\n>>> ")
        os.write(reader, b"exit()\n")
        assert process.wait(PATIENCE) == 0
    os.close(reader)
    assert "\n///\r" in text
    assert "home:index" in (tmp_path / ".python_history").read_text()


def read_until(descriptor: int, end: str) -> str:
    """Read a terminal until what it shows ends with ``end``."""
    text = ""
    while not text.endswith(end):
        assert select.select([descriptor], [], [], PATIENCE)[0], text
        text += os.read(descriptor, 65536).decode()
    return text


def test_shell_runs_a_given_command(mysite: Path) -> None:
    assert scaffold("shell", "-c", "print(url_for('home:index'))", cwd=mysite).stdout == "/\n"


def test_what_a_given_command_raises_is_shown_from_its_own_line_on(mysite: Path) -> None:
    result = scaffold("shell", "-c", "1 / 0", cwd=mysite)
    assert result.returncode == 1
    assert 'File "<command>", line 1' in result.stderr
    assert "scaffold/cli" not in result.stderr
    assert scaffold("shell", "-c", "1 +", cwd=mysite).returncode == 1


def test_startproject_joins_other_files_that_are_not_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite/LICENSE").write_text("mine")
    assert scaffold("startproject", "mysite", cwd=tmp_path).returncode == 0
    assert (tmp_path / "mysite/LICENSE").read_text() == "mine"
    assert (tmp_path / "mysite/manage.py").is_file()


def test_startproject_does_not_write_into_a_folder_of_a_project_unless_told_to(mysite: Path) -> None:
    result = scaffold("startproject", "apps", cwd=mysite)
    assert result.returncode == 2
    assert "apps belongs to the project" in result.stderr
    assert {path.name for path in (mysite / "apps").iterdir()} - {"__pycache__"} == {"__init__.py", "home"}
