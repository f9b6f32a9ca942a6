"""Why a path led nowhere: the nearest routes and what keeps each from matching."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import path
from scaffold.routing import Converter, Route, compile_patterns
from scaffold.routing.explain import MOST_REASONS, explain

from .test_routing import make_routes, view

RULES = ("", "blog/", "blog/<int:id>/", "blog/<slug:s>/edit/", "about", "files/<path:p>", "v<int:a>/x/")
ROUTES = make_routes(*RULES)


def nearest(target: str, *rules: str, method: str = "GET") -> tuple[str, str]:
    first = explain(make_routes(*rules) if rules else ROUTES, target, method)[0]
    return first.route.path, first.reason


REASONS = [
    ("/blgo/", "/blog/", '"blgo" is not "blog"'),
    ("/Blog/", "/blog/", '"Blog" is not "blog"'),
    ("/blog/a!/", "/blog/<int:id>/", '"a!" is no int'),
    ("/blog/a/edti/", "/blog/<slug:s>/edit/", '"edti" is not "edit"'),
    ("/blog", "/blog/", "the final slash is missing"),
    ("/about/", "/about", "the final slash is one too many"),
    ("/files", "/files/<path:p>", "<path:p> is missing"),
    ("/fiels/a/b/c/", "/files/<path:p>", '"fiels" is not "files"'),
    ("/files//x", "/files/<path:p>", '"/x" is no path'),
    ("/en/blog/7/", "/blog/<int:id>/", '"en" is one segment too many'),
    ("/about/us", "/about", '"us" is one segment too many'),
    ("/va/x/", "/v<int:a>/x/", '"va" does not fit v<int:a>'),
    ("/v1/", "/v<int:a>/x/", '"x" is missing'),
]


@pytest.mark.parametrize(("target", "route", "reason"), REASONS)
def test_the_nearest_route_comes_first_with_its_reason(target: str, route: str, reason: str) -> None:
    assert nearest(target) == (route, reason)


def test_a_prefix_that_was_left_out_is_named() -> None:
    assert nearest("/detail/7/", "blog/detail/<int:id>/", "news/") == ("/blog/detail/<int:id>/", '"blog" is missing')


def test_a_route_that_has_the_path_but_not_the_method_says_so() -> None:
    assert nearest("/about", method="POST") == ("/about", "it takes GET, HEAD, not POST")


def test_a_target_that_is_no_path_says_so() -> None:
    assert nearest("about") == ("/about", "the path begins with no slash")


def test_many_differences_are_cut_short() -> None:
    reason = nearest("/1/2/3/4/5/6", "a/b/c/d/e/f")[1]
    assert reason.count(";") == MOST_REASONS
    assert reason.endswith("; 3 more")


def test_what_could_steer_a_terminal_is_escaped_and_what_is_long_is_cut() -> None:
    assert nearest("/\x1b[31m\u202e", "a")[1] == '"\\x1b[31m\\u202e" is not "a"'
    assert len(nearest("/" + "a" * 10_000, "b")[1]) < 80


def test_a_converter_that_fails_has_not_taken_the_text() -> None:
    class Odd(Converter[str]):
        def to_python(self, text: str) -> str:
            raise KeyError(text)

    routes = list(compile_patterns([path("<odd:x>", view)], converters={"odd": Odd}))
    assert explain(routes, "/a/", "GET")[0].reason == '"a" is no odd; the final slash is one too many'


def test_of_equals_the_longer_agreement_comes_first_and_then_the_order_of_declaration() -> None:
    found = explain(make_routes("a/c", "x/b", "a/d"), "/a/b/", "GET")
    assert [attempt.route.path for attempt in found] == ["/a/c", "/a/d", "/x/b"]


def test_a_path_parameter_is_no_nearer_for_taking_anything() -> None:
    assert nearest("/blgo/abc/", "static/<path:p>", "blog/") == (
        "/blog/",
        '"blgo" is not "blog"; "abc" is one segment too many',
    )


def test_no_more_than_the_limit_is_told() -> None:
    assert len(explain(ROUTES, "/x", "GET", limit=2)) == 2
    assert explain([], "/x", "GET") == []


@given(st.one_of(st.text(), st.lists(st.sampled_from(["blog", "7", "a", "", "files", "v1", "x"])).map("/".join)))
def test_any_path_is_explained_and_the_order_is_sane(text: str) -> None:
    for target in (text, f"/{text}"):
        found = explain(ROUTES, target, "GET")
        assert {attempt.route for attempt in found} == set(ROUTES)
        distances = [attempt.distance for attempt in found]
        assert distances == sorted(distances)
        assert min(distances) >= 0
        assert all(attempt.reason for attempt in found)


@pytest.fixture(scope="module")
def many() -> list[Route]:
    return make_routes(*(f"app{number % 97}/page-{number}/<int:id>/" for number in range(10_000)))


@pytest.mark.parametrize(
    "target", ["/ap5/page-5/7/", "/a" * 50_000, "/" + "a" * 1_000_000, "/" * 100_000, "/" + "page-app/" * 1000]
)
def test_ten_thousand_routes_and_a_hostile_path_take_bounded_time(many: list[Route], target: str) -> None:
    started = time.perf_counter()
    found: list[Any] = explain(many, target, "GET")
    assert len(found) == 10
    assert time.perf_counter() - started < 5
