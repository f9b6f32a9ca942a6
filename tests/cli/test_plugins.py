"""Plug-ins: commands and apps of installed distributions, made here as an installer leaves them on the disk."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import zipfile
from pathlib import Path

import pytest
from cli_helpers import GREET, add_command, edit, run, scaffold

from scaffold.plugins import APPS, COMMANDS, offered

URLS = """
from scaffold import path


def index(request):
    return "news"


urlpatterns = [path("", index, name="index")]
"""

ODD_ENTRY_POINTS = """
# a comment = no entry
[console_scripts]
x = y:z
[scaffold.commands]
a.b = m.n:f.g [extra]
 c=d

[scaffold.apps]
"""


def install(site: Path, name: str, entry_points: str, files: dict[str, str]) -> None:
    """Write a distribution as pip does."""
    information = site / f"{name.replace('-', '_')}-1.0.dist-info"
    texts = {
        information / "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        information / "entry_points.txt": entry_points,
        information / "RECORD": "",
        **{site / file: text for file, text in files.items()},
    }
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed distributions, which all processes of the test look into."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def mailer(site: Path) -> Path:
    """A distribution with a command and an app."""
    entry_points = "[scaffold.commands]\nsend-mail = mailer.tools:send\n\n[scaffold.apps]\nnews = mailer.news\n"
    files = {
        "mailer/__init__.py": "",
        "mailer/tools.py": GREET.replace("def command", "def send"),
        "mailer/news/__init__.py": "",
        "mailer/news/urls.py": URLS,
        "mailer/news/templates/news/page.html": "news",
        "mailer/news/static/news/news.css": "p {}",
        "mailer/news/commands/publish.py": GREET,
    }
    install(site, "Scaffold-Mailer", entry_points, files)
    return site


def test_a_plugins_command_is_in_the_help_under_its_distribution_and_runs(mysite: Path, mailer: Path) -> None:
    assert "Scaffold-Mailer:\n  send-mail  Greet somebody." in scaffold("--help", cwd=mysite).stdout
    result = scaffold("send-mail", "Ada", "--loud", cwd=mysite)
    assert (result.returncode, result.stdout, result.stderr) == (0, "HELLO, ADA\n", "")


def test_a_plugins_command_works_outside_of_a_project(tmp_path: Path, mailer: Path) -> None:
    assert scaffold("send-mail", "Ada", cwd=tmp_path).stdout == "Hello, Ada\n"
    assert scaffold("send-mial", cwd=tmp_path).stderr.endswith("Did you mean 'send-mail'?\n")


def test_a_plugins_app_is_live_with_its_command_and_static_files(mysite: Path, mailer: Path) -> None:
    names = {route["name"] for route in json.loads(scaffold("routes", "--json", cwd=mysite).stdout)}
    assert {"home:index", "news:index"} <= names
    assert scaffold("publish", "Ada", cwd=mysite).stdout == "Hello, Ada\n"
    assert "news/news.css" in scaffold("collectstatic", "--dry-run", cwd=mysite).stdout
    assert scaffold("check", cwd=mysite).returncode == 0


def test_the_tab_key_knows_plugins(mysite: Path, mailer: Path) -> None:
    assert "send-mail" in scaffold("--complete", "bash", "scaffold se", cwd=mysite).stdout.split()
    assert "--loud" in scaffold("--complete", "bash", "scaffold send-mail --", cwd=mysite).stdout.split()
    assert "news" in scaffold("--complete", "bash", "scaffold routes --app ", cwd=mysite).stdout.split()


@pytest.mark.parametrize("name", ["Scaffold-Mailer", "scaffold_mailer"])
def test_a_plugin_can_be_switched_off(mysite: Path, mailer: Path, name: str) -> None:
    settings = mysite / "config/settings.py"
    settings.write_text(f"{settings.read_text()}\nDISABLED_PLUGINS = [{name!r}]\n")
    assert "news:index" not in scaffold("routes", cwd=mysite).stdout
    assert "send-mail" not in scaffold("--help", cwd=mysite).stdout
    assert "news.css" not in scaffold("collectstatic", "--dry-run", cwd=mysite).stdout
    assert scaffold("send-mail", "Ada", cwd=mysite).returncode == 2
    assert scaffold("publish", "Ada", cwd=mysite).returncode == 2
    assert "send-mail" not in scaffold("--complete", "bash", "scaffold ", cwd=mysite).stdout


@pytest.mark.parametrize(
    ("value", "files", "reason"),
    [
        ("broken:run", {"broken.py": "import nothing_of_that_name\n"}, "ModuleNotFoundError"),
        ("broken:run", {"broken.py": "raise SystemExit(3)\n"}, "SystemExit"),
        ("broken:run", {"broken.py": ""}, "AttributeError"),
        ("broken:run", {"broken.py": "run = 7\n"}, "is no function"),
        ("not there", {}, "ModuleNotFoundError"),
    ],
)
def test_a_broken_command_is_named_with_its_distribution_and_breaks_no_other(
    mysite: Path, mailer: Path, value: str, files: dict[str, str], reason: str
) -> None:
    install(mailer, "bad-plugin", f"[scaffold.commands]\nbreak = {value}\n", files)
    shown = scaffold("--help", cwd=mysite)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "send-mail" in shown.stdout
    assert "bad-plugin:\n  break  (broken: the command 'break' of the plug-in" in " ".join(shown.stdout.split(" "))
    assert scaffold("send-mail", "Ada", cwd=mysite).returncode == 0
    refused = scaffold("break", cwd=mysite)
    assert refused.returncode == 1
    cause, way_out = refused.stderr.splitlines()
    assert "the command 'break' of the plug-in bad-plugin can't be imported" in cause
    assert reason in cause
    assert "'bad-plugin' in DISABLED_PLUGINS" in way_out


@pytest.mark.parametrize(
    ("files", "reason"), [({}, "No module named 'lost'"), ({"lost/__init__.py": "raise SystemExit('gone')\n"}, "gone")]
)
def test_an_app_that_is_not_there_is_named_with_its_distribution_and_breaks_no_other(
    mysite: Path, mailer: Path, files: dict[str, str], reason: str
) -> None:
    install(mailer, "bad-plugin", "[scaffold.apps]\nlost = lost.app\n", files)
    for changes in ({}, {"DEBUG": "false"}):
        result = scaffold("routes", cwd=mysite, **changes)
        assert "news:index" in result.stdout
        assert "Traceback" not in result.stderr
    found = json.loads(scaffold("check", "--json", cwd=mysite).stdout)
    assert [item["message"] for item in found] == [f"the plug-in bad-plugin offers the app 'lost.app', but {reason}"]
    assert "send-mail" in scaffold("--help", cwd=mysite).stdout


def test_an_app_that_fails_to_load_is_named_with_its_distribution_and_the_site_is_served(
    mysite: Path, site: Path
) -> None:
    files = {"bad/__init__.py": "", "bad/urls.py": "1 / 0\n"}
    install(site, "bad-plugin", "[scaffold.apps]\nbad = bad\n", files)
    code = (
        "from scaffold import Application; from scaffold.testing import Client; import logging;"
        "logging.disable(); print(Client(Application.from_project('.')).get('/').status)"
    )
    result = run([sys.executable, "-c", code], cwd=mysite, DEBUG="false", ALLOWED_HOSTS="*")
    assert (result.stdout, result.returncode) == ("200\n", 0), result.stderr
    message = json.loads(scaffold("check", "--json", cwd=mysite).stdout)[0]["message"]
    assert message == "the app 'bad' of the plug-in bad-plugin can't be loaded: ZeroDivisionError: division by zero"


def test_the_projects_own_app_and_command_win_over_those_of_a_plugin(mysite: Path, mailer: Path) -> None:
    scaffold("startapp", "news", "--prefix", "own-news", cwd=mysite)
    add_command(mysite, "home", "send_mail", GREET.replace("Hello", "Own"))
    edit(mailer / "mailer/news/commands/publish.py", "Hello", "Foreign")
    add_command(mysite, "home", "publish", GREET)
    assert scaffold("publish", "Ada", cwd=mysite).stdout == "Hello, Ada\n"
    assert scaffold("send-mail", "Ada", cwd=mysite).stdout == "Own, Ada\n"
    assert "(gives way to the command of that name)" in scaffold("--help", cwd=mysite).stdout
    routes = json.loads(scaffold("routes", "--json", cwd=mysite).stdout)
    assert [route["source"].partition(":")[0] for route in routes if route["name"] == "news:index"] == [
        "apps/news/urls.py"
    ]


def test_a_plugin_does_not_take_a_built_in_name(mysite: Path, site: Path) -> None:
    entry_points = "[scaffold.commands]\nroutes = grabby.tools:run\n[scaffold.apps]\ngrabby = grabby\n"
    files = {"grabby/__init__.py": "", "grabby/tools.py": "1 / 0\n", "grabby/urls.py": URLS}
    install(site, "grabby", entry_points, {**files, "grabby/commands/check.py": GREET})
    assert "home:index" in scaffold("routes", cwd=mysite).stdout
    assert scaffold("check", cwd=mysite).stdout == "No mistakes found.\n"
    assert scaffold("--help", cwd=mysite).stdout.count("Look for mistakes") == 1


def test_two_plugins_with_one_command_are_named_both(mysite: Path, mailer: Path) -> None:
    install(mailer, "other-mailer", "[scaffold.commands]\nsend-mail = other:send\n", {"other.py": ""})
    result = scaffold("send-mail", "Ada", cwd=mysite)
    assert result.returncode == 2
    assert "Scaffold-Mailer and other-mailer" in result.stderr
    assert "DISABLED_PLUGINS" in result.stderr


def test_an_app_that_settings_name_as_well_is_there_once(mysite: Path, mailer: Path) -> None:
    edit(mysite / "config/settings.py", "INSTALLED_APPS: list[str] = []", "INSTALLED_APPS = ['mailer.news']")
    routes = json.loads(scaffold("routes", "--json", cwd=mysite).stdout)
    assert [route["name"] for route in routes].count("news:index") == 1


def test_entry_points_are_those_that_the_standard_library_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    install(first, "one-two", ODD_ENTRY_POINTS, {})
    install(second, "one_two", "[scaffold.commands]\nhidden = h:h\n", {})
    install(second, "three", "[scaffold.apps]\nthree=three.app\n", {})
    (second / "nothing-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(first), str(second), str(tmp_path / "missing")])
    for group in (COMMANDS, APPS):
        wanted = importlib.metadata.entry_points(group=group)
        assert {(item.name, item.value) for item in offered(group)} == {
            (item.name, item.value.partition("[")[0].strip()) for item in wanted
        }
    assert [plugin.distribution for plugin in offered(APPS)] == ["three"]


def test_a_distribution_that_pip_has_installed_offers_its_command(
    tmp_path: Path, mysite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, target = tmp_path / "greeting-1.0-py3-none-any.whl", tmp_path / "target"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("greeting.py", GREET)
        folder = "greeting-1.0.dist-info"
        archive.writestr(f"{folder}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/entry_points.txt", "[scaffold.commands]\ngreet = greeting\n")
        archive.writestr(f"{folder}/RECORD", "")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target)]
    installed = run([*command, str(wheel)], cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    monkeypatch.setenv("PYTHONPATH", str(target))
    assert scaffold("greet", "Ada", cwd=mysite).stdout == "Hello, Ada\n"
