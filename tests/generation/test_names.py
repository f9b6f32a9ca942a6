"""What projects, apps and URL prefixes may be called."""

from __future__ import annotations

import keyword

import pytest

from scaffold.exceptions import InvalidNameError
from scaffold.generation import AppName, ProjectName, app_name, project_name, url_prefix

UNUSABLE = [
    ("", "must not be empty"),
    ("größe", "ASCII"),
    ("сайт", "ASCII"),
    ("1st", "start with a digit"),
    ("a/b", "not a path"),
    ("a\\b", "not a path"),
    ("/abs", "not a path"),
    ("..", "not a path"),
    ("a..b", "not a path"),
    ("class", "keyword"),
    ("None", "keyword"),
    ("CON", "device"),
    ("nul", "device"),
    ("Com1", "device"),
    ("lpt9", "device"),
    ("a" * 61, "at most 60"),
]


@pytest.mark.parametrize(
    ("name", "title", "distribution"),
    [
        ("mysite", "Mysite", "mysite"),
        ("my-site", "My Site", "my-site"),
        ("my_site", "My Site", "my-site"),
        ("my--site", "My Site", "my-site"),
        ("example.com", "Example.com", "example-com"),
        ("API-v2", "API V2", "api-v2"),
        ("a", "A", "a"),
        ("calendar", "Calendar", "calendar"),
        ("tests", "Tests", "tests"),
        ("console", "Console", "console"),
        ("a" * 60, "A" + "a" * 59, "a" * 60),
    ],
)
def test_a_project_name_gives_a_title_and_a_distribution_name(name: str, title: str, distribution: str) -> None:
    assert project_name(name) == ProjectName(name, title, distribution)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("blog", "Blog"),
        ("photo_album", "Photo Album"),
        ("calendar", "Calendar"),
        ("match", "Match"),
        ("testimonials", "Testimonials"),
        ("load_test", "Load Test"),
        ("v2", "V2"),
        ("trailing_", "Trailing"),
    ],
)
def test_an_app_name_gives_a_title(name: str, title: str) -> None:
    assert app_name(name) == AppName(name, title)


@pytest.mark.parametrize(("name", "reason"), UNUSABLE)
def test_a_name_that_nothing_can_have_is_refused_with_cause_and_way_out(name: str, reason: str) -> None:
    for validate in (project_name, app_name):
        with pytest.raises(InvalidNameError, match=reason) as caught:
            validate(name)
        assert "\n" not in caught.value.cause
        assert caught.value.hint.startswith("Try ")


@pytest.mark.parametrize("name", ["-site", "_site", ".site", "site-", "site.", "my site", "site\n", "a:b", "con.txt"])
def test_a_project_name_is_a_plain_folder_name(name: str) -> None:
    with pytest.raises(InvalidNameError, match="a project can't be called"):
        project_name(name)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("my-app", "my_app"),
        ("my app", "my_app"),
        ("my.app", "my_app"),
        ("_blog", "blog"),
        ("__init__", "init"),
        (".hidden", "hidden"),
        ("blog\n", "blog"),
        ("2nd-shop", "nd_shop"),
        ("class", "my_class"),
        ("Class", "my_class"),
        ("nul", "my_nul"),
        ("../static", "my_static"),
        ("-tests-", "my_tests"),
        ("größe", "blog"),
        ("***", "blog"),
        ("apps", "catalog"),
        ("conftest", "fixtures"),
        ("static", "assets"),
        ("Static", "my_static"),
        ("Blog", "blog"),
        ("PhotoAlbum", "photoalbum"),
        ("tests", "exams"),
        ("test", "exams"),
        ("testing", "exams"),
        ("test_blog", "exams"),
    ],
)
def test_an_app_name_that_would_break_is_refused_with_one_that_would_not(name: str, suggestion: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        app_name(name)

    assert caught.value.hint == f"Try {suggestion!r} instead."
    assert app_name(suggestion).name == suggestion


@pytest.mark.parametrize("word", keyword.kwlist)
def test_the_suggestion_for_a_keyword_is_usable(word: str) -> None:
    for validate in (project_name, app_name):
        with pytest.raises(InvalidNameError) as caught:
            validate(word)
        validate(caught.value.hint.split("'")[1])


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("", ""),
        ("/", ""),
        ("x", "x/"),
        ("x/", "x/"),
        ("/x/", "x/"),
        ("shop/items", "shop/items/"),
        ("/v1.0/~me/a_b-c/", "v1.0/~me/a_b-c/"),
        ("statics/", "statics/"),
    ],
)
def test_a_prefix_is_brought_into_its_normal_form(given: str, normal: str) -> None:
    assert url_prefix(given) == normal


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("a b", "is not a path"),
        ("a?b", "is not a path"),
        ("a#b", "is not a path"),
        ('a"b', "is not a path"),
        ("a\\b", "is not a path"),
        ("a//b", "is not a path"),
        ("//", "is not a path"),
        ("//a", "is not a path"),
        ("a//", "is not a path"),
        ("..", "is not a path"),
        ("a/../b", "is not a path"),
        ("a/./b", "is not a path"),
        ("für", "is not a path"),
        ("a\n", "is not a path"),
        ("<int:year>/", "holds a parameter"),
        ("a/<b", "holds a parameter"),
        ("static/x", "/static/"),
        ("/_scaffold", "/_scaffold/"),
        ("a" * 101, "101 characters"),
    ],
)
def test_a_prefix_that_is_no_literal_path_is_refused(given: str, reason: str) -> None:
    with pytest.raises(InvalidNameError, match=reason) as caught:
        url_prefix(given)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["pytest", "PyTest", "scaffold", "Scaffold_Web", "gunicorn", "jinja2"])
def test_a_project_is_not_called_like_what_it_depends_on(name: str) -> None:
    with pytest.raises(InvalidNameError, match="it depends on the package") as caught:
        project_name(name)
    assert caught.value.hint == f"Try 'my-{name.lower().replace('_', '-')}' instead."
    assert project_name(caught.value.hint.split("'")[1])
