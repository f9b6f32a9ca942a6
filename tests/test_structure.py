"""The layers, and what a start may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "scaffold"
LAYERS = (
    {"exceptions", "plugins"},
    {"conf", "http", "routing", "server", "generation", "discovery", "signals"},
    {"apps", "templating", "middleware", "staticfiles", "debug", "logs"},
    {"application", "shortcuts", "decorators"},
    {"checks", "testing"},
    {"developer"},
    {"reload"},
    {"cli"},
)
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and top-level module of the package for each import of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "scaffold" and parts[1] in RANKS:
                yield node.lineno, parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_layers_below_its_own(path: Path) -> None:
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    tree = ast.parse(path.read_text())
    wrong = [(line, other) for line, other in imported_rooms(tree) if other != room and RANKS[other] >= RANKS[room]]
    assert wrong == []


@pytest.mark.parametrize("room", ["server", "generation"])
def test_server_and_generation_know_nothing_of_the_framework_but_its_errors(room: str) -> None:
    rooms = {
        other for path in (PACKAGE / room).glob("*.py") for _, other in imported_rooms(ast.parse(path.read_text()))
    }
    assert rooms <= {room, "exceptions"}


def test_every_part_of_the_package_has_its_layer() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__"}
    assert rooms == set(RANKS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_inside_functions_are_for_the_command_line_alone(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    inside = [
        node for function in functions for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert room_of(path) == "cli" or inside == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_loads_neither_templates_nor_watcher_nor_server(arguments: list[str]) -> None:
    heavy = {"jinja2", "watchdog", "pathspec", "rich", "http.server", "scaffold.server", "scaffold.application"}
    script = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('LOADED', *sorted({heavy!r} & set(sys.modules))))\n"
        f"sys.argv = ['scaffold', *{arguments!r}]\n"
        "from scaffold.cli import main\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout.splitlines()[-1].split() == ["LOADED"], result.stdout + result.stderr
