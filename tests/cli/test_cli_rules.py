"""What holds for every command: exit statuses, hints, output to the right stream, colours, and JSON."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_helpers import PATIENCE, add_command, environment, run, scaffold

from scaffold.cli.builtin import BUILT_IN
from scaffold.cli.group import CommandGroup
from scaffold.cli.progress import line
from scaffold.cli.workspace import Workspace

PASSES_ALL_ON = "test"
"""The command whose arguments are another program's."""

OPTIONS_OF = {
    name: [option for item in command.params for option in item.opts if option.startswith("--")]
    for name in BUILT_IN
    for command in [
        CommandGroup().get_command(typer.Context(typer.core.TyperCommand("scaffold"), obj=Workspace()), name)
    ]
}

# What programs read: the type of each value, by its name; a list holds objects that are all alike.
SCHEMAS: dict[tuple[str, ...], Any] = {
    ("routes",): [
        {
            "path": str,
            "methods": list,
            "name": str,
            "app": str,
            "view": str,
            "source": str,
            "host": str,
            "kind": str,
            "parameters": list,
        }
    ],
    ("check", "--deploy"): [
        {
            "level": str,
            "id": str,
            "source": str,
            "file": str,
            "line": int,
            "message": str,
            "hint": str,
            "page": str,
            "fix": dict | None,
        }
    ],
    ("collectstatic", "--dry-run"): {
        "root": str,
        "files": dict,
        "written": list,
        "unchanged": list,
        "compressed": list,
        "removed": list,
        "hidden": list,
        "skipped": list,
    },
    ("apps",): {"apps": list, "skipped": list},
}


# --- wrong usage --------------------------------------------------------------------------------------------------


def assert_refused(result: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    """A refusal is an exit status of 2, nothing on standard output, and two lines: the cause and the way out."""
    assert (result.returncode, result.stdout) == (2, "")
    cause, way_out = result.stderr.splitlines()
    assert cause.startswith("error: ")
    assert way_out.startswith("  ")
    return cause.removeprefix("error: "), way_out.strip()


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != PASSES_ALL_ON])
def test_an_unknown_option_is_refused_with_the_nearest_one(tmp_path: Path, name: str) -> None:
    near = next(iter(OPTIONS_OF[name]), "--help")
    cause, way_out = assert_refused(scaffold(name, f"{near[:-2]}{near[-1]}{near[-2]}x", cwd=tmp_path))
    assert cause.startswith(f"scaffold {name} has no option")
    assert re.fullmatch(r"Did you mean '--[\w-]+'\?", way_out)


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != PASSES_ALL_ON])
def test_an_option_like_no_other_is_refused_with_where_to_look(tmp_path: Path, name: str) -> None:
    _, way_out = assert_refused(scaffold(name, "--zzzzzzzz", cwd=tmp_path))
    assert way_out == f"scaffold {name} --help lists the options."


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("startapp",), "missing argument"),
        (("routes", "--app"), "option '--app' requires an argument"),
        (("routes", "too", "much"), "got unexpected extra argument"),
        (("serve", "--workers", "many"), "invalid value for '--workers'"),
        (("serve", "--workers", "0"), "invalid value for '--workers'"),
        (("--no-such",), "scaffold has no option '--no-such'"),
        (("nothing-like-this",), "there is no command 'nothing-like-this'"),
    ],
)
def test_what_can_not_be_parsed_is_refused_in_two_lines(mysite: Path, arguments: tuple[str, ...], cause: str) -> None:
    assert assert_refused(scaffold(*arguments, cwd=mysite))[0].startswith(cause)


def test_an_own_command_is_refused_in_the_same_words(mysite: Path) -> None:
    add_command(mysite, "home", "greet", "def command(name: str, times: int = 1) -> None: ...\n")
    assert assert_refused(scaffold("greet", "Ada", "--tiems", "2", cwd=mysite))[1] == "Did you mean '--times'?"
    assert assert_refused(scaffold("greet", cwd=mysite))[1] == "scaffold greet --help tells what it takes."


def test_a_slip_in_a_setting_is_told_with_the_nearest_one(mysite: Path) -> None:
    settings = mysite / "config/settings.py"
    settings.write_text(f"{settings.read_text()}\nINSTALED_APPS = []\n")
    result = scaffold("check", cwd=mysite)
    assert "INSTALED_APPS" in result.stdout
    assert "Did you mean 'INSTALLED_APPS'?" in result.stdout


def test_without_a_command_the_help_is_shown(tmp_path: Path) -> None:
    result = scaffold(cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == scaffold("--help", cwd=tmp_path).stdout == scaffold("-h", cwd=tmp_path).stdout


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != PASSES_ALL_ON])
def test_every_command_has_a_help_of_its_own(tmp_path: Path, name: str) -> None:
    result = scaffold(name, "--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: scaffold {name}")


