"""Templates: found in the project and its apps, escaped, and strict about names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateSyntaxError, UndefinedError

from scaffold import Application, Request, Response, render
from scaffold.templating import TemplateMissingError

from .helpers import ask


@pytest.fixture
def app(tmp_path: Path) -> Application:
    (tmp_path / "templates").mkdir()
    return Application({"DEBUG": False}, root=tmp_path)


def write(app: Application, name: str, text: str) -> None:
    file = app.root / "templates" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_template_is_rendered_with_its_context(app: Application) -> None:
    write(app, "a.html", "{{ name }}!")
    assert app.render("a.html", {"name": "Ada"}) == "Ada!"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.html", "&lt;b&gt;"), ("a.xml", "&lt;b&gt;"), ("a", "&lt;b&gt;"), ("a.md", "&lt;b&gt;"), ("a.txt", "<b>")],
)
def test_all_but_plain_text_is_escaped(app: Application, name: str, text: str) -> None:
    write(app, name, "{{ value }}")
    assert app.render(name, {"value": "<b>"}) == text


def test_a_name_that_nobody_gave_is_an_error(app: Application) -> None:
    write(app, "a.html", "{{ titel }}")
    with pytest.raises(UndefinedError, match="'titel' is undefined"):
        app.render("a.html", {"title": "x"})


def test_a_template_that_is_missing_is_an_error_with_the_folders_and_the_nearest_name(app: Application) -> None:
    write(app, "blog/index.html", "")
    with pytest.raises(TemplateMissingError, match=r"there is no template 'blog/idnex\.html'") as caught:
        app.render("blog/idnex.html")
    assert str(app.root / "templates") in caught.value.cause
    assert caught.value.hint == "Did you mean 'blog/index.html'?"
    with pytest.raises(TemplateMissingError) as other:
        app.render("xyz")
    assert "Make the file" in other.value.hint


@pytest.mark.parametrize(
    "text", ["{% extends 'base.htm' %}", "{% include 'base.htm' %}", "{% import 'base.htm' as b %}"]
)
def test_a_template_that_another_names_is_missing_in_the_same_way(app: Application, text: str) -> None:
    write(app, "base.html", "")
    write(app, "a.html", text)
    with pytest.raises(TemplateMissingError, match=r"there is no template 'base\.htm'") as caught:
        app.render("a.html")
    assert caught.value.hint == "Did you mean 'base.html'?"


def test_a_template_outside_of_the_folders_is_missing(app: Application) -> None:
    (app.root / "secret.html").write_text("secret", encoding="utf-8")
    with pytest.raises(TemplateMissingError):
        app.render("../secret.html")


def test_a_syntax_error_in_a_template_names_the_line(app: Application) -> None:
    write(app, "a.html", "\n{% if %}")
    with pytest.raises(TemplateSyntaxError) as caught:
        app.render("a.html")
    assert caught.value.lineno == 2


def test_the_projects_templates_hide_those_of_its_apps(project: Any) -> None:
    files = {
        "apps/blog/urls.py": "urlpatterns = []",
        "apps/blog/templates/a.html": "blog",
        "apps/blog/templates/b.html": "blog",
        "apps/blog/templates/.hidden.html": "",
        "apps/shop/urls.py": "urlpatterns = []",
        "apps/shop/templates/b.html": "shop",
        "templates/a.html": "project",
    }
    app = Application.from_project(project(files))
    assert app.render("a.html") == "project"
    assert app.render("b.html") == "blog"
    assert app.templates.names() == ["a.html", "b.html"]
    assert app.templates.has("b.html")
    assert not app.templates.has("c.html")


def test_templates_may_be_texts_without_files(tmp_path: Path) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates={"a.html": "{{ x }}"})
    assert app.render("a.html", {"x": "<"}) == "&lt;"
    assert app.templates.has("a.html")
    assert app.templates.names() == ["a.html"]


def test_a_template_builds_urls_and_sees_the_request(app: Application) -> None:
    write(app, "a.html", "{{ url_for('item', id=7) }} {{ static('a b.css') }} {{ request.method }} {{ x }}")

    @app.route("/items/<int:id>/", name="item")
    def item(request: Request, id: int) -> Response:  # noqa: A002
        return render(request, "a.html", {"x": "<"})

    assert ask(app, "/items/1/").text == "/items/7/ /static/a%20b.css GET &lt;"
    assert ask(app, "/items/1/", SCRIPT_NAME="/m").text == "/m/items/7/ /m/static/a%20b.css GET &lt;"


def test_a_context_may_have_a_request_of_its_own(app: Application) -> None:
    write(app, "a.html", "{{ request }}")
    app.route("/")(lambda request: app.render("a.html", {"request": "mine"}, request))
    assert ask(app).text == "mine"


def test_a_response_of_a_template_has_status_headers_and_type(app: Application) -> None:
    write(app, "a.txt", "{{ x }}")

    @app.route("/")
    def page(request: Request) -> Response:
        return render(request, "a.txt", {"x": "<"}, status=201, headers={"X-A": "1"})

    answer = ask(app)
    assert (answer.status, answer.text, answer.headers["X-A"]) == (201, "<", "1")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(("debug", "text"), [(True, "new"), (False, "old")])
def test_a_changed_template_is_read_again_while_debug_is_on(tmp_path: Path, debug: bool, text: str) -> None:
    app = Application({"DEBUG": debug}, root=tmp_path)
    write(app, "a.html", "old")
    assert app.render("a.html") == "old"
    write(app, "a.html", "new")
    os.utime(app.root / "templates/a.html", (1_700_000_000, 1_700_000_000))
    assert app.render("a.html") == text


@pytest.mark.parametrize(("debug", "start"), [(True, "vscode://file/"), (False, "")])
def test_a_link_to_the_editor_is_there_while_debug_is_on(tmp_path: Path, debug: bool, start: str) -> None:
    url = Application({"DEBUG": debug}, root=tmp_path).editor_url("apps/é.py")
    assert url.startswith(start)
    assert url.endswith("apps/%C3%A9.py" if debug else "")
