"""``scaffold apps``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_helpers import scaffold
from route_helpers import Invoke

from scaffold import Application


def test_apps_are_listed_with_their_parts_and_what_was_left_out(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    (mysite / "apps/blog/commands").mkdir()
    (mysite / "apps/blog/commands/send_mail.py").write_text("def command() -> None:\n    pass\n")
    (mysite / "apps/notes").mkdir()
    data = json.loads(scaffold("apps", "--json", cwd=mysite / "apps").stdout)
    assert set(data) == {"apps", "skipped"}
    blog = data["apps"][0]
    seconds = blog.pop("seconds")
    assert 0 < seconds < 10
    assert blog == {
        "name": "blog",
        "package": "apps.blog",
        "folder": "apps/blog",
        "origin": "apps",
        "prefix": "blog/",
        "routes": 1,
        "templates": 1,
        "static": 1,
        "commands": ["send-mail"],
        "error": None,
    }
    assert {"path": "apps/notes", "reason": "it has no __init__.py"} in data["skipped"]
    result = scaffold("apps", cwd=mysite)
    assert result.returncode == 0
    assert "apps/notes  it has no __init__.py" in result.stdout


def test_a_broken_app_is_shown_with_its_error_and_the_others_are_listed(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    (mysite / "apps/blog/views.py").write_text("import nothing_of_that_name\n")
    result = scaffold("apps", cwd=mysite)
    assert result.returncode == 1
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines()[1:]}
    assert rows["blog"][2] == "broken"
    assert rows["home"][2] == "1"
    assert "apps/blog/views.py:1" in result.stderr
    data = json.loads(scaffold("apps", "--json", cwd=mysite).stdout)
    assert data["apps"][0]["error"]["source"] == "apps/blog/views.py:1"
    assert data["apps"][1]["error"] is None


def test_an_app_that_is_not_installed_hides_none_of_the_others(mysite: Path) -> None:
    settings = mysite / "config/settings.py"
    settings.write_text(settings.read_text() + '\nINSTALLED_APPS = ["nothing_of_that_name"]\n')
    result = scaffold("apps", cwd=mysite)
    assert result.returncode == 1
    assert "home" in result.stdout
    assert "INSTALLED_APPS names 'nothing_of_that_name'" in result.stderr


def test_an_installed_app_says_that_it_is_one(mysite: Path) -> None:
    package = mysite / "extra"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "urls.py").write_text("urlpatterns = []\n")
    settings = mysite / "config/settings.py"
    settings.write_text(settings.read_text() + '\nINSTALLED_APPS = ["extra"]\n')
    data = json.loads(scaffold("apps", "--json", cwd=mysite).stdout)
    assert [(item["name"], item["origin"]) for item in data["apps"]] == [("home", "apps"), ("extra", "INSTALLED_APPS")]


def test_an_app_of_a_plug_in_is_listed_and_a_broken_one_breaks_no_other(mysite: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name, value in {"demo": "demo_app", "lost": "nothing_of_that_name"}.items():
        folder = site / f"{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[scaffold.apps]\n{name} = {value}\n")
    (site / "demo_app").mkdir()
    (site / "demo_app/__init__.py").write_text("")
    (site / "demo_app/urls.py").write_text("urlpatterns = []\n")
    result = scaffold("apps", "--json", cwd=mysite, PYTHONPATH=str(site))
    assert result.returncode == 1
    origins = [(item["package"], item["origin"]) for item in json.loads(result.stdout)["apps"]]
    assert origins == [("apps.home", "apps"), ("demo_app", "plug-in demo")]
    assert "nothing_of_that_name" in result.stderr


@pytest.mark.parametrize("command", [("apps",), ("url", "home:index")])
def test_outside_a_project_the_command_says_so(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = scaffold(*command, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: there is no project in {tmp_path} or above\n")


def test_what_an_app_prints_as_it_is_imported_is_no_result(mysite: Path) -> None:
    view = mysite / "apps/home/views.py"
    view.write_text(view.read_text() + '\nprint("imported")\n')
    result = scaffold("apps", "--json", cwd=mysite)
    assert [item["name"] for item in json.loads(result.stdout)["apps"]] == ["home"]
    assert result.stderr == "imported\n"


def test_two_apps_that_claim_one_url_are_told_of(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    urls = mysite / "apps/blog/urls.py"
    urls.write_text(urls.read_text().replace("urlpatterns", 'prefix = ""\nurlpatterns', 1))
    result = scaffold("apps", cwd=mysite)
    assert result.returncode == 1
    assert "error: the app 'home' can't be loaded: GET / leads to two views" in result.stderr


def test_a_single_file_has_no_apps(invoke: Invoke, site: Application) -> None:
    outcome = invoke(site, "apps")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "There are no apps.\n")
    assert invoke(site, "apps", "--json").data == {"apps": [], "skipped": []}


def test_the_url_of_an_app_that_can_not_be_loaded_is_refused_with_the_reason(mysite: Path) -> None:
    folder = mysite / "apps/broken"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "urls.py").write_text("import nothing_of_that_name\n")
    result = scaffold("url", "broken:index", cwd=mysite)
    assert result.returncode == 1
    assert "nothing_of_that_name" in result.stderr
