"""The commands that end by themselves."""

from __future__ import annotations

import json
import os
import pty
import select
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import PATIENCE, environment, run, scaffold

from scaffold.cli import EXIT_INTERRUPTED
from scaffold.cli.output import columns
from scaffold.cli.workspace import Workspace


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
    assert names == [
        *("startproject", "startapp", "runserver", "serve", "routes", "check", "collectstatic", "test", "shell")
    ]


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
    assert any(line.endswith("py:10") for line in text.replace("\r", "").splitlines())
    assert max(map(len, text.replace("\r", "").splitlines())) <= 60


def test_a_narrow_column_keeps_its_beginning_or_where_asked_its_end() -> None:
    rows = [("VIEW", "SOURCE"), ("apps.home.views.index", "apps/home/urls.py:10")]
    assert columns(rows, 24, shrink=(0, 1), keep_end={1}) == ["VIEW    SOURCE", "apps.…  …home/urls.py:10"]
    assert columns(rows, None, keep_end={1})[1] == "apps.home.views.index  apps/home/urls.py:10"


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


ASYNC = """
import asyncio


async def command(name: str, times: int = 1) -> None:
    \"\"\"Greet in turns.\"\"\"
    for _ in range(times):
        await asyncio.sleep(0)
        print(f"Hello, {name}")
"""


def test_an_async_command_is_run_to_its_end(mysite: Path) -> None:
    add_command(mysite, "home", "greet", ASYNC)
    result = scaffold("greet", "Ada", "--times", "2", cwd=mysite)
    assert (result.returncode, result.stdout, result.stderr) == (0, "Hello, Ada\nHello, Ada\n", "")


def test_a_command_with_parameters_of_no_known_type_is_an_error_with_its_place(mysite: Path) -> None:
    add_command(mysite, "home", "greet", "def command(name: int | str) -> None: ...\n")
    result = scaffold("greet", "Ada", cwd=mysite)
    assert result.returncode == 1
    assert "commands/greet.py:1" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_app_that_is_not_installed_hides_no_command_of_the_others(mysite: Path) -> None:
    add_command(mysite, "home", "greet", GREET)
    edit(mysite / "config/settings.py", "list[str] = []", "list[str] = ['no' + 'pe']")
    assert scaffold("greet", "Ada", cwd=mysite).stdout == "Hello, Ada\n"
    shown = scaffold("--help", cwd=mysite)
    assert shown.returncode == 0
    assert "greet" in shown.stdout
    cause = "INSTALLED_APPS names 'nope', but there is no such package"
    assert f"\n(some of the project's own commands can't be listed: {cause})\n" in shown.stdout
    refused = scaffold("send", cwd=mysite)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {cause}\n")


@pytest.mark.parametrize(
    "setting",
    [
        "INSTALLED_APPS = ['extra']",
        "INSTALLED_APPS: tuple[str, ...] = ('extra',)",
        "INSTALLED_APPS = []\nINSTALLED_APPS += ['extra']",
        "INSTALLED_APPS = []\nINSTALLED_APPS.append('extra')",
        "INSTALLED_APPS = ['ex' + 'tra']",
        "from config.base import *",
        "from config.base import INSTALLED_APPS",
    ],
)
def test_the_commands_of_installed_apps_are_found_however_the_setting_is_written(project: Any, setting: str) -> None:
    folder = project(
        {
            "config/base.py": "INSTALLED_APPS = ['extra']\n",
            "config/settings.py": f"{setting}\n",
            "extra/urls.py": "",
            "extra/commands/greet.py": GREET,
        },
    )
    listing = Workspace(project=folder).commands()
    assert ([command.name for command in listing.found], listing.error) == (["greet"], None)


def test_ctrl_c_ends_a_command_with_its_own_status(mysite: Path) -> None:
    source = "import os\nimport signal\n\n\ndef command() -> None:\n    os.kill(os.getpid(), signal.SIGINT)\n"
    add_command(mysite, "home", "wait", source)
    result = scaffold("wait", cwd=mysite)
    assert (result.returncode, "Traceback" in result.stderr) == (EXIT_INTERRUPTED, False)


def test_what_an_own_command_raises_is_shown_from_its_own_line_on(mysite: Path) -> None:
    file = add_command(mysite, "home", "fails", "def command() -> None:\n    1 / 0\n")
    result = scaffold("fails", cwd=mysite)
    assert result.returncode == 1
    assert result.stderr.startswith(f'Traceback (most recent call last):\n  File "{file}", line 2, in command\n')


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
