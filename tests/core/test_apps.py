"""Apps: found in their folders, imported once, and kept apart when one of them fails."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application
from scaffold.apps import App, FoundApp, discover, find_commands, load_app, load_command, put_on_path
from scaffold.exceptions import AppLoadError, RouteConflictError

from .helpers import ask

URLS = """from scaffold import path


def index(request):
    return 'hello'


urlpatterns = [path('', index, name='index')]
"""
DEBUG_OFF = {"config/settings.py": "DEBUG = False\n"}


def names(folder: Path, *installed: str) -> list[str]:
    return [app.name for app in discover(folder, installed).found]


def load(folder: Path, name: str = "blog") -> App:
    put_on_path(folder)
    (found,) = (app for app in discover(folder).found if app.name == name)
    return load_app(found)


# --- discovery ------------------------------------------------------------------------------------------------------


def test_every_package_with_urls_is_an_app_in_the_order_of_names(project: Any) -> None:
    folder = project({"apps/shop/urls.py": "", "apps/blog/urls.py": "", "apps/readme.txt": ""})
    found = discover(folder).found
    assert [app.name for app in found] == ["blog", "shop"]
    assert found[0].package == "apps.blog"
    assert found[0].urls_file == folder / "apps/blog/urls.py"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"apps/.blog/__init__.py": ""}, "its name begins with a dot or an underscore"),
        ({"apps/_blog/__init__.py": ""}, "its name begins with a dot or an underscore"),
        ({"apps/__pycache__/x.pyc": ""}, "its name begins with a dot or an underscore"),
        ({"apps/tests/__init__.py": ""}, "it is a folder of tests"),
        ({"apps/test_blog/__init__.py": ""}, "it is a folder of tests"),
        ({"apps/my-blog/__init__.py": ""}, "its name can't be imported in Python"),
        ({"apps/class/__init__.py": ""}, "its name can't be imported in Python"),
        ({"apps/blog/readme.txt": ""}, "it has no __init__.py"),
        ({"apps/blog/__init__.py": ""}, "it has no urls.py"),
    ],
)
def test_a_folder_that_is_no_app_is_left_out_with_the_reason(project: Any, files: Any, reason: str) -> None:
    folder = project(files)
    discovery = discover(folder)
    assert discovery.found == ()
    assert [(item.path.parent, item.reason) for item in discovery.skipped] == [(folder / "apps", reason)]


def test_a_project_without_an_apps_folder_has_no_apps(tmp_path: Path) -> None:
    assert discover(tmp_path).found == ()


def test_installed_packages_come_behind_the_folders_in_their_order(project: Any) -> None:
    folder = project(
        {"apps/zoo/urls.py": "", "extra_two/urls.py": "", "extra/one/urls.py": "", "extra/__init__.py": ""}
    )
    put_on_path(folder)
    assert names(folder, "extra_two", "extra.one") == ["zoo", "extra_two", "one"]
    assert "extra_two" not in sys.modules


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        ("nothing_of_this_name", "there is no such package"),
        ("nothing_of_this_name.app", "No module named"),
        ("keyword", "it is a module, not a package"),
        ("json", "it has no urls.py"),
        ("", ""),
        (".relative", "relative"),
        ("extra_broken.app", "oh no"),
    ],
)
def test_an_installed_app_that_is_not_there_is_refused(project: Any, package: str, reason: str) -> None:
    folder = project({"extra_broken/__init__.py": "raise OSError('oh no')"})
    put_on_path(folder)
    with pytest.raises(AppLoadError, match=f"INSTALLED_APPS names '{package}', but .*{reason}") as caught:
        discover(folder, [package])
    assert "take it out" in caught.value.hint


def test_two_apps_of_one_name_are_refused_with_both_folders(project: Any) -> None:
    folder = project({"apps/blog/urls.py": "", "extra/blog/urls.py": "", "extra/__init__.py": ""})
    put_on_path(folder)
    with pytest.raises(AppLoadError, match="two apps are named 'blog'") as caught:
        discover(folder, ["extra.blog"])
    assert str(folder / "apps/blog") in caught.value.cause
    assert str(folder / "extra/blog") in caught.value.cause


# --- loading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "prefix"),
    [
        ("", "blog/"),
        ("prefix = 'news/'", "news/"),
        ("prefix = 'news'", "news/"),
        ("prefix = ''", ""),
        ("prefix = None", "blog/"),
        ("prefix = 'a/<int:year>'", "a/<int:year>/"),
    ],
)
def test_the_prefix_is_the_apps_name_unless_it_gives_one(project: Any, line: str, prefix: str) -> None:
    app = load(project({"apps/blog/urls.py": f"{URLS}\n{line}\n"}))
    assert app.error is None
    assert app.prefix == prefix
    (route,) = app.routes
    assert (route.path, route.name, route.app) == (f"/{prefix}", "blog:index", "blog")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("prefix = 7\nurlpatterns = []", "prefix is 7", 0),
        ("prefix = '/blog/'\nurlpatterns = []", "begins with a slash", 0),
        ("", "urls.py has no urlpatterns", 1),
        ("urlpatterns = [7]", "urlpatterns holds 7", 1),
        ("from scaffold import path\nurlpatterns = [path('/x', print)]", "begins with a slash", 2),
        ("from scaffold import path\n\nurlpatterns = [path('<x', print)]", "is no parameter", 3),
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'", 1),
        ("\nx = (", "SyntaxError", 2),
        ("def f():\n    1 / 0\nf()", "ZeroDivisionError", 2),
        ("raise ValueError('x')", "ValueError: x", 1),
    ],
)
def test_an_app_that_cannot_be_loaded_says_why_and_where(project: Any, text: str, message: str, line: int) -> None:
    folder = project({"apps/blog/urls.py": text})
    app = load(folder)
    assert app.error is not None
    assert app.error.cause.startswith("the app 'blog' can't be loaded: ")
    assert message in app.error.cause
    assert app.error.source == f"{folder}/apps/blog/urls.py" + f":{line}" * bool(line)
    assert app.error.__cause__ is not None
    assert app.error.hint
    assert app.routes == ()


def test_a_file_that_is_no_text_names_the_file(project: Any) -> None:
    folder = project({"apps/blog/urls.py": b"x = 1\x00\n"})
    error = load(folder).error
    assert error is not None
    assert error.source.startswith(f"{folder}/apps/blog/urls.py")


def test_an_error_outside_of_the_project_names_the_projects_innermost_line(project: Any) -> None:
    folder = project(
        {"apps/blog/urls.py": "from . import views\n", "apps/blog/views.py": "import json\njson.loads('[')\n"}
    )
    error = load(folder).error
    assert error is not None
    assert error.source == f"{folder}/apps/blog/views.py:2"


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("prefix = 'news/'\n1 / 0", "news/"),
        ("prefix = 'news'\n1 / 0", "news/"),
        ("prefix: str = 'news'\n1 / 0", "news/"),
        ("prefix = ''\n1 / 0", ""),
        ("prefix = str(7)\n1 / 0", "blog/"),
        ("x = 1\n1 / 0", "blog/"),
        ("prefix = 'news'\n(", "blog/"),
    ],
)
def test_the_prefix_of_a_broken_app_is_read_from_its_file(project: Any, text: str, prefix: str) -> None:
    assert load(project({"apps/blog/urls.py": text})).prefix == prefix


def test_an_app_of_another_project_in_the_process_is_refused(project: Any) -> None:
    assert load(project({"apps/blog/urls.py": URLS}, name="one")).error is None
    error = load(project({"apps/blog/urls.py": URLS}, name="two")).error
    assert error is not None
    assert "One process serves one project" in error.hint


def test_the_folder_of_the_project_comes_first_on_the_path_once(project: Any) -> None:
    folder = project()
    put_on_path(folder)
    sys.path.insert(0, "x")
    put_on_path(folder)
    assert sys.path[0] == str(folder)
    assert sys.path.count(str(folder)) == 1


# --- a broken app in a whole project --------------------------------------------------------------------------------

BROKEN = {"apps/blog/urls.py": "from . import views\n", "apps/blog/views.py": "\nvlaue = 1\nprint(value)\n"}
GOOD = {"apps/shop/urls.py": URLS}


def test_with_debug_on_a_broken_apps_prefix_shows_the_error_and_the_others_run(project: Any) -> None:
    folder = project({**BROKEN, **GOOD})
    app = Application.from_project(folder)
    assert [item.name for item in app.failed] == ["blog"]
    assert ask(app, "/shop/").text == "hello"
    for path in ("/blog/", "/blog/any/page"):
        for method in ("GET", "POST"):
            answer = ask(app, path, method)
            assert answer.status == 500
            assert "NameError: name 'value' is not defined" in answer.text
            assert f"{folder}/apps/blog/views.py:3" in answer.text
    assert ask(app, "/other/").status == 404


def test_the_error_of_a_broken_app_is_not_shown_to_others(project: Any) -> None:
    app = Application.from_project(project(BROKEN))
    answer = ask(app, "/blog/", REMOTE_ADDR="10.0.0.1")
    assert answer.status == 500
    assert "NameError" not in answer.text


def test_with_debug_off_a_broken_app_stops_the_start_with_its_place(project: Any) -> None:
    folder = project({**BROKEN, **GOOD, **DEBUG_OFF})
    with pytest.raises(AppLoadError, match="the app 'blog' can't be loaded: NameError") as caught:
        Application.from_project(folder)
    assert caught.value.source == f"{folder}/apps/blog/views.py:3"


def test_strict_overrules_debug_either_way(project: Any) -> None:
    folder = project(BROKEN)
    with pytest.raises(AppLoadError):
        Application.from_project(folder, strict=True)
    for name in [name for name in sys.modules if name.startswith("config")]:
        del sys.modules[name]
    (folder / "config/settings.py").write_text("DEBUG = False  # off\n", encoding="utf-8")
    assert len(Application.from_project(folder, strict=False).failed) == 1


@pytest.mark.parametrize("tail", ["", "1 / 0\n"])
def test_the_code_of_an_app_runs_once(project: Any, tail: str) -> None:
    count = "import pathlib\nwith open(pathlib.Path(__file__).with_name('runs'), 'a') as file:\n    file.write('x')\n"
    folder = project({"apps/blog/urls.py": f"{count}{tail}{URLS}"})
    app = Application.from_project(folder)
    for _ in range(3):
        ask(app, "/blog/")
    assert (folder / "apps/blog/runs").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    ("prefix", "path"),
    [("", "/anything"), ("<int:team>/", "/7/x"), ("<path:rest>/", "/blog/"), ("a b/", "/blog/"), ("<x:y>/", "/blog/")],
)
def test_a_broken_app_of_any_prefix_leaves_the_others_running(project: Any, prefix: str, path: str) -> None:
    folder = project({**GOOD, "apps/blog/urls.py": f"prefix = {prefix!r}\nraise ValueError('oh no')\n"})
    app = Application.from_project(folder)
    assert ask(app, "/shop/").text == "hello"
    assert "oh no" in ask(app, path).text


def test_a_wrong_prefix_is_an_error_of_its_app_alone(project: Any) -> None:
    folder = project({**GOOD, "apps/blog/urls.py": f"{URLS}\nprefix = 'a b'\n"})
    app = Application.from_project(folder)
    assert ask(app, "/shop/").text == "hello"
    assert "can't stand in the route" in ask(app, "/blog/").text


def test_the_error_of_a_broken_app_does_not_hide_what_another_serves(
    project: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "scaffold.request")
    home = f"{URLS}\nprefix = 'blog'\n"
    app = Application.from_project(project({"apps/blog/urls.py": "1 / 0", "apps/home/urls.py": home}))
    assert ask(app, "/blog/").text == "hello"
    assert "/blog/ is served by another app" in caplog.text
    assert ask(app, "/blog/x").status == 500


def test_two_apps_that_claim_one_url_are_refused_with_both_places(project: Any) -> None:
    folder = project({"apps/blog/urls.py": URLS, "apps/shop/urls.py": f"{URLS}\nprefix = 'blog'\n"})
    with pytest.raises(RouteConflictError) as caught:
        Application.from_project(folder, strict=True)
    assert f"{folder}/apps/blog/urls.py:8" in caught.value.cause
    assert f"{folder}/apps/shop/urls.py:8" in caught.value.cause


def test_an_app_that_claims_the_url_of_another_leaves_the_others_running(project: Any) -> None:
    files = {"apps/blog/urls.py": URLS, "apps/shop/urls.py": f"{URLS}\nprefix = 'blog'\n", "apps/zoo/urls.py": URLS}
    app = Application.from_project(project(files))
    assert [failed.name for failed in app.failed] == ["shop"]
    assert "leads to two views" in str(app.failed[0].error)
    assert ask(app, "/blog/").text == ask(app, "/zoo/").text == "hello"


def test_an_app_that_exits_when_it_is_imported_is_a_broken_app(project: Any) -> None:
    app = Application.from_project(project({"apps/blog/urls.py": "\nimport sys; sys.exit()", "apps/zoo/urls.py": URLS}))
    assert str(app.failed[0].error).startswith(f"{app.root}/apps/blog/urls.py:2: the app 'blog' can't be loaded")
    assert ask(app, "/zoo/").text == "hello"


def test_installed_apps_are_served(project: Any) -> None:
    settings = {"config/settings.py": "DEBUG = False\nINSTALLED_APPS = ['extra.news']\n"}
    app = Application.from_project(project({"extra/news/urls.py": URLS, "extra/__init__.py": "", **settings}))
    assert ask(app, "/news/").text == "hello"
    assert app.url_for("news:index") == "/news/"


def test_a_projects_converters_work_in_its_apps(project: Any) -> None:
    converter = (
        "from scaffold import Converter\n\n\nclass Word(Converter):\n    regex = '[a-z]+'\n    example = 'a'\n\n"
        "    def to_python(self, text):\n        return text.upper()\n\n"
        "    def to_url(self, value):\n        return value.lower()\n"
    )
    urls = "from scaffold import path\n\nurlpatterns = [path('<word:w>/', lambda request, w: w, name='w')]\n"
    settings = "DEBUG = False\nCONVERTERS = {'word': 'config.converters.Word'}\n"
    files = {"apps/blog/urls.py": urls, "config/converters.py": converter, "config/settings.py": settings}
    app = Application.from_project(project(files))
    assert ask(app, "/blog/hello/").text == "HELLO"
    assert ask(app, "/blog/HELLO/").status == 404
    assert app.url_for("blog:w", w="x") == "/blog/x/"


# --- commands -------------------------------------------------------------------------------------------------------


def test_commands_are_found_without_being_imported(project: Any) -> None:
    files = {
        "apps/blog/urls.py": "",
        "apps/blog/commands/send_mail.py": "1 / 0",
        "apps/blog/commands/__init__.py": "",
        "apps/blog/commands/_helper.py": "",
        "apps/blog/commands/not-python.py": "",
        "apps/shop/urls.py": "",
    }
    folder = project(files)
    (command,) = find_commands(discover(folder).found)
    assert (command.name, command.app, command.module) == ("send-mail", "blog", "apps.blog.commands.send_mail")
    assert command.file == folder / "apps/blog/commands/send_mail.py"


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("\n1 / 0", "can't be imported: ZeroDivisionError", 2),
        ("(", "SyntaxError", 1),
        ("", "has no function named 'command'", 1),
        ("command = 7", "has no function named 'command'", 1),
    ],
)
def test_a_command_that_cannot_be_loaded_says_why_and_where(project: Any, text: str, message: str, line: int) -> None:
    folder = project({"apps/blog/urls.py": "", "apps/blog/commands/go.py": text})
    put_on_path(folder)
    (command,) = find_commands(discover(folder).found)
    with pytest.raises(AppLoadError, match=message) as caught:
        load_command(command)
    assert caught.value.source == f"{folder}/apps/blog/commands/go.py:{line}"


def test_a_command_is_a_function_of_its_module(project: Any) -> None:
    folder = project({"apps/blog/urls.py": "", "apps/blog/commands/go.py": "def command():\n    return 7\n"})
    put_on_path(folder)
    (command,) = find_commands(discover(folder).found)
    assert load_command(command)() == 7


def test_a_found_app_is_a_value() -> None:
    assert FoundApp("a", "apps.a", Path("x")) == FoundApp("a", "apps.a", Path("x"))
