"""What a start may import: the figures are measured elsewhere, what they come from is held here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import environment

# What is answered before Typer is imported needs no module that Python has not loaded by itself, but for these.
LIGHT = {"__future__", "_ast", "gc"}

HEAVY = {
    *("rich", "pydantic", "markdown_it", "pygments", "selenium", "pytest", "unittest", "asyncio", "concurrent"),
    *("watchdog", "pathspec", "redis", "cachelib", "brotli", "gunicorn", "granian", "multiprocessing"),
    *("importlib.metadata", "urllib.request", "http.server", "scaffold.reload", "scaffold.developer"),
    *("scaffold.testing", "scaffold.generation"),
}
FOR_A_PROJECT = {
    *("jinja2", "itsdangerous", "blinker", "multipart", "logging", "socket", "ssl"),
    *("scaffold.application", "scaffold.apps", "scaffold.conf", "scaffold.http", "scaffold.routing"),
    *("scaffold.server", "scaffold.middleware", "scaffold.templating", "scaffold.checks"),
}


def loaded(arguments: list[str], folder: Path) -> set[str]:
    """The modules that a command imports, which the interpreter has not imported before."""
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        f"sys.argv = ['scaffold', *{arguments!r}]\n"
        "from scaffold.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "names = sorted(set(sys.modules) - before)\n"
        "import json\n"
        "print(json.dumps(names), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stderr.splitlines()[-1]))


def heavy_ones(modules: set[str], heavy: set[str]) -> set[str]:
    """Those of ``heavy`` that are among the modules, or packages above them."""
    return {name for name in heavy if name in modules or any(module.startswith(f"{name}.") for module in modules)}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["completion", "bash"],
        ["completion", "zsh"],
        ["completion", "fish"],
        ["--complete", "bash", "scaffold ro"],
        ["--complete", "zsh", "routes", "--"],
        ["--complete", "fish", "routes", "--app", ""],
        ["--complete", "fish", "routes", "--name", ""],
        ["--complete", "fish", "startproject", "mysite", ""],
    ],
    ids=" ".join,
)
def test_version_and_completion_import_next_to_nothing(mysite: Path, arguments: list[str]) -> None:
    foreign = {name for name in loaded(arguments, mysite) if name.partition(".")[0] != "scaffold"}
    assert foreign <= LIGHT


@pytest.mark.parametrize("arguments", [["--version"], ["--complete", "bash", "scaffold ro"]], ids=" ".join)
def test_version_and_completion_import_no_more_of_scaffold_than_they_use(mysite: Path, arguments: list[str]) -> None:
    wanted = ("scaffold.cli", "scaffold.plugins")
    own = {name for name in loaded(arguments, mysite) if name.startswith("scaffold.")}
    assert {name for name in own if not name.startswith(wanted)} == set()


@pytest.mark.parametrize("arguments", [["--help"], ["routes", "--help"], ["startproject", "--help"]], ids=" ".join)
def test_help_loads_nothing_that_a_project_is_made_of(mysite: Path, arguments: list[str]) -> None:
    assert heavy_ones(loaded(arguments, mysite), HEAVY | FOR_A_PROJECT) - {"logging"} == set()


@pytest.mark.parametrize("arguments", [["routes"], ["routes", "--json", "--app", "home"], ["check"]], ids=" ".join)
def test_routes_and_check_load_only_what_a_project_is_made_of(mysite: Path, arguments: list[str]) -> None:
    assert heavy_ones(loaded(arguments, mysite), HEAVY) == set()


def test_the_package_itself_is_imported_in_no_time() -> None:
    script = "import sys; before = set(sys.modules); import scaffold; print(*sorted(set(sys.modules) - before))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert set(result.stdout.split()) <= {"__future__", "scaffold"}
