"""Templates: found in the project and its apps, escaped, and strict about names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateSyntaxError, UndefinedError

from scaffold import Application, Request, Response, render, stream_template
from scaffold.exceptions import SettingsError, ViewError
from scaffold.templating import BlockMissingError, TemplateMissingError
from scaffold.testing import Client

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


# --- one block -------------------------------------------------------------------------------------------------------

PAGES = {
    "root.html": "{% set site = 'Site' %}<html>{% block title %}{{ site }}{% endblock %}"
    "{% block menu %}{{ 1 / 0 }}{% endblock %}{% block content %}{% endblock %}</html>",
    "base.html": "{% extends 'root.html' %}{% block title %}Base of {{ super() }}{% endblock %}",
    "list.html": "{% extends 'base.html' %}\n{% import 'forms.html' as forms %}\n{% from 'forms.html' import field %}"
    "{% set unit = 'kg' %}\n{% block title %}List, {{ super() }}{% endblock %}"
    "{% block content %}<table>{% block rows %}{% for row in rows %}<p>{{ row }} {{ unit }}</p>{% endfor %}"
    "{% endblock %}</table>{% endblock %}"
    "{% block form %}{{ forms.field('a') }}{{ field('b') }}{% endblock %}",
    "forms.html": "{% macro field(name) %}<input name={{ name }}>{% endmacro %}",
    "plain.html": "{% set x = 1 %}  <p>{{ 1 / 0 }}</p>{% block a %}{{ x }}{{ self.b() }}{% endblock %}"
    "{% block b %}b{% endblock %}",
}


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ("rows", "<p>1 kg</p><p>&lt; kg</p>"),
        ("content", "<table><p>1 kg</p><p>&lt; kg</p></table>"),
        ("title", "List, Base of Site"),
        ("form", "<input name=a><input name=b>"),
    ],
)
def test_a_block_is_rendered_alone(tmp_path: Path, block: str, text: str) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates=PAGES)
    assert app.render("list.html", {"rows": [1, "<"]}, block=block) == text
    app.route("/")(lambda request: render(request, "list.html", {"rows": [1, "<"]}, block=block))
    assert ask(app).text == text


def test_a_block_without_extends_is_rendered_alone(tmp_path: Path) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates=PAGES)
    assert app.render("plain.html", block="a") == "1b"


def test_the_block_of_a_parent_alone_is_found_too(tmp_path: Path) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates=PAGES)
    with pytest.raises(ZeroDivisionError):
        app.render("list.html", {"rows": []}, block="menu")


def test_an_unknown_block_is_an_error_with_the_blocks_there_are(tmp_path: Path) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates={**PAGES, "none.html": "text"})
    with pytest.raises(BlockMissingError) as caught:
        app.render("list.html", block="row")
    assert caught.value.cause == (
        "the template 'list.html' has no block 'row'; its blocks: content, form, menu, rows, title"
    )
    assert caught.value.hint == "Did you mean 'rows'?"
    with pytest.raises(BlockMissingError, match="none at all"):
        app.render("none.html", block="rows")
    with pytest.raises(TemplateMissingError):
        app.render("lsit.html", block="rows")


# --- streams ---------------------------------------------------------------------------------------------------------


def test_a_template_is_streamed_while_it_is_rendered(tmp_path: Path) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates={"a.html": "{% for x in items %}{{ x }}{% endfor %}"})
    taken: list[int] = []

    def items() -> Any:
        for number in range(4):
            taken.append(number)
            yield str(number) * 5000

    app.route("/")(lambda request: stream_template(request, "a.html", {"items": items()}))
    request = Request({"REQUEST_METHOD": "GET"}, app)
    pieces = app.stream("a.html", {"items": items()}, request)
    assert len(next(pieces)) == 10_000
    assert taken == [0, 1]
    answer = ask(app)
    assert answer.text == "".join(str(number) * 5000 for number in range(4))
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_an_error_at_the_start_of_a_stream_is_an_error_page(tmp_path: Path) -> None:
    app = Application({"DEBUG": False}, root=tmp_path, templates={"a.html": "{{ 1 / 0 }}"})
    app.route("/")(lambda request: stream_template(request, "a.html"))
    app.route("/missing/")(lambda request: stream_template(request, "b.html"))
    assert ask(app).status == 500
    with pytest.raises(TemplateMissingError):
        Client(app).get("/missing/")


# --- context processors and filters ----------------------------------------------------------------------------------


def shop(request: Request) -> dict[str, Any]:
    return {"shop": "Lamps", "path": request.path}


def number(request: Request) -> Any:
    return 7


def test_context_processors_name_what_every_page_of_a_request_sees(tmp_path: Path) -> None:
    settings = {"DEBUG": False, "CONTEXT_PROCESSORS": [shop, lambda request: {"path": "later"}]}
    app = Application(settings, root=tmp_path, templates={"a.html": "{{ shop }} {{ path }}", "404.html": "{{ shop }}"})
    app.route("/")(lambda request: render(request, "a.html"))
    app.route("/own/")(lambda request: render(request, "a.html", {"shop": "Chairs"}))
    assert ask(app).text == "Lamps later"
    assert ask(app, "/own/").text == "Chairs later"
    assert ask(app, "/nowhere/").text == "Lamps"
    with pytest.raises(UndefinedError):
        app.render("a.html")


def test_a_context_processor_that_returns_no_dict_is_named(tmp_path: Path) -> None:
    settings = {"DEBUG": False, "CONTEXT_PROCESSORS": [f"{__name__}.number"]}
    app = Application(settings, root=tmp_path, templates={"a.html": ""})
    app.route("/")(lambda request: render(request, "a.html"))
    with pytest.raises(ViewError, match=rf"the context processor {__name__}\.number returned int"):
        Client(app).get("/")


def list_templates() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"CONTEXT_PROCESSORS": ["apps.nowhere.processor"]}, "can't be imported"),
        ({"CONTEXT_PROCESSORS": [7]}, "can't be called"),
        ({"CONTEXT_PROCESSORS": [list_templates]}, "can't be called with 1 arguments"),
        ({"TEMPLATE_FILTERS": {"money": "apps.nowhere.money"}}, "can't be imported"),
        ({"TEMPLATE_FILTERS": {"money": 7}}, "TEMPLATE_FILTERS['money'] is 7"),
        ({"TEMPLATE_FILTERS": ["money"]}, "TEMPLATE_FILTERS is ['money']"),
    ],
)
def test_a_wrong_function_is_an_error_at_the_start(settings: dict[str, Any], cause: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Application({"DEBUG": False, **settings})
    assert cause in caught.value.cause
    assert caught.value.hint


def test_a_project_has_filters_of_its_own(tmp_path: Path) -> None:
    settings = {
        "DEBUG": False,
        "TEMPLATE_FILTERS": {"money": lambda cents: f"{cents / 100:.2f}", "up": "string.capwords"},
    }
    app = Application(settings, root=tmp_path, templates={"a.html": "{{ 250 | money }} {{ 'a b' | up }}"})
    assert app.render("a.html") == "2.50 A B"


def test_a_field_that_was_not_sent_is_an_empty_text_and_any_other_missing_name_an_error() -> None:
    app = Application({}, templates={"a.html": "<{{ request.form.title }}{{ request.query['page'] }}>{{ other }}"})

    @app.route("/", methods=["GET", "POST"])
    def view(request: Request) -> Response:
        return render(request, "a.html", {"other": "!"})

    @app.route("/strict/")
    def strict(request: Request) -> Response:
        return render(request, "a.html")

    client = Client(app)
    assert client.get("/").text == "<>!"
    assert client.post("/?page=2", form={"title": "&"}).text == "<&amp;2>!"
    with pytest.raises(UndefinedError, match="'other' is undefined"):
        client.get("/strict/")
