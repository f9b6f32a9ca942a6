"""What a URL leads to, asked before any request."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scaffold import Application
from scaffold.debug.asking import MAX_URL_CHARACTERS, Question, ask, read_question
from scaffold.exceptions import UsageError
from scaffold.routing import Resolver
from scaffold.routing.verdict import MOST_RIVALS, judge

from .helpers import ask as request
from .test_routing import make_routes

RULES = (
    "",
    "blog/",
    "blog/<int:id>/",
    "blog/<slug:tag>/",
    "blog/new/",
    "about",
    "files/<path:p>",
    "v<int:a>/x/",
    "<s>",
    "docs/<path:p>/edit/",
    "d/<path:p>/<path:q>/x",
)


def make_site() -> Application:
    app = Application({"DEBUG": False})
    for rule in RULES:
        app.route(f"/{rule}", methods=["GET", "PUT"] if "int" in rule else None)(lambda request, **params: "found")
    return app


SITE = make_site()

PATHS = st.lists(
    st.sampled_from(
        ["blog", "7", "new", "a-b", "", "files", "v1", "x", "about", "docs", "edit", "d", "%2F", "%C3%A9", "..", "%"]
    ),
    max_size=4,
).map(lambda parts: "/" + "/".join(parts))


@given(PATHS, st.sampled_from(["GET", "HEAD", "PUT", "POST", "OPTIONS"]))
@example("/about/", "PUT")
@example("//", "GET")
@settings(max_examples=200, deadline=None)
def test_a_reply_agrees_with_what_a_request_is_answered(url: str, method: str) -> None:
    question = read_question(url, method)
    reply = ask(SITE, question)
    assert question.path is not None
    answer = request(SITE, question.path.encode().decode("latin-1"), method)
    assert reply.status == (answer.status if answer.status != 200 else 0)
    if reply.route is not None:
        assert reply.verdict is not None
        assert all(not step.reason for step in reply.verdict.steps)
        assert reply.route not in {rival.route for rival in reply.verdict.rivals}
    if reply.status == 404:
        assert reply.verdict is not None
        assert all(attempt.reason and attempt.steps for attempt in reply.verdict.attempts if attempt.route.path != "/")
    if reply.location:
        assert answer.headers["Location"].endswith(reply.location)


@given(st.one_of(st.text(), st.text().map(lambda text: f"/{text}"), st.text().map(lambda text: f"http://{text}")))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_is_wrong_usage(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert ask(SITE, read_question(text)).summary.isprintable()


def test_a_url_too_long_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="longer than"):
        read_question("/" + "a" * MAX_URL_CHARACTERS)


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("http://A.example:8000/x/?a=1#b", "", Question("GET", "/x/", "a=1", "a.example")),
        ("http://a.example", "b.example", Question("GET", "/", "", "b.example")),
        ("/x/?a=1?b", "", Question("GET", "/x/", "a=1?b", "")),
        ("//x/", "", Question("GET", "//x/", "", "")),
        ("/%e9/", "", Question("GET", None, "", "")),
    ],
)
def test_a_question_is_read_off_a_url(url: str, host: str, expected: Question) -> None:
    assert read_question(url, host=host) == expected


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (("a/new/", "a/<slug:s>/"), 'the text "new" comes before <slug>'),
        (("<slug:s>/new/", "<s>/new/"), "<slug> is narrower than <str>"),
        (("x<int:a>/", "<int:a>/"), None),
        (("new-<slug:a>/", "n<slug:a>/"), "new-<slug> holds more text than n<slug>"),
        (("<s>/new", "<path:p>"), "<str> is narrower than <path>"),
    ],
)
def test_what_decides_between_two_routes_is_told(rules: tuple[str, ...], reason: str | None) -> None:
    routes = make_routes(*rules)
    path = {"a/new/": "/a/new/", "new-<slug:a>/": "/new-x/", "x<int:a>/": "/x7/"}.get(rules[0], "/b/new")
    path = "/b/new/" if rules[0] == "<slug:s>/new/" else path
    verdict = judge(routes, path, "GET", Resolver(routes).resolve(path, "GET"))
    assert verdict.route is routes[0]
    assert [rival.reason for rival in verdict.rivals] == ([reason] if reason else [])


def test_ten_thousand_routes_take_bounded_time() -> None:
    routes = make_routes(
        *(f"app{number % 97}/page-{number}/<int:id>/" for number in range(10_000)),
        *(f"<slug:a>/x{number}<slug:b>/{kind}" for number in range(MOST_RIVALS) for kind in ("7/", "<int:c>/")),
    )
    resolver: Any = Resolver(routes)
    started = time.perf_counter()
    for path in ("/app5/page-5/7/", "/a/x1b/7/", "/" + "a/" * 4000):
        assert judge(routes, path, "GET", resolver.resolve(path, "GET"))
    assert time.perf_counter() - started < 10
