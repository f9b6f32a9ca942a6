"""What a project has and nothing uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Application
from scaffold.checks.mentions import Mentions
from scaffold.checks.unused import find_unused

URLS = "apps/blog/urls.py"
VIEWS = "apps/blog/views.py"
PAGE = "def page(request, **values):\n    return ''\n"
HEAD = "from scaffold import path\nfrom . import views\n"
ONE = f"{HEAD}urlpatterns = [path('', views.page)]\n"
NAMED = f"{HEAD}urlpatterns = [path('', views.page, name='page')]\n"


def unused(project: Any, files: dict[str, str | bytes]) -> set[tuple[str, str]]:
    folder: Path = project({URLS: ONE, VIEWS: PAGE, **files})
    return {(item.kind, item.name) for item in find_unused(Application.from_project(folder, strict=False))}


# --- views --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("def lost(request):\n    return ''\n", "lost"),
        ("async def lost(request, id):\n    return ''\n", "lost"),
        ("def lost(_request):\n    return ''\n", "lost"),
        ("from scaffold import View\nclass Lost(View):\n    pass\n", "Lost"),
        ("@staticmethod\ndef lost(request):\n    return ''\n", "lost"),
    ],
)
def test_a_view_no_route_reaches_is_unused(project: Any, code: str, name: str) -> None:
    assert unused(project, {VIEWS: PAGE + code}) == {("view", f"apps.blog.views.{name}")}


@pytest.mark.parametrize(
    "code",
    [
        "def _helper(request):\n    return ''\n",
        "def helper(value):\n    return ''\n",
        "def helper(request):\n    return ''\nvalue = helper\n",
        "class Other:\n    def method(self, request):\n        pass\n",
    ],
)
def test_what_is_no_view_or_used_by_code_is_not(project: Any, code: str) -> None:
    assert unused(project, {VIEWS: PAGE + code}) == set()


@pytest.mark.parametrize(
    "urls",
    [
        "from scaffold import path\nfrom .views import page, lost\nurlpatterns = [path('', page), path('b', lost)]\n",
        "from scaffold import path\nfrom .views import lost as found, page\n"
        "urlpatterns = [path('', page), path('b', found)]\n",
        "from scaffold import path\nimport apps.blog.views\n"
        "urlpatterns = [path('', apps.blog.views.page), path('b', apps.blog.views.lost)]\n",
        f"{HEAD}urlpatterns = [path('', views.page)]\nerror_handlers = {{404: views.lost}}\n",
        f"{HEAD}urlpatterns = [path('', views.page)]\nerror_handlers = {{404: 'apps.blog.views.lost'}}\n",
        "from scaffold import path\nfrom .views import *\nurlpatterns = [path('', page)]\n",
        f"{HEAD}urlpatterns = [path('', views.page), path('b', lambda request: views.lost(request))]\n",
    ],
)
def test_every_way_to_name_a_view_counts(project: Any, urls: str) -> None:
    handler = "def lost(request, error=None):\n    return ''\n"
    assert unused(project, {URLS: urls, VIEWS: PAGE + handler}) == set()


def test_the_same_name_in_another_app_and_a_test_do_not_count(project: Any) -> None:
    files: dict[str, str | bytes] = {
        VIEWS: PAGE + "def index(request):\n    return ''\n",
        "apps/home/urls.py": f"{HEAD}urlpatterns = [path('', views.index)]\n",
        "apps/home/views.py": "def index(request):\n    return ''\n",
        "apps/blog/tests/test_views.py": "from apps.blog import views\nviews.index(None)\n",
    }
    assert unused(project, files) == {("view", "apps.blog.views.index")}


def test_views_in_a_package_are_looked_at_and_installed_ones_are_not(project: Any) -> None:
    files: dict[str, str | bytes] = {
        URLS: "from scaffold import path\nfrom .views.pages import page\nurlpatterns = [path('', page)]\n",
        "apps/blog/views/__init__.py": "",
        "apps/blog/views/pages.py": PAGE + "def lost(request):\n    return ''\n",
        ".venv/lib/views.py": "def lost(request):\n    return ''\n",
        "env/pyvenv.cfg": "",
        "env/lib/views.py": "def lost(request):\n    return ''\n",
    }
    folder: Path = project({URLS: ONE, **files})
    found = find_unused(Application.from_project(folder, strict=False))
    assert [(item.name, item.source) for item in found] == [
        ("apps.blog.views.pages.lost", f"{folder}/apps/blog/views/pages.py:3")
    ]


# --- names --------------------------------------------------------------------------------------------------------


def test_a_name_that_nothing_mentions_is_unused(project: Any) -> None:
    assert unused(project, {URLS: NAMED}) == {("name", "blog:page")}


@pytest.mark.parametrize(
    "files",
    [
        {VIEWS: f"{PAGE}TARGET = 'blog:page'\n"},
        {VIEWS: f"{PAGE}def _to(app):\n    return f'{{app}}:page'\n"},
        {VIEWS: f"{PAGE}def _to(name):\n    return 'blog:' + name\n"},
        {VIEWS: f"{PAGE}def _to(name):\n    return 'blog:%s' % name\n"},
        {VIEWS: f"{PAGE}def _to(name):\n    return 'blog:{{}}'.format(name)\n"},
        {"templates/404.html": "{{ url_for('blog:page') }}"},
        {"templates/404.html": "{{ url_for('blog:' ~ which) }}"},
        {"templates/404.html": "{{ url_for('blog:' + which) }}"},
        {"templates/404.html": "{% set name = 'blog:page' %}"},
        {"apps/blog/tests/test_a.py": "'blog:page'\n"},
    ],
)
def test_every_text_that_is_or_may_become_a_name_counts(project: Any, files: dict[str, str | bytes]) -> None:
    assert unused(project, {URLS: NAMED, **files}) == set()


# --- templates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lost.html", "500.txt", "shop/404.html"])
def test_a_template_that_nothing_refers_to_is_unused(project: Any, name: str) -> None:
    assert unused(project, {f"templates/{name}": ""}) == {("template", name)}


@pytest.mark.parametrize(
    "text",
    [
        "{% extends 'a.html' %}",
        "{% include 'a.html' ignore missing %}",
        "{% include ['b.html', 'a.html'] %}",
        "{% import 'a.html' as a %}",
        "{% from 'a.html' import a %}",
        "{% include 'a.h' ~ kind %}",
        "{% include 'a.html' if x else 'b.html' %}",
    ],
)
def test_a_template_that_one_in_use_refers_to_is_used(project: Any, text: str) -> None:
    assert unused(project, {"templates/500.html": text, "templates/a.html": ""}) == set()


def test_a_template_that_only_one_without_a_use_refers_to_is_unused(project: Any) -> None:
    files: dict[str, str | bytes] = {"templates/lost.html": "{% extends 'a.html' %}", "templates/a.html": ""}
    assert unused(project, files) == {("template", "lost.html"), ("template", "a.html")}


def test_a_template_that_can_not_be_read_is_the_business_of_the_checks(project: Any) -> None:
    assert unused(project, {"templates/lost.html": "{% if %}", VIEWS: PAGE + "oops(\n"}) == set()


@given(st.lists(st.text(max_size=6), max_size=4), st.sets(st.text(max_size=6), max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_texts_can_be_looked_for(pieces: list[str], names: set[str]) -> None:
    mentions = Mentions()
    for piece in pieces:
        mentions.add(piece)
    mentions.add_pieces(pieces)
    found = mentions.among(names)
    assert names & set(pieces) <= found <= names
