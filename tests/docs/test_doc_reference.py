"""The reference lists all that there is, and nothing that is not."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from doc_pages import DOCS, ROOT, Page

import scaffold
from scaffold import exceptions
from scaffold.checks.ids import IDS
from scaffold.cli import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE
from scaffold.cli.group import BUILT_IN, CommandGroup
from scaffold.cli.workspace import Workspace
from scaffold.conf import Env, known_settings
from scaffold.testing import Client, TestResponse

REFERENCE = DOCS / "reference"
PACKAGE = ROOT / "scaffold"
_CODE = re.compile(r"`([^`\n]+)`")


def section(page: str, heading: str) -> str:
    """The text below a heading of a page of the reference."""
    found = [item.section for item in Page(REFERENCE / page).headings if item.text.replace("\\", "") == heading]
    assert found, f"reference/{page} has no section {heading!r}"
    return found[0]


def first_cells(text: str) -> list[str]:
    """The code in the first cell of each row of the tables in a text."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return [code for cell in rows for code in _CODE.findall(cell)]


def words(text: str) -> set[str]:
    """The names in the code of a text."""
    return {word for code in _CODE.findall(text) for word in re.findall(r"\w+", code)}


def members(kind: type) -> set[str]:
    """The public attributes that a class itself defines."""
    return {name for name in vars(kind) if not name.startswith("_")}


def sources() -> Iterator[tuple[Path, str]]:
    """Each module of the package with its text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", scaffold.__all__)
def test_every_public_name_has_a_section(name: str) -> None:
    assert section("names.md", name).strip()


@pytest.mark.parametrize("name", ["Application", "Request", "Response", "Converter", "View", "Settings"])
def test_every_public_member_is_listed(name: str) -> None:
    wanted = members(getattr(scaffold, name)) - set(known_settings())
    assert wanted - words(section("names.md", name)) == set()


def test_every_member_of_env_and_of_the_client_is_listed() -> None:
    assert members(Env) - words(section("names.md", "env")) == set()
    assert (members(Client) | members(TestResponse)) - words(section("names.md", "In modules")) == set()


def commands() -> dict[str, typer.core.TyperCommand]:
    """The built-in commands as the command line has them."""
    context = typer.Context(typer.core.TyperCommand("scaffold"), obj=Workspace())
    group = CommandGroup()
    return {name: group.get_command(context, name) for name in BUILT_IN}


def test_every_command_and_option_is_listed_and_no_other() -> None:
    for name, command in commands().items():
        text = section("commands.md", f"scaffold {name}")
        options = {text for item in command.params for text in (*item.opts, *item.secondary_opts) if text[0] == "-"}
        assert set(first_cells(text)) == options, name
    titles = [item.text for item in Page(REFERENCE / "commands.md").headings]
    assert [title for title in titles if title.startswith("scaffold ")] == [f"scaffold {name}" for name in BUILT_IN]


def test_every_exit_status_is_listed() -> None:
    rows = re.findall(r"^\| (\d+) \|", Page(REFERENCE / "commands.md").prose, re.MULTILINE)
    assert rows == [str(status) for status in (0, EXIT_FAILURE, EXIT_USAGE, EXIT_INTERRUPTED)]


def test_every_setting_is_listed_and_no_other() -> None:
    assert first_cells(section("settings.md", "Those that Scaffold reads")) == list(known_settings())


def test_every_exception_is_listed_with_its_base() -> None:
    text = Page(REFERENCE / "exceptions.md").prose
    for name in exceptions.__all__:
        kind = getattr(exceptions, name)
        if inspect.isclass(kind) and issubclass(kind, exceptions.ScaffoldError):
            assert f"| `{name}` | `{kind.__mro__[1].__name__}` |" in text, name
    defined = {name for name in exceptions.__all__ if inspect.isclass(getattr(exceptions, name))}
    elsewhere = {
        node.name
        for path, source in sources()
        if path.name != "exceptions.py"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in defined for base in node.bases)
    }
    listed = set(first_cells(text))
    assert defined <= listed
    assert listed <= defined | elsewhere


def test_every_check_is_listed_and_no_other() -> None:
    assert set(first_cells(Page(REFERENCE / "checks.md").prose)) == IDS


def test_every_variable_of_the_environment_is_listed() -> None:
    pattern = re.compile(r"(?:os\.environ|environment)(?:\.get\(|\[)\"([A-Z_]+)\"")
    found = {name for _, text in sources() for name in pattern.findall(text)}
    assert found
    assert found <= set(first_cells(section("environment.md", "Variables")))


def test_every_key_of_the_environ_is_listed_and_no_other() -> None:
    pattern = re.compile(r"environ(?:\.get\(|\[)\"(scaffold\.\w+)\"")
    found = {name for _, text in sources() for name in pattern.findall(text)}
    assert set(first_cells(section("environment.md", "Keys of the WSGI environ"))) == found


def test_every_logger_is_listed_and_no_other() -> None:
    pattern = re.compile(r"getLogger\(\"(scaffold[\w.]*)\"\)")
    found = {name for _, text in sources() for name in pattern.findall(text)}
    assert set(first_cells(section("environment.md", "Loggers"))) == found
