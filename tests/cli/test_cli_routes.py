"""``scaffold routes``: the list, the tree, what wraps each view, and what nothing uses."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import PATIENCE, environment, run, scaffold
from route_helpers import Invoke, Outcome

from scaffold import Application


def names(outcome: Outcome) -> list[str]:
    return [item["name"] for item in outcome.data]


# --- the list -----------------------------------------------------------------------------------------------------


def test_routes_gives_objects_of_the_documented_keys(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    routes = json.loads(scaffold("routes", "--json", cwd=mysite).stdout)
    assert routes[0] == {
        "path": "/blog/",
        "methods": ["GET", "HEAD"],
        "name": "blog:index",
        "app": "blog",
        "view": "apps.blog.views.index",
        "source": routes[0]["source"],
        "host": "",
        "kind": "view",
        "parameters": [],
    }
    file, _, line = routes[0]["source"].partition(":")
    assert "path(" in (mysite / file).read_text().splitlines()[int(line) - 1]


def test_routes_prints_plain_text_of_any_width_to_a_pipe(mysite: Path) -> None:
    result = scaffold("routes", cwd=mysite, COLUMNS="40", PAGER="false")
    assert "\x1b" not in result.stdout
    assert "apps.home.views.index" in result.stdout


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
    matched = scaffold("routes", "--match", "/blog/", cwd=mysite)
    assert matched.returncode == 1
    assert "the app 'blog' can't be loaded" in matched.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--method", "post"), ["blog:detail", "note"]),
        (("--method", "PUT"), ["guarded"]),
        (("--name", "blog"), ["blog:index", "blog:detail", "blog:tag"]),
        (("--name", "blog:?*a*"), ["blog:detail", "blog:tag"]),
        (("--view", "Note"), ["note"]),
        (("--grep", "^/blog/<(int|slug)"), ["blog:detail", "blog:tag"]),
        (("--grep", "BLOG", "--method", "POST"), ["blog:detail"]),
    ],
)
def test_filters_leave_the_routes_that_pass_all(
    invoke: Invoke, site: Application, arguments: tuple[str, ...], expected: list[str]
) -> None:
    outcome = invoke(site, "routes", "--json", *arguments)
    assert (outcome.status, names(outcome)) == (0, expected)


def test_an_apps_routes_are_listed_alone_and_an_unknown_app_is_told_of_the_nearest(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    routes = json.loads(scaffold("routes", "--json", "--app", "blog", cwd=mysite).stdout)
    assert [item["name"] for item in routes] == ["blog:index"]
    result = scaffold("routes", "--app", "blgo", cwd=mysite)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: there is no app 'blgo'\n  Did you mean 'blog'?\n"


def test_grep_looks_at_a_place_as_it_is_shown(mysite: Path) -> None:
    routes = json.loads(scaffold("routes", "--json", "--grep", "urls.py:10$", cwd=mysite).stdout)
    assert [item["name"] for item in routes] == ["home:index"]
    assert scaffold("routes", "--grep", mysite.parent.name, cwd=mysite).returncode == 1


def test_nothing_found_is_said_on_standard_error_with_the_status_1(invoke: Invoke, site: Application) -> None:
    outcome = invoke(site, "routes", "--name", "nothing", "--method", "GET")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == "There is no route for --method GET --name nothing.\n"
    as_json = invoke(site, "routes", "--name", "nothing", "--json")
    assert (as_json.status, as_json.data) == (1, [])


@pytest.mark.parametrize("key", ["path", "name", "view", "source"])
def test_the_list_is_sorted_by_a_key(invoke: Invoke, site: Application, key: str) -> None:
    values = [item[key] for item in invoke(site, "routes", "--json", "--sort", key).data if item[key]]
    if key == "source":
        values = [(file, int(line)) for file, _, line in (value.rpartition(":") for value in values)]
    assert values == sorted(values)
    assert "(no app)" not in invoke(site, "routes", "--sort", key).out


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--sort", "pth"), "--sort pth is no key"),
        (("--grep", "("), "--grep ( is no regular expression: "),
        (("--tree", "--unused"), "--tree and --unused can't go together"),
        (("--match", "/", "--tree"), "--tree and --match can't go together"),
        (("--match", "/", "--name", "x"), "--name and --match can't go together"),
        (("--unused", "--middleware"), "--middleware and --unused can't go together"),
        (("--host", "x"), "--host goes with --match"),
        (("--match", "blog"), "blog begins with no slash"),
        (("--match", "http://[1/"), "http://[1/ is no URL"),
        (("--match", "/", "--method", "G T"), "'G T' is no method"),
    ],
)
def test_what_can_not_be_served_is_wrong_usage(
    invoke: Invoke, site: Application, arguments: tuple[str, ...], cause: str
) -> None:
    outcome = invoke(site, "routes", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {cause}")
    assert len(outcome.err.splitlines()) == 2


# --- the tree and what wraps --------------------------------------------------------------------------------------


def test_the_tree_has_the_order_of_a_lookup(invoke: Invoke, site: Application) -> None:
    text = invoke(site, "routes", "--tree").out
    lines = [re.sub(r"\s+((GET|METHODS|PUT).*)?$", "", line) for line in text.splitlines()]
    assert lines == [
        "PATH",
        "/",
        "├─ archive/",
        "│  └─ <int:year>/",
        "│     └─ <float:part>",
        "├─ blog/",
        "│  ├─ new/",
        "│  ├─ <int:id>/",
        "│  └─ <slug:tag>/",
        "├─ notes/",
        "│  └─ <slug:slug>/",
        "└─ static/",
        "   └─ <path:path>",
    ]


def test_the_tree_as_json_nests_segments(invoke: Invoke, site: Application) -> None:
    (root,) = invoke(site, "routes", "--tree", "--json", "--name", "blog").data
    assert (root["segment"], root["routes"]) == ("/", [])
    (blog,) = root["children"]
    assert [item["name"] for item in blog["routes"]] == ["blog:index"]
    assert [child["segment"] for child in blog["children"]] == ["<int:id>/", "<slug:tag>/"]
    assert all(set(child) == {"segment", "routes", "children"} for child in blog["children"])


def test_what_wraps_each_view_is_listed_from_the_outside(invoke: Invoke, site: Application) -> None:
    outcome = invoke(site, "routes", "--middleware")
    chain = [line.split()[1] for line in outcome.out.splitlines() if line.lstrip()[:1].isdigit()]
    assert chain == [*site.settings.MIDDLEWARE]
    assert "scaffold.middleware.cors.cors  (nothing to do under these settings)" in outcome.out
    assert "in scaffold.decorators.no_store\n" in outcome.out
    items = {item["path"]: item for item in invoke(site, "routes", "--middleware", "--json").data}
    assert items["/blog/new/"]["decorators"] == ["scaffold.decorators.no_store", "scaffold.decorators.require_methods"]
    assert items["/notes/<slug:slug>/"]["decorators"] == ["scaffold.decorators.cache_control (GET)"]
    assert "scaffold.middleware.security.security_headers" in items["/"]["middleware"]
    assert "scaffold.middleware.cors.cors" not in items["/"]["middleware"]


def test_a_middleware_of_the_projects_own_has_its_dotted_name(invoke: Invoke) -> None:
    def around(handler: Any) -> Any:
        return lambda request: handler(request)

    outcome = invoke(Application({"MIDDLEWARE": [around]}), "routes", "--middleware")
    assert f"1. {__name__}.test_a_middleware_of_the_projects_own_has_its_dotted_name.<locals>.around\n" in outcome.out


# --- --unused -----------------------------------------------------------------------------------------------------


def test_a_new_project_has_nothing_unused(mysite: Path) -> None:
    scaffold("startapp", "blog", cwd=mysite)
    result = scaffold("routes", "--unused", cwd=mysite)
    assert (result.returncode, result.stdout, result.stderr) == (0, "Every view, name and template is used.\n", "")


def test_what_nothing_uses_is_listed_with_its_place_and_the_status_1(mysite: Path) -> None:
    views = mysite / "apps/home/views.py"
    views.write_text(
        views.read_text()
        + "\n\ndef lonely(request: Request) -> str:\n    return ''\n"
        + "\n\ndef helper(request: Request) -> str:\n    return ''\n"
        + "\n\ndef user(request: Request) -> str:\n    return helper(request) + render(request, f'home/{1}.txt').text\n"
        + "\n\ndef _private(request: Request) -> str:\n    return ''\n"
    )
    urls = mysite / "apps/home/urls.py"
    urls.write_text(urls.read_text().replace("]\n", '    path("u/", views.user, name="user"),\n]\n'))
    folder = mysite / "apps/home/templates/home"
    (folder / "lost.html").write_text("{% include 'home/part.html' %}")
    (folder / "part.html").write_text("")
    (folder / "1.txt").write_text("")
    (mysite / "templates/403.html").write_text("")
    result = scaffold("routes", "--unused", "--json", cwd=mysite)
    assert result.returncode == 1
    found = json.loads(result.stdout)
    assert [(item["kind"], item["name"]) for item in found] == [
        ("view", "apps.home.views.lonely"),
        ("name", "home:user"),
        ("template", "home/lost.html"),
        ("template", "home/part.html"),
    ]
    assert all(set(item) == {"kind", "name", "source", "reason"} for item in found)
    file, _, line = found[0]["source"].partition(":")
    assert (mysite / file).read_text().splitlines()[int(line) - 1].startswith("def lonely")
    assert found[3]["reason"] == "only templates without a use refer to it"
    table = scaffold("routes", "--unused", cwd=mysite)
    assert table.stdout.splitlines()[1].split()[:2] == ["view", "apps.home.views.lonely"]


def test_a_single_file_tells_what_it_does_not_use(tmp_path: Path) -> None:
    file = tmp_path / "site.py"
    file.write_text(
        "from scaffold import Application, url_for\n"
        "from scaffold.cli import manage\n"
        "app = Application(templates={'a.html': '', 'b.html': '{% extends \"c.html\" %}', 'c.html': ''})\n"
        "@app.route('/')\n"
        "def home(request):\n"
        "    return app.render('b.html', {'url': url_for('other')})\n"
        "@app.route('/other/')\n"
        "def other(request):\n"
        "    return ''\n"
        "def forgotten(request):\n"
        "    return ''\n"
        "manage(app)\n"
    )
    (tmp_path / "elsewhere.py").write_text("'a.html', 'home'\n")
    result = run([sys.executable, str(file), "routes", "--unused", "--json"], cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    found = [(item["kind"], item["name"]) for item in json.loads(result.stdout)]
    assert found == [("view", "site.forgotten"), ("name", "home"), ("template", "a.html")]


# --- terminals ----------------------------------------------------------------------------------------------------


def on_terminal(*arguments: str, cwd: Path, **changes: str) -> str:
    """Run a command on a terminal of 24 lines and return what it shows."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "scaffold", *arguments]
    values = {"COLUMNS": "60", "LINES": "24", "TERM": "xterm", **changes}
    pieces: list[bytes] = []
    with subprocess.Popen(command, cwd=cwd, stdin=writer, stdout=writer, env=environment(**values)) as process:
        os.close(writer)
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            pieces.append(piece)
        assert process.wait(PATIENCE) == 0
    os.close(reader)
    return b"".join(pieces).decode().replace("\r", "")


