"""What `url_for` adds to a path: query, anchor, and the host for a URL that is used elsewhere."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest

from core.helpers import ask
from scaffold import Application, Request, path, url_for
from scaffold.exceptions import ReverseError, RoutingError, ScaffoldError
from scaffold.routing import Reverser, compile_patterns


def make_site(templates: dict[str, str] | None = None) -> Application:
    app = Application({"DEBUG": False, "ALLOWED_HOSTS": ["*"]}, templates=templates)

    @app.route("/posts/<int:number>/", name="post")
    def post(request: Request, number: int) -> str:
        return str(number)

    return app


QUERIES = [
    ({"page": 2}, "?page=2"),
    ({"q": "a b&c=d", "é": "ü"}, "?q=a+b%26c%3Dd&%C3%A9=%C3%BC"),
    ({"tag": ["a", "b"], "none": None}, "?tag=a&tag=b"),
    ({"tag": ("a", None), "empty": ""}, "?tag=a&empty="),
    ({"none": None}, ""),
    ({"none": []}, ""),
    ({}, ""),
    (None, ""),
    ([("a", 1), ("a", 2)], "?a=1&a=2"),
]


@pytest.mark.parametrize(("query", "end"), QUERIES)
def test_a_query_is_made_of_a_mapping_with_lists_and_without_none(query: Any, end: str) -> None:
    assert make_site().url_for("post", number=7, _query=query) == f"/posts/7/{end}"


ANCHORS = [("top", "#top"), ("a b#é", "#a%20b%23%C3%A9"), ("", ""), (None, ""), (7, "#7"), ("/a?b", "#/a?b")]


@pytest.mark.parametrize(("anchor", "end"), ANCHORS)
def test_an_anchor_is_quoted_and_stands_last(anchor: Any, end: str) -> None:
    assert make_site().url_for("post", number=7, _query={"a": 1}, _anchor=anchor) == f"/posts/7/?a=1{end}"


OPTIONS = [
    ({}, "/site/posts/7/"),
    ({"_external": True}, "http://example.org:8000/site/posts/7/"),
    ({"_external": False}, "/site/posts/7/"),
    ({"_scheme": "https"}, "https://example.org:8000/site/posts/7/"),
    ({"_external": True, "_query": {"a": 1}, "_anchor": "b"}, "http://example.org:8000/site/posts/7/?a=1#b"),
]


@pytest.mark.parametrize(("options", "url"), OPTIONS)
def test_a_whole_url_is_that_of_the_current_request(options: dict[str, Any], url: str) -> None:
    app = make_site({"url.txt": "{{ url_for('post', number=7, **options) }}"})

    @app.route("/urls/")
    def urls(request: Request) -> list[str]:
        made = [make("post", number=7, **options) for make in (url_for, request.url_for, app.url_for)]
        return [*made, app.render("url.txt", {"options": options})]

    answer = ask(app, "/urls/", HTTP_HOST="example.org:8000", SCRIPT_NAME="/site")
    assert json.loads(answer.text) == [url] * 4


@pytest.mark.parametrize("options", [{"_external": True}, {"_scheme": "https"}])
def test_a_whole_url_outside_of_a_request_says_what_to_do(options: dict[str, Any]) -> None:
    with pytest.raises(ScaffoldError, match="while no request is handled") as caught:
        make_site().url_for("post", number=7, **options)
    assert "put it before the path" in caught.value.hint


@pytest.mark.parametrize(
    "options", [{"_query": "a=1"}, {"_query": 7}, {"_query": [1]}, {"_scheme": "no scheme"}, {"_scheme": 7}]
)
def test_a_wrong_option_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ReverseError) as caught:
        make_site().url_for("post", number=7, **options)
    assert caught.value.hint


def test_an_option_that_is_none_is_a_surplus_value() -> None:
    with pytest.raises(ReverseError, match="has no '_querry'"):
        make_site().url_for("post", number=7, _querry={})


@pytest.mark.parametrize("name", ["_query", "_anchor", "_external", "_scheme"])
def test_no_parameter_has_the_name_of_an_option(name: str) -> None:
    with pytest.raises(RoutingError, match="is an option of url_for"):
        list(compile_patterns([path(f"<{name}>", lambda request: "")]))


def test_a_url_is_made_as_fast_with_ten_thousand_routes_as_with_ten() -> None:
    def seconds(count: int) -> float:
        patterns = [path(f"page-{number}/<int:id>/", print, name=f"page-{number}") for number in range(count)]
        reverser = Reverser(compile_patterns(patterns))
        best = 1.0
        for _ in range(5):
            start = process_time()
            for _ in range(500):
                reverser.reverse(f"page-{count - 1}", {"id": 7})
            best = min(best, process_time() - start)
        return best

    assert seconds(10_000) < 2 * seconds(10)
