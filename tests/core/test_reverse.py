"""Reversing: from a route's name and values to its URL, and back."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import path
from scaffold.exceptions import ReverseError, RouteConflictError
from scaffold.routing import Match, Resolver, Reverser, Route, compile_patterns


def view(request: object, **params: object) -> str:
    return ""


def make_route(rule: str, name: str = "n") -> Route:
    (route,) = compile_patterns([path(rule, view, name=name)])
    return route


def reverse(rule: str, **values: object) -> str:
    return Reverser([make_route(rule)]).reverse("n", values)


BUILT = [
    ("", {}, "/"),
    ("a/b/", {}, "/a/b/"),
    ("a b".replace(" ", "é") + "/", {}, "/a%C3%A9b/"),
    ("<x>", {"x": "a b"}, "/a%20b"),
    ("<x>", {"x": "é?#%"}, "/%C3%A9%3F%23%25"),
    ("<x>", {"x": "a:b@c;d=e,f"}, "/a:b@c;d=e,f"),
    ("<x>", {"x": "a\\b\r\n"}, "/a%5Cb%0D%0A"),
    ("<int:x>/<path:y>", {"x": 7, "y": "a/b c"}, "/7/a/b%20c"),
    ("v<int:a>.<int:b>/", {"a": 1, "b": 2}, "/v1.2/"),
    ("<date:x>", {"x": datetime.date(2024, 2, 29)}, "/2024-02-29"),
    ("<path:x>", {"x": "...a/.b"}, "/...a/.b"),
]


@pytest.mark.parametrize(("rule", "values", "url"), BUILT)
def test_a_url_is_built_of_a_name_and_values(rule: str, values: dict[str, object], url: str) -> None:
    assert reverse(rule, **values) == url


REFUSED: list[tuple[str, object]] = [
    ("<int:x>", "seven"),
    ("<int:x>", -7),
    ("<int:x>", True),
    ("<int:x>", 10**5000),
    ("<float:x>", float("nan")),
    ("<float:x>", float("inf")),
    ("<float:x>", -1.5),
    ("<float:x>", 10**5000),
    ("<x>", ""),
    ("<x>", "a/b"),
    ("<x>", None),
    ("<x>", "."),
    ("<x>", ".."),
    ("<x>", "\ud800"),
    ("<path:x>", "/evil.example"),
    ("<path:x>", "a/../b"),
    ("<path:x>", "a/."),
    ("<path:x>", ""),
    ("<slug:x>", "é"),
    ("<uuid:x>", "7"),
    ("<date:x>", "2023-02-29"),
]


@pytest.mark.parametrize(
    ("rule", "value"), REFUSED, ids=lambda value: repr(value)[:20] if value != 10**5000 else "huge"
)
def test_a_value_that_the_route_would_not_take_is_refused_with_the_route(rule: str, value: object) -> None:
    with pytest.raises(ReverseError, match="can't be 'x' in the URL of 'n'") as caught:
        reverse(rule, x=value)
    assert f"/{rule} ({__file__}:" in caught.value.hint


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    reverser = Reverser([make_route("a", "blog:detail")])
    with pytest.raises(ReverseError, match="Did you mean 'blog:detail'"):
        reverser.reverse("blog:detial", {})


def test_a_name_without_its_namespace_is_refused_with_the_whole_names() -> None:
    reverser = Reverser([make_route(f"{app}/", f"{app}:index") for app in ("guestbook", "blog", "indexx")])
    with pytest.raises(ReverseError, match="Did you mean 'blog:index' or 'guestbook:index' or 'indexx:index'"):
        reverser.reverse("index", {})


def test_a_name_like_no_other_is_refused_with_the_way_to_the_names() -> None:
    with pytest.raises(ReverseError, match="scaffold routes"):
        Reverser([make_route("a", "x")]).reverse("entirely:different", {})


def test_missing_and_surplus_values_are_named() -> None:
    with pytest.raises(ReverseError, match=re.escape("the URL of 'n' lacks 'b' and has no 'c'")):
        reverse("<a>/<b>", a="1", c="2")
    with pytest.raises(ReverseError, match=re.escape("the URL of 'n' lacks 'a', 'b'")):
        reverse("<a>/<b>")


def test_one_name_may_stand_for_routes_with_other_parameters() -> None:
    reverser = Reverser([make_route("list/"), make_route("list/<int:page>/"), make_route("<a>/<b>/<c>/")])
    assert reverser.reverse("n", {}) == "/list/"
    assert reverser.reverse("n", {"page": 2}) == "/list/2/"
    with pytest.raises(ReverseError, match=re.escape("has no 'pgae'")):
        reverser.reverse("n", {"pgae": 2})


def test_one_name_for_the_same_parameters_twice_is_refused_with_both_places() -> None:
    one, two = make_route("a/<x>"), make_route("b/<x>")
    with pytest.raises(RouteConflictError) as caught:
        Reverser([one, two])
    assert one.source in caught.value.cause
    assert two.source in caught.value.cause


def test_a_route_without_a_name_is_not_reversed() -> None:
    reverser = Reverser([make_route("a", ""), make_route("b", "")])
    with pytest.raises(ReverseError):
        reverser.reverse("", {})


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(min_size=1, max_size=20),
    "int": st.integers(min_value=0),
    "slug": st.from_regex(r"[-a-zA-Z0-9_]+", fullmatch=True),
    "path": st.text(alphabet="ab/.é\n%", min_size=1, max_size=20),
    "float": st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(abs),
    "uuid": st.uuids(),
    "date": st.dates(),
}

pieces = st.one_of(st.sampled_from(["a", "b.c", "é"]), st.sampled_from([f"<{kind}:P>" for kind in VALUES]))
shapes = st.lists(pieces, min_size=1, max_size=4).filter(lambda items: sum("<path" in item for item in items) < 2)


@settings(max_examples=100, deadline=None, database=None)
@given(shapes, st.booleans(), st.data())
def test_the_url_of_a_route_leads_back_to_it_with_the_same_values(items: list[str], slash: bool, data: Any) -> None:
    names = iter("pqrs")
    rule = re.sub("P", lambda _: next(names), "/".join(items)) + "/" * slash
    route = make_route(rule)
    values = {
        parameter.name: data.draw(VALUES[parameter.kind])
        for segment in route.segments
        for parameter in segment.parameters
    }
    try:
        url = Reverser([route]).reverse("n", values)
    except ReverseError:
        return
    assert url.isascii()
    assert not url.startswith("//")
    found = Resolver([route]).resolve(unquote(url, errors="strict"), "GET")
    assert isinstance(found, Match)
    assert found.route is route
    assert found.params == values


def test_a_uuid_in_a_text_parameter_leads_back_as_its_text() -> None:
    value = uuid.uuid4()
    assert reverse("<x>", x=value) == f"/{value}"
