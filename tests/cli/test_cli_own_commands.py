"""The commands of apps and of a single file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import GREET, add_command, edit, run, scaffold

from scaffold.cli import EXIT_INTERRUPTED
from scaffold.cli.workspace import Workspace

# --- a project's own commands -------------------------------------------------------------------------------------


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
