"""The command line as a whole, and the commands that write a project."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest
from cli_helpers import edit, run, scaffold

from scaffold.cli.builtin import BUILT_IN
from scaffold.cli.output import columns

# --- the command line as a whole ----------------------------------------------------------------------------------


def test_help_lists_every_command_in_the_order_of_use(tmp_path: Path) -> None:
    result = scaffold("--help", cwd=tmp_path)
    assert re.findall(r"^  (\w+)", result.stdout.partition("Commands:")[2], re.MULTILINE) == list(BUILT_IN)
    assert list(BUILT_IN)[:4] == ["startproject", "startapp", "runserver", "serve"]


def test_the_script_and_the_module_are_the_same_command(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("scaffold")
    assert run([str(script), "--version"], cwd=tmp_path).stdout == scaffold("--version", cwd=tmp_path).stdout


def test_an_unknown_command_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    result = scaffold("rotes", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == "error: there is no command 'rotes'\n  Did you mean 'routes'?\n"


@pytest.mark.parametrize(
    "command", [("runserver",), ("routes",), ("check",), ("test",), ("shell",), ("startapp", "blog")]
)
def test_outside_a_project_a_command_says_so_and_which_command_makes_one(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = scaffold(*command, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == (
        f"error: there is no project in {tmp_path} or above\n"
        "  Make one with: scaffold startproject mysite; then: cd mysite\n"
    )


def test_manage_py_works_from_any_folder(mysite: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = run([sys.executable, str(mysite / "manage.py"), "routes"], cwd=elsewhere)
    assert result.returncode == 0, result.stderr
    assert "home:index" in result.stdout


def test_a_command_finds_the_project_from_a_folder_inside_it(mysite: Path) -> None:
    assert "home:index" in scaffold("routes", cwd=mysite / "apps" / "home" / "templates").stdout


# --- startproject and startapp ------------------------------------------------------------------------------------


def test_startproject_prints_what_it_wrote_and_the_next_commands(tmp_path: Path) -> None:
    result = scaffold("startproject", "my-site", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    files = {
        str(path.relative_to(tmp_path / "my-site")) for path in (tmp_path / "my-site").rglob("*") if path.is_file()
    }
    listed = {line.strip() for line in result.stdout.partition(":\n")[2].partition("\n\n")[0].splitlines()}
    assert listed == files
    assert "Next:\n  cd my-site\n  scaffold runserver --reload\n" in result.stdout


def test_a_dry_run_prints_the_same_files_and_writes_nothing(tmp_path: Path) -> None:
    dry = scaffold("startproject", "mysite", "--dry-run", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
    wet = scaffold("startproject", "mysite", cwd=tmp_path)
    assert dry.stdout.replace("Would write", "Wrote") == wet.stdout.partition("\n\n")[0] + "\n"


def test_the_secret_key_is_readable_by_its_owner_alone_and_unknown_to_git(mysite: Path) -> None:
    assert stat.S_IMODE((mysite / ".env").stat().st_mode) == 0o600
    run(["git", "init", "--quiet"], cwd=mysite)
    run(["git", "add", "."], cwd=mysite)
    tracked = run(["git", "ls-files"], cwd=mysite).stdout.splitlines()
    assert ".env.example" in tracked
    assert ".env" not in tracked


@pytest.mark.parametrize("name", ["", "1site", "a/b", "..", "größe", "class", "con", "a b"])
def test_a_name_that_can_not_be_is_refused_in_two_lines_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    result = scaffold("startproject", name, cwd=tmp_path)
    assert result.returncode == 1
    cause, way_out = result.stderr.splitlines()
    assert cause.startswith("error: ")
    assert way_out.startswith("  ")
    assert list(tmp_path.iterdir()) == []


def test_startproject_twice_lists_what_would_be_overwritten(mysite: Path) -> None:
    before = (mysite / ".env").read_text()
    result = scaffold("startproject", "mysite", cwd=mysite.parent)
    assert result.returncode == 1
    assert "manage.py" in result.stderr
    assert "apps/home/views.py" in result.stderr
    assert (mysite / ".env").read_text() == before


def test_startapp_edits_no_existing_file_and_its_test_passes(mysite: Path) -> None:
    before = {path: path.read_bytes() for path in mysite.rglob("*") if path.is_file()}
    result = scaffold("startapp", "blog", "--prefix", "news", cwd=mysite)
    assert result.returncode == 0, result.stderr
    assert "Its page is /news/" in result.stdout
    assert {path: path.read_bytes() for path in before} == before
    tested = scaffold("test", "-q", "apps/blog", cwd=mysite)
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize("arguments", [("blog", "--prefix", "/"), ("blog", "--prefix", "news"), ("news",)])
def test_startapp_refuses_urls_that_another_app_answers(mysite: Path, arguments: tuple[str, ...]) -> None:
    edit(mysite / "apps/home/urls.py", "]\n", '    path("news/", views.index),\n]\n')
    result = scaffold("startapp", *arguments, cwd=mysite)
    assert result.returncode == 2
    cause, place, way_out = result.stderr.splitlines()
    assert cause.startswith("error: apps.home.views.index answers /")
    assert place.startswith("  at apps/home/urls.py:1")
    assert "--prefix" in way_out
    assert sorted(path.name for path in (mysite / "apps").iterdir() if path.name != "__pycache__") == [
        "__init__.py",
        "home",
    ]


def test_startapp_adds_to_urls_with_parameters_and_to_a_broken_project(mysite: Path) -> None:
    edit(mysite / "apps/home/urls.py", "]\n", '    path("<path:rest>", views.index),\n]\n')
    assert scaffold("startapp", "blog", cwd=mysite).returncode == 0
    (mysite / "config/settings.py").write_text("oops\n")
    assert scaffold("startapp", "shop", cwd=mysite).returncode == 0


def test_a_dry_run_is_not_served(tmp_path: Path) -> None:
    result = scaffold("startproject", "mysite", "--dry-run", "--run", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --dry-run")


def test_startapp_refuses_an_app_that_exists(mysite: Path) -> None:
    result = scaffold("startapp", "home", cwd=mysite)
    assert result.returncode == 1
    assert "home" in result.stderr


# --- output -------------------------------------------------------------------------------------------------------


def test_a_narrow_column_keeps_its_beginning_or_where_asked_its_end() -> None:
    rows = [("VIEW", "SOURCE"), ("apps.home.views.index", "apps/home/urls.py:10")]
    assert columns(rows, 24, shrink=(0, 1), keep_end={1}) == ["VIEW    SOURCE", "apps.…  …home/urls.py:10"]
    assert columns(rows, None, keep_end={1})[1] == "apps.home.views.index  apps/home/urls.py:10"
