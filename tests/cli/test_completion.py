"""The Tab key: what it offers, in real shells, and that it neither runs nor writes anything."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from cli_helpers import GREET, add_command, edit, run, scaffold
from hypothesis import given, settings
from hypothesis import strategies as st
from shell_helpers import Shell, path_with_scaffold

from scaffold.application import Application
from scaffold.apps import discover, find_commands
from scaffold.cli.builtin import BUILT_IN
from scaffold.cli.completing import SHELLS
from scaffold.cli.completing.names import MOST_APPS, Project, project_folder, setting_names
from scaffold.cli.completing.shells import split_line
from scaffold.cli.completing.signatures import read_signature
from scaffold.cli.group import CommandGroup, as_command, first_line
from scaffold.cli.workspace import Workspace
from scaffold.conf import find_project, known_settings

ODD_TEMPLATE = 'odd/it\'s $(touch hacked) "now".html'

SHOW = """
from typing import Annotated

import typer


def command(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE")],
    route: Annotated[str, typer.Option(metavar="ROUTE", help="A route.")] = "",
    setting: Annotated[str, typer.Option(metavar="SETTING")] = "",
    folder: Annotated[str, typer.Option(metavar="DIR")] = "",
    colour: Annotated[str, typer.Option(metavar="red|green")] = "",
    loud: bool = False,
) -> None: ...
"""


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


def offered(project: Path, *typed: str) -> list[str]:
    """The suggestions for what stands behind the program's name; the last word is being typed."""
    result = scaffold("--complete", "fish", *typed, cwd=project)
    assert (result.returncode, result.stderr) == (0, "")
    return [line.partition("\t")[0] for line in result.stdout.splitlines()]


@pytest.fixture
def shown(mysite: Path) -> Path:
    """A project with a command of its own and a template of an odd name."""
    add_command(mysite, "home", "show", SHOW)
    odd = mysite / "templates" / ODD_TEMPLATE
    odd.parent.mkdir()
    odd.touch()
    return mysite


# --- in real shells -----------------------------------------------------------------------------------------------

TYPED = {
    "scaffold rout": "scaffold routes",
    "scaffold 'rou": "scaffold routes",
    "scaffold routes --js": "scaffold routes --json",
    "scaffold routes --app ho": "scaffold routes --app home",
    "scaffold routes --app=ho": "scaffold routes --app=home",
    "scaffold completion f": "scaffold completion fish",
    "scaffold sho": "scaffold show",
    "scaffold show --route home:": "scaffold show --route home:index",
    "scaffold show --route=home:i": "scaffold show --route=home:index",
    "scaffold show --setting INST": "scaffold show --setting INSTALLED_APPS",
    "scaffold show --colour g": "scaffold show --colour green",
    "scaffold show home/": "scaffold show home/index.html",
}


@pytest.mark.parametrize("shell", [pytest.param(name, marks=needs(name)) for name in ("bash", "zsh")])
def test_a_shell_completes_commands_options_and_names_at_the_tab_key(shown: Path, shell: str) -> None:
    with Shell(shell, shown) as opened:
        for typed, wanted in TYPED.items():
            assert opened.completed(typed) == wanted.split(), typed
        assert opened.completed("scaffold show odd") == ["scaffold", "show", ODD_TEMPLATE]
        assert opened.completed("scaffold show --folder stat")[-1].rstrip("/") == "static"
    assert not (shown / "hacked").exists()