# --- the streams --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", list(SCHEMAS), ids=" ".join)
def test_every_listing_has_the_form_for_programs_that_is_documented(mysite: Path, arguments: tuple[str, ...]) -> None:
    result = scaffold(*arguments, "--json", cwd=mysite)
    assert result.stderr == ""
    found, schema = json.loads(result.stdout), SCHEMAS[arguments]
    assert isinstance(found, type(schema))
    for item in found if isinstance(found, list) else [found]:
        wanted = schema[0] if isinstance(schema, list) else schema
        assert set(item) == set(wanted)
        assert [name for name, value in item.items() if not isinstance(value, wanted[name])] == []
    text = (Path(__file__).parents[2] / "docs/reference/commands.md").read_text()
    section = text.partition(f"\n## scaffold {arguments[0]}\n")[2].partition("\n## ")[0]
    names = schema[0] if isinstance(schema, list) else schema
    assert [name for name in names if f"`{name}`" not in section and f'"{name}":' not in section] == []


def test_every_command_that_has_a_form_for_programs_is_tested_for_it() -> None:
    assert {name for name, options in OPTIONS_OF.items() if "--json" in options} == {first for first, *_ in SCHEMAS}


@pytest.mark.parametrize(
    ("changes", "is_coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "", "NO_COLOR": ""}, False),
    ],
)
def test_a_pipe_is_coloured_only_when_asked(mysite: Path, changes: dict[str, str], is_coloured: bool) -> None:
    assert ("\x1b[" in scaffold("routes", cwd=mysite, **changes).stdout) == is_coloured
    assert ("\x1b[" in scaffold("rotes", cwd=mysite, **changes).stderr) == is_coloured


@pytest.mark.parametrize(
    ("changes", "is_coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_terminal_is_coloured_unless_it_is_dumb_or_not_wanted(
    mysite: Path, changes: dict[str, str], is_coloured: bool
) -> None:
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "scaffold", "rotes"]
    with subprocess.Popen(command, cwd=mysite, stderr=writer, env=environment(**changes)) as process:
        assert process.wait(PATIENCE) == 2
    text = os.read(reader, 65536).decode()
    os.close(reader)
    os.close(writer)
    assert ("\x1b[" in text) == is_coloured


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["routes"], ["completion", "bash"], ["tell"], ["shell", "-c", "print(1)"]]
)
def test_a_reader_that_leaves_early_ends_the_command_quietly(mysite: Path, arguments: list[str]) -> None:
    add_command(
        mysite, "home", "tell", "def command() -> None:\n    for number in range(9**5):\n        print(number)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-m", "scaffold", *arguments],
        cwd=mysite,
        env=environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (1, "")


def test_what_a_command_returns_is_no_exit_status(mysite: Path) -> None:
    add_command(mysite, "home", "count", "def command() -> int:\n    return 7\n")
    assert scaffold("count", cwd=mysite).returncode == 0


@pytest.mark.parametrize("arguments", [["shell", "-c", "WAIT"], ["wait"]])
def test_ctrl_c_ends_a_command_with_130_and_no_traceback(mysite: Path, arguments: list[str]) -> None:
    wait = "import threading; print('waiting', flush=True); threading.Event().wait(60)"
    add_command(mysite, "home", "wait", f"def command() -> None:\n    {wait}\n")
    command = [sys.executable, "-m", "scaffold", *(wait if item == "WAIT" else item for item in arguments)]
    with subprocess.Popen(
        command, cwd=mysite, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr.read() == ""


def test_a_single_file_has_the_same_rules(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text(
        "from scaffold import Application\nfrom scaffold.cli import manage\n\napp = Application()\nmanage(app)\n"
    )
    assert run([sys.executable, str(file), "--version"], cwd=tmp_path).stdout.startswith("Scaffold ")
    assert assert_refused(run([sys.executable, str(file), "rotes"], cwd=tmp_path))[1] == "Did you mean 'routes'?"


# --- progress -----------------------------------------------------------------------------------------------------


def test_what_takes_more_than_a_second_shows_a_line_on_a_terminal_and_takes_it_away() -> None:
    script = (
        "import threading\nfrom scaffold.cli import progress\nprogress.SECONDS_BEFORE_IT_SHOWS = 0.0\n"
        "progress.SECONDS_BETWEEN_UPDATES = 0.01\nasked = threading.Event()\n"
        "def done():\n    asked.set()\n    return 1, 4\n"
        "with progress.working('Collecting', done):\n    asked.wait(30)\n    threading.Event().wait(0.05)\n"
    )
    reader, writer = pty.openpty()
    result = subprocess.run(
        [sys.executable, "-c", script], stderr=writer, env=environment(TERM="xterm"), timeout=PATIENCE, check=False
    )
    assert result.returncode == 0
    text = os.read(reader, 65536).decode()
    os.close(reader)
    os.close(writer)
    assert "Collecting [#####               ] 1 of 4, 0 s" in text
    assert text.endswith("\r\x1b[2K")


def test_a_pipe_gets_no_line_of_progress() -> None:
    script = (
        "from scaffold.cli import progress\nprogress.SECONDS_BEFORE_IT_SHOWS = 0.0\n"
        "with progress.working('Collecting', lambda: 1 / 0):\n    print('done')\n"
    )
    result = run([sys.executable, "-c", script], cwd=Path("/"))
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_progress_says_how_far_it_has_come() -> None:
    assert line("Checking", 3.2) == "Checking, 3 s"
    assert line("Writing", 2.0, (5, 4)) == "Writing [####################] 4 of 4, 2 s"
    assert line("Writing", 2.0, (0, 0)) == "Writing, 2 s"
