"""The commands that end by themselves."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import PATIENCE, environment, run, scaffold


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# --- the command line as a whole ----------------------------------------------------------------------------------


def test_help_lists_every_command_in_the_order_of_use(tmp_path: Path) -> None:
    result = scaffold("--help", cwd=tmp_path)
    names = [
        line.split()[0]
        for line in result.stdout.partition("Commands:")[2].splitlines()
        if line.startswith(("  s", "  r", "  c", "  t"))
    ]
    assert names == ["startproject", "startapp", "runserver", "routes", "check", "test", "shell"]


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


def test_startapp_refuses_an_app_that_exists(mysite: Path) -> None:
    result = scaffold("startapp", "home", cwd=mysite)
    assert result.returncode == 1
    assert "home" in result.stderr


# --- routes -------------------------------------------------------------------------------------------------------


def test_routes_gives_objects_with_path_methods_name_app_view_and_source(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    routes = json.loads(scaffold("routes", "--json", cwd=mysite).stdout)
    assert routes[0] == {
        "path": "/blog/",
        "methods": ["GET", "HEAD"],
        "name": "blog:index",
        "app": "blog",
        "view": "apps.blog.views.index",
        "source": routes[0]["source"],
    }
    file, _, line = routes[0]["source"].partition(":")
    assert "path(" in (mysite / file).read_text().splitlines()[int(line) - 1]


def test_routes_prints_plain_text_of_any_width_to_a_pipe(mysite: Path) -> None:
    result = scaffold("routes", cwd=mysite, COLUMNS="40")
    assert "\x1b" not in result.stdout
    assert "apps.home.views.index" in result.stdout


def test_routes_fits_the_terminal(mysite: Path) -> None:
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "scaffold", "routes"]
    with subprocess.Popen(command, cwd=mysite, stdout=writer, env=environment(COLUMNS="60", NO_COLOR="1")) as process:
        assert process.wait(PATIENCE) == 0
    text = os.read(reader, 65536).decode()
    os.close(reader)
    os.close(writer)
    assert "home:index" in text
    assert max(map(len, text.replace("\r", "").splitlines())) <= 60


def test_routes_lists_the_others_and_fails_when_an_app_can_not_be_loaded(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    (mysite / "apps/blog/views.py").write_text("import nothing_of_that_name\n")
    for changes in ({}, {"DEBUG": "false"}):
        result = scaffold("routes", cwd=mysite, **changes)
        assert result.returncode == 1
        assert "home:index" in result.stdout
        assert "nothing_of_that_name" in result.stderr
        assert "apps/blog/views.py:1" in result.stderr
        assert "Traceback" not in result.stderr


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


def test_check_reports_settings_that_can_not_be_loaded_as_a_finding(mysite: Path) -> None:
    (mysite / "config/settings.py").write_text("DEBUG = True\nSECRET_KEY = oops\n")
    result = scaffold("check", cwd=mysite)
    assert result.returncode == 1
    assert "config/settings.py:2: error [settings.invalid]" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


# --- test and shell -----------------------------------------------------------------------------------------------


def test_test_runs_the_projects_own_tests_and_passes_arguments_on(mysite: Path) -> None:
    result = scaffold("test", "-k", "home", "-v", cwd=mysite)
    assert result.returncode == 0, result.stdout
    assert "test_home.py" in result.stdout
    assert "deselected" in result.stdout


def test_test_has_the_exit_status_of_pytest(mysite: Path) -> None:
    (mysite / "tests/test_wrong.py").write_text("def test_wrong() -> None:\n    assert 1 == 2\n")
    assert scaffold("test", "-q", cwd=mysite / "apps").returncode == 1


def test_shell_has_app_client_and_url_for_at_hand(mysite: Path) -> None:
    result = scaffold("shell", cwd=mysite, text="print(client.get(url_for('home:index')).status, app.settings.DEBUG)\n")
    assert (result.returncode, result.stdout, result.stderr) == (0, "200 True\n", "")


def test_shell_runs_a_given_command(mysite: Path) -> None:
    assert scaffold("shell", "-c", "print(url_for('home:index'))", cwd=mysite).stdout == "/\n"


def test_what_a_given_command_raises_is_shown_from_its_own_line_on(mysite: Path) -> None:
    result = scaffold("shell", "-c", "1 / 0", cwd=mysite)
    assert result.returncode == 1
    assert 'File "<command>", line 1' in result.stderr
    assert "scaffold/cli" not in result.stderr
    assert scaffold("shell", "-c", "1 +", cwd=mysite).returncode == 1


# --- a project's own commands -------------------------------------------------------------------------------------

GREET = '''
"""A command."""


def command(name: str, loud: bool = False) -> None:
    """Greet somebody."""
    text = f"Hello, {name}"
    print(text.upper() if loud else text)
'''


def add_command(project: Path, app: str, name: str, source: str) -> Path:
    file = project / "apps" / app / "commands" / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(source)
    return file


def test_an_apps_own_command_is_in_the_help_under_the_apps_name_and_runs(mysite: Path) -> None:
    add_command(mysite, "home", "greet_all", GREET)
    assert "home:\n  greet-all  Greet somebody." in scaffold("--help", cwd=mysite).stdout
    assert scaffold("greet-all", "Ada", "--loud", cwd=mysite).stdout == "HELLO, ADA\n"


def test_a_broken_command_is_named_in_the_help_and_breaks_no_other(mysite: Path) -> None:
    add_command(mysite, "home", "greet", GREET)
    add_command(mysite, "home", "broken", "import nothing_of_that_name\n")
    result = scaffold("--help", cwd=mysite)
    assert result.returncode == 0
    assert "greet" in result.stdout
    assert "(broken: " in result.stdout
    assert scaffold("greet", "Ada", cwd=mysite).stdout == "Hello, Ada\n"
    refused = scaffold("broken", cwd=mysite)
    assert refused.returncode == 1
    assert "commands/broken.py:1" in refused.stderr


def test_two_commands_of_one_name_are_an_error_that_names_both_files(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    files = [add_command(mysite, app, "greet", GREET) for app in ("blog", "home")]
    result = scaffold("greet", "Ada", cwd=mysite)
    assert result.returncode == 2
    assert all(str(file) in result.stderr for file in files)
    assert "commands.duplicate" in scaffold("check", cwd=mysite).stdout


def test_a_command_that_takes_a_built_in_name_is_an_error_too(mysite: Path) -> None:
    file = add_command(mysite, "home", "routes", GREET)
    result = scaffold("routes", cwd=mysite)
    assert result.returncode == 2
    assert str(file) in result.stderr


# --- the example in one file --------------------------------------------------------------------------------------

EXAMPLE = Path(__file__).parents[2] / "manage_example.py"


def test_the_example_has_routes_and_a_command_of_its_own(tmp_path: Path) -> None:
    names = {
        route["name"]
        for route in json.loads(run([sys.executable, str(EXAMPLE), "routes", "--json"], cwd=tmp_path).stdout)
    }
    assert names == {"home", "add", "note", "api", "static"}
    assert (
        run([sys.executable, str(EXAMPLE), "greet", "Ada"], cwd=tmp_path).stdout == "Hello, Ada, there are 2 notes.\n"
    )
    assert run([sys.executable, str(EXAMPLE), "check"], cwd=tmp_path).returncode == 0
