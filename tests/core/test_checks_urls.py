"""Checks of the routes, templates and static files that Python code names."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold import Application
from scaffold.checks import run_checks
from scaffold.checks.source import Sources
from scaffold.checks.urls import check_names

from .check_helpers import GOOD, app_with, check, found

VIEWS = "apps/blog/views.py"
ROUTES = (
    '"", views.page, name="index"',
    '"<int:id>/", views.detail, name="detail"',
    '"all/", views.page, name="list"',
    '"all/<int:page>/", views.part, name="list"',
    '"by/<_order>/", views.ordered, name="ordered"',
)
REST = (
    "\n\n\ndef detail(request, id):\n    return ''\n\n\ndef part(request, page):\n    return ''\n\n\n"
    "def ordered(request, _order):\n    return ''\n"
)


def named(project: Any, line: str, head: str = "from scaffold import url_for", **files: str) -> Any:
    views = f"{head}\n\n\ndef page(request, *args, **values):\n    {line}\n    return ''{REST}"
    return found(
        project,
        {**app_with(views, *ROUTES), "apps/blog/templates/blog/page.html": "", "static/site.css": "", **files},
    )


WRONG_URLS = {
    "an unknown name": ("url_for('blog:detial', id=1)", "urls.unknown"),
    "a name without its app": ("url_for('detail', id=1)", "urls.unknown"),
    "a missing parameter": ("url_for('blog:detail')", "urls.parameters"),
    "a surplus parameter": ("url_for('blog:index', id=1)", "urls.parameters"),
    "another parameter": ("url_for('blog:detail', pk=1)", "urls.parameters"),
    "a surplus one beside open ones": ("url_for('blog:detail', pk=1, **values)", "urls.parameters"),
    "a value that the route refuses": ("url_for('blog:detail', id='seven')", "urls.parameters"),
    "by the request": ("request.url_for('blog:detial', id=1)", "urls.unknown"),
    "by the application": ("request.app.url_for('blog:detail')", "urls.parameters"),
    "an unknown one with open parameters": ("url_for('blog:detial', **values)", "urls.unknown"),
}


@pytest.mark.parametrize(("line", "name"), WRONG_URLS.values(), ids=WRONG_URLS.keys())
def test_a_url_that_can_not_be_made_is_an_error(project: Any, line: str, name: str) -> None:
    assert named(project, line) == [("error", name, f"{VIEWS}:5")]


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("import scaffold", "scaffold.url_for('nowhere')"),
        ("from scaffold import url_for as link", "link('nowhere')"),
        ("from scaffold.shortcuts import url_for", "url_for('nowhere')"),
        ("", "from scaffold import url_for; url_for('nowhere')"),
    ],
)
def test_the_function_is_known_by_its_import(project: Any, head: str, line: str) -> None:
    assert named(project, line, head) == [("error", "urls.unknown", f"{VIEWS}:5")]


@pytest.mark.parametrize(
    "line",
    [
        "url_for('blog:index')",
        "url_for('blog:detail', id=1)",
        "url_for('blog:detail', **values)",
        "url_for('blog:detail', id=1, **values)",
        "url_for('blog:list')",
        "url_for('blog:list', page=2)",
        "url_for('blog:index', _query={'a': 1}, _anchor='top', _external=True)",
        "url_for('blog:ordered', _order='name')",
        "url_for('static', path='site.css')",
        "url_for(request.path)",
        "url_for('blog:' + request.method)",
        "url_for(f'blog:{request.method}')",
        "url_for(*args)",
        "values['router'].url_for('nowhere')",
        "request.static('site.css')",
        "request.app.render('blog/page.html')",
    ],
)
def test_a_url_that_may_be_right_is_no_finding(project: Any, line: str) -> None:
    assert named(project, line) == []


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("def url_for(name):\n    return name", "url_for('nowhere')"),
        ("from scaffold import url_for\n\n\ndef other(url_for):\n    url_for('nowhere')", "pass"),
        ("def load():\n    from flask import url_for\n    url_for('nowhere')", "pass"),
        ("def load():\n    from flask import current_app as app\n    app.url_for('nowhere')", "pass"),
    ],
)
def test_other_functions_of_that_name_are_others_business(project: Any, head: str, line: str) -> None:
    assert named(project, line, head) == []


def test_a_wrong_name_is_told_with_the_right_one(project: Any) -> None:
    views = (
        f"from scaffold import url_for\n\n\ndef page(request):\n    return url_for('detail', id=1)"
        f" + url_for('blog:detial') + url_for('blog:detail', pk=1){REST}"
    )
    _, findings = check(project, app_with(views, *ROUTES))
    assert [(item.message, item.hint) for item in findings[:2]] == [
        ("no route is named 'detail'", "Did you mean 'blog:detail'?"),
        ("no route is named 'blog:detial'", "Did you mean 'blog:detail'?"),
    ]
    assert findings[2].message == "the URL of 'blog:detail' lacks 'id' and has no 'pk'"
    assert findings[2].hint.startswith("Its route is /blog/<int:id>/ (")


def test_names_of_an_app_that_can_not_be_loaded_are_not_looked_for(project: Any) -> None:
    files = {**app_with(f"from scaffold import url_for\n\n\ndef page(request):\n    return url_for('shop:all'){REST}")}
    assert [name for _, name, _ in found(project, {**files, "apps/shop/urls.py": "1 / 0\n"})] == ["apps.import"]


# --- templates and static files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("from scaffold import render", "return render(request, 'blog/pgae.html')"),
        ("from scaffold import render", "return render(request, template='blog/pgae.html')"),
        ("from scaffold import stream_template", "return stream_template(request, 'blog/pgae.html', {})"),
        ("", "request.app.render('blog/pgae.html', {})"),
        ("", "request.app.stream(template='blog/pgae.html')"),
    ],
)
def test_a_template_that_is_not_there_is_an_error(project: Any, head: str, line: str) -> None:
    assert named(project, line, head) == [("error", "templates.missing", f"{VIEWS}:5")]


@pytest.mark.parametrize(
    "line",
    [
        "return render(request, 'blog/page.html')",
        "return render(request, f'blog/{request.method}.html')",
        "return render(request, request.path)",
        "return render(*args)",
        "return render(request, **values)",
    ],
)
def test_a_template_that_may_be_there_is_no_finding(project: Any, line: str) -> None:
    assert named(project, line, "from scaffold import render") == []


@pytest.mark.parametrize("line", ["request.static('site.cs')", "request.app.static('site.cs')"])
def test_a_static_file_that_is_not_there_is_a_warning(project: Any, line: str) -> None:
    assert named(project, line) == [("warning", "static.missing", f"{VIEWS}:5")]


# --- which code ------------------------------------------------------------------------------------------------------


def test_commands_are_looked_at_and_tests_are_not(project: Any) -> None:
    code = "from scaffold import url_for\n\n\ndef command():\n    url_for('nowhere')\n"
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "urlpatterns = []",
        "apps/blog/commands/go.py": code,
        "apps/blog/tests/test_it.py": code,
        "apps/blog/deep/test_it.py": code,
        "apps/blog/conftest.py": code,
        "config/links.py": code,
    }
    assert [place for _, _, place in found(project, files)] == ["apps/blog/commands/go.py:5", "config/links.py:5"]


def test_a_module_that_makes_an_application_of_its_own_is_left_out(project: Any) -> None:
    code = "from scaffold import Application\n\napp = Application()\n\n\ndef link():\n    return app.url_for('mine')\n"
    assert found(project, {"apps/blog/urls.py": "urlpatterns = []", "apps/blog/inner.py": code}) == []


def test_the_code_of_a_single_file_is_looked_at(tmp_path: Any) -> None:
    file = tmp_path / "site.py"
    file.write_text(
        "from scaffold import Application, url_for\n\napp = Application({'DEBUG': True})\n\n\n"
        "@app.route('/')\ndef home(request):\n    return url_for('hoem')\n"
    )
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    app: Application = names["app"]
    (finding,) = run_checks(app)
    assert (finding.id, finding.source, finding.hint) == ("urls.unknown", f"{file}:8", "Did you mean 'home'?")


def test_each_file_is_read_once(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, findings = check(project, app_with(f"def page(request, *args):\n    return ''{REST}", *ROUTES))
    assert findings == []
    sources = Sources(Application.from_project(folder))
    assert len({id(sources.of_file(str(module.file))) for module in sources.modules}) == len(sources.modules)
    trees = [module.tree for module in sources.modules]
    assert list(check_names(sources)) == []
    assert all(one is module.tree for one, module in zip(trees, sources.modules, strict=True))


def test_code_that_can_not_be_read_is_a_finding_of_another_check(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "urlpatterns = []",
        "apps/blog/broken.py": "url_for(\n",
        "apps/blog/latin.py": "# -*- coding: utf-8 -*-\n# url_for( \xe4\n".encode("latin-1"),
        "config/settings.py": GOOD,
    }
    assert {name for _, name, _ in found(project, files)} == {"modules.import"}