def test_routes_fits_the_terminal(mysite: Path) -> None:
    text = on_terminal("routes", cwd=mysite, NO_COLOR="1")
    assert "home:index" in text
    assert any(line.endswith("py:10") for line in text.splitlines())
    assert max(map(len, text.splitlines())) <= 60


def test_a_long_list_is_paged_on_a_terminal_and_a_short_one_is_not(mysite: Path) -> None:
    pager = f"{sys.executable} -c \"import sys; print('PAGED'); print(sys.stdin.read())\""
    assert "PAGED" not in on_terminal("routes", cwd=mysite, PAGER=pager)
    urls = mysite / "apps/home/urls.py"
    lines = "".join(f'    path("page-{number}/", views.index),\n' for number in range(30))
    urls.write_text(urls.read_text().replace("]\n", f"{lines}]\n"))
    shown = on_terminal("routes", cwd=mysite, PAGER=pager)
    assert shown.startswith("PAGED")
    assert "/page-29/" in shown
    assert "\x1b[1mhome" in shown
    for changes in ({"TERM": "dumb"}, {"PAGER": "no-such-pager-anywhere"}, {"PAGER": '"open'}):
        text = on_terminal("routes", cwd=mysite, **{"PAGER": pager, **changes})
        assert "PAGED" not in text
        assert "/page-29/" in text
    assert "PAGED" not in on_terminal("routes", "--no-pager", cwd=mysite, PAGER=pager)
    assert "PAGED" not in scaffold("routes", cwd=mysite, PAGER=pager).stdout


def test_a_pager_that_ends_early_is_no_error(mysite: Path) -> None:
    urls = mysite / "apps/home/urls.py"
    lines = "".join(f'    path("page-{number}/", views.index),\n' for number in range(2000))
    urls.write_text(urls.read_text().replace("]\n", f"{lines}]\n"))
    assert "Traceback" not in on_terminal("routes", cwd=mysite, PAGER="true")