@needs("fish")
def test_fish_completes_commands_options_and_names(shown: Path) -> None:
    for typed, wanted in TYPED.items():
        last = wanted.split()[-1]
        script = f"scaffold completion fish | source; complete -C {shlex.quote(typed)}"
        result = run(
            ["fish", "--no-config", "-c", script], cwd=shown, PATH=path_with_scaffold(), HOME=str(shown.parent)
        )
        assert [line.partition("\t")[0] for line in result.stdout.splitlines()] == [last], typed + result.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed_and_written_nowhere(tmp_path: Path, shell: str) -> None:
    result = scaffold("completion", shell, cwd=tmp_path, HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert f"--complete {shell}" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_another_shell_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    result = scaffold("completion", "bsh", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: there is no completion for 'bsh'\n  Did you mean 'bash'?\n"


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_nothing_writes_into_the_files_of_a_user(tmp_path: Path, option: str) -> None:
    result = scaffold(option, cwd=tmp_path, HOME=str(tmp_path), SHELL="/bin/bash")
    assert result.returncode == 2
    assert list(tmp_path.iterdir()) == []


# --- what is offered ----------------------------------------------------------------------------------------------


def test_no_code_of_a_project_runs_and_nothing_is_written(shown: Path) -> None:
    for file in ("config/settings.py", "apps/home/urls.py", "apps/home/commands/show.py", "apps/home/__init__.py"):
        path = shown / file
        path.write_text(path.read_text() + "\nraise SystemExit('this must not run')\n")
    before = {path: path.stat().st_mtime_ns for path in shown.rglob("*")}
    assert offered(shown, "show", "--route", "") == ["home:index"]
    assert "show" in offered(shown, "")
    assert {path: path.stat().st_mtime_ns for path in shown.rglob("*")} == before


def test_options_that_stand_there_already_are_not_offered_again(mysite: Path) -> None:
    assert "--json" in offered(mysite, "routes", "--")
    assert "--json" not in offered(mysite, "routes", "--json", "--")


def test_what_follows_a_double_dash_is_no_option(shown: Path) -> None:
    assert offered(shown, "show", "--", "--") == []
    assert "home/index.html" in offered(shown, "show", "--", "")


def test_the_value_of_an_option_is_no_argument(shown: Path) -> None:
    assert "home/index.html" in offered(shown, "show", "--colour", "red", "")
    assert offered(shown, "show", "one.html", "") == []


def test_files_and_folders_are_left_to_the_shell(shown: Path) -> None:
    assert offered(shown, "show", "--folder", "") == [":folders"]
    assert offered(shown, "test", "") == [":files"]


def test_nothing_but_plugins_and_built_in_commands_is_offered_outside_of_a_project(tmp_path: Path) -> None:
    assert set(BUILT_IN) <= set(offered(tmp_path, ""))
    assert offered(tmp_path, "routes", "--app", "") == []


def test_a_broken_file_offers_nothing_and_breaks_nothing(shown: Path) -> None:
    (shown / "apps/home/urls.py").write_text("urlpatterns = [\n")
    (shown / "apps/home/commands/show.py").write_bytes(b"\xff\x00(")
    (shown / "config/settings.py").write_text("((((\n")
    assert offered(shown, "routes", "--name", "") in ([], ["home:"])
    assert offered(shown, "show", "--") == ["--help"]
    assert "show" in offered(shown, "")


def test_a_name_that_would_drive_the_terminal_is_not_offered(shown: Path) -> None:
    (shown / "templates/odd/\x1b[31m.html").touch()
    assert [name for name in offered(shown, "show", "odd/") if "\x1b" in name] == []


def test_the_apps_are_offered_before_their_routes_where_there_are_many(project: Any) -> None:
    urls = "from scaffold import path\nurlpatterns = [path('', print, name='index')]\n"
    folder = project({f"apps/a{number}/urls.py": urls for number in range(MOST_APPS + 1)})
    assert Project(str(folder)).routes()[:2] == ["a0:", "a1:"]
    assert Project(str(folder)).routes("a7:") == ["a7:index"]


# --- the names are those that the rest of the framework knows -----------------------------------------------------


def test_the_help_lines_are_the_first_lines_of_the_commands_documentation() -> None:
    group, context = CommandGroup(), typer.Context(typer.core.TyperCommand("scaffold"), obj=Workspace())
    assert {name: first_line(group.get_command(context, name).callback) for name in BUILT_IN} == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_command_has_the_options_that_are_read_off_its_file(name: str) -> None:
    context = typer.Context(typer.core.TyperCommand("scaffold"), obj=Workspace())
    assert_same(CommandGroup().get_command(context, name), Project().command_file(name))


def plain(subject: str, copies: int = 1, urgent: bool = False, *, some_path: Path = Path()) -> None: ...


def annotated(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME")],
    a_flag: Annotated[bool, typer.Option("--yes/--no", "-y/-n", help="Say yes.")] = False,
    level: Annotated[Literal["low", "high"], typer.Option("--level", "-l")] = "low",
    size: Annotated[int | None, typer.Option(min=1)] = None,
) -> None: ...


def older(name: str = typer.Argument(..., metavar="APP"), loud: bool = typer.Option(False, "--loud")) -> None: ...


async def waiting(name: str, times: int = 1) -> None: ...


@pytest.mark.parametrize("function", [plain, annotated, older, waiting], ids=lambda function: function.__name__)
def test_an_own_command_has_the_options_that_are_read_off_its_file(function: Any) -> None:
    assert_same(as_command("own", function), __file__, function.__name__)


def assert_same(command: Any, file: str, function: str = "command") -> None:
    read = read_signature(file, function)
    options = [item for item in command.params if item.param_type_name == "option"]
    wanted = {name for item in options for name in (*item.opts, *item.secondary_opts)}
    assert {name for option in read.options for name in option.names} == wanted | {"--help"}
    flags = {name for item in options if item.is_flag for name in (*item.opts, *item.secondary_opts)}
    assert {name for option in read.options if option.kind is None for name in option.names} == flags | {"--help"}
    if command.context_settings == {}:
        arguments = [item for item in command.params if item.param_type_name == "argument"]
        assert len(read.arguments) == len(arguments)
        assert read.repeats == any(item.nargs == -1 for item in arguments)


def test_apps_and_commands_are_those_that_the_discovery_finds(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    add_command(mysite, "blog", "greet_all", GREET)
    add_command(mysite, "blog", "_helper", GREET)
    for name in ("__pycache__", "test_more", "no-name", ".hidden", "tests", "empty"):
        (mysite / "apps" / name).mkdir(exist_ok=True)
    found = discover(mysite).found
    read = Project(str(mysite))
    assert {name: Path(folder) for name, folder in read.apps().items()} == {app.name: app.folder for app in found}
    assert set(read.commands()) == {*BUILT_IN, *(command.name for command in find_commands(found))}


def test_installed_apps_are_known_where_the_setting_is_written_out(project: Any) -> None:
    folder = project(
        {"config/settings.py": "INSTALLED_APPS = ['extra.news']\n", "extra/news/urls.py": "", "extra/__init__.py": ""}
    )
    assert Project(str(folder)).apps() == {"news": str(folder / "extra/news")}


def test_routes_are_those_that_the_application_has(mysite: Path, fresh_imports: None) -> None:
    edit(
        mysite / "apps/home/urls.py",
        "]\n",
        "    path('old/', include([path('', views.index, name='first')], namespace='old')),\n]\n",
    )
    edit(mysite / "apps/home/urls.py", "import path", "import include, path")
    names = {route.name for route in Application.from_project(mysite).routes if route.app and route.name}
    assert set(Project(str(mysite)).routes()) == names == {"home:index", "home:old:first"}


def test_templates_are_those_that_can_be_rendered(shown: Path, fresh_imports: None) -> None:
    environment = Application.from_project(shown).templates.environment
    assert sorted(Project(str(shown)).templates()) == sorted(environment.list_templates())


def test_settings_are_those_that_scaffold_reads() -> None:
    assert setting_names() == list(known_settings())


def test_the_project_is_the_one_that_commands_find(mysite: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "inner"
    (other / "config").mkdir(parents=True)
    (other / "config/settings.py").touch()
    (other / "manage.py").write_text("import django\n")
    for folder in (mysite, mysite / "apps/home", tmp_path, other, Path("/")):
        assert project_folder(str(folder)) == str(find_project(folder) or "")


# --- reading a line -----------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab: '\"\\\t-=", max_size=30))
def test_a_line_is_split_as_a_shell_splits_it(line: str) -> None:
    try:
        wanted = shlex.split(f"scaffold {line}x ")
    except ValueError:
        split_line(f"scaffold {line}x ")  # a quote is open, as it is while somebody types
    else:
        assert split_line(f"scaffold {line}x ") == [*wanted[1:], ""]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("scaffold", []),
        ("scaffold ", [""]),
        ("A=1 B='2 3' scaffold routes --na", ["routes", "--na"]),
        ("scaffold url 'blog:d", ["url", "blog:d"]),
        ("scaffold url blog\\ x", ["url", "blog x"]),
    ],
)
def test_what_is_being_typed_is_the_last_word(line: str, words: list[str]) -> None:
    assert split_line(line) == words
