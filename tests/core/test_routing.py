"""Routing: which route a path and a method lead to."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import path
from scaffold.exceptions import RouteConflictError
from scaffold.routing import (
    BUILT_IN,
    Converter,
    Match,
    MethodMismatch,
    Miss,
    Resolver,
    Route,
    SlashRedirect,
    compile_patterns,
)
from scaffold.routing.patterns import Parameter
from scaffold.routing.resolver import rank_of

HERE = __file__


def view(request: object, **params: object) -> str:
    return ""


def make_routes(*rules: str, methods: Iterable[str] | None = None, **options: Any) -> list[Route]:
    return list(compile_patterns([path(rule, view, name=rule, methods=methods) for rule in rules], **options))


def resolve(rules: Iterable[str], target: str, method: str = "GET") -> Any:
    return Resolver(make_routes(*rules)).resolve(target, method)


def won(rules: Iterable[str], target: str) -> str:
    found = resolve(rules, target)
    assert isinstance(found, Match), found
    return found.route.name


# --- which route wins ------------------------------------------------------------------------------------------------

WINNERS = [
    (["", "<str:x>"], "/", ""),
    (["about", "<str:x>"], "/about", "about"),
    (["about", "<str:x>"], "/other", "<str:x>"),
    (["<int:x>", "<str:x>"], "/7", "<int:x>"),
    (["<int:x>", "<str:x>"], "/" + "7" * 5000, "<str:x>"),
    (["<int:x>", "<str:x>"], "/\u0667", "<str:x>"),
    (["<slug:x>", "<str:x>"], "/a-b", "<slug:x>"),
    (["<date:x>", "<slug:x>"], "/2024-02-29", "<date:x>"),
    (["<date:x>", "<slug:x>"], "/2023-02-29", "<slug:x>"),
    (["<uuid:x>", "<slug:x>"], "/01234567-89ab-4def-8123-456789abcdef", "<uuid:x>"),
    (["<float:x>", "<str:x>"], "/1.5", "<float:x>"),
    (["<int:x>", "<float:x>"], "/15", "<int:x>"),
    (["<str:x>", "<path:x>"], "/a", "<str:x>"),
    (["<str:x>", "<path:x>"], "/a/b", "<path:x>"),
    (["<str:a>/<str:b>", "<path:x>"], "/a/b", "<str:a>/<str:b>"),
    (["<str:a>/edit", "<path:x>"], "/a/b", "<path:x>"),
    (["v<int:a>", "<str:x>"], "/v7", "v<int:a>"),
    (["v<int:a>", "<str:x>"], "/vx", "<str:x>"),
    (["v<int:a>", "ver<int:a>"], "/ver1", "ver<int:a>"),
    (["v<int:a>.<int:b>", "v<int:a>"], "/v1.2", "v<int:a>.<int:b>"),
    (["a/<int:x>/b", "<str:y>/7/b"], "/a/7/b", "a/<int:x>/b"),
    (["a/x", "<str:y>/b"], "/a/b", "<str:y>/b"),
    (["a/<int:x>/c", "a/<str:x>/d"], "/a/7/d", "a/<str:x>/d"),
    (["<path:x>/edit", "<path:x>"], "/a/b/edit", "<path:x>/edit"),
    (["<path:x>/edit", "<path:x>"], "/a/b/edits", "<path:x>"),
    (["<path:x>/a/<path:y>", "<path:x>/b"], "/q/a/b/b", "<path:x>/a/<path:y>"),
    (["<path:x>/", "<path:x>"], "/a/", "<path:x>/"),
    (["<path:x>/<str:y>", "<path:x>/edit/<str:y>"], "/a/edit/b", "<path:x>/edit/<str:y>"),
    (["<path:x>/<int:y>", "<path:x>/<str:y>"], "/a/b/7", "<path:x>/<int:y>"),
]


@pytest.mark.parametrize(("rules", "target", "winner"), WINNERS)
def test_the_narrowest_route_wins_in_either_order_of_declaration(rules: list[str], target: str, winner: str) -> None:
    assert won(rules, target) == winner
    assert won(rules[::-1], target) == winner


VALUES = [
    ("<x>", "/é", {"x": "é"}),
    ("<int:x>/", "/007/", {"x": 7}),
    ("<path:x>", "/a//b/", {"x": "a//b/"}),
    ("<path:x>/edit", "/a/edit/edit", {"x": "a/edit"}),
    ("v<int:major>.<int:minor>", "/v1.22", {"major": 1, "minor": 22}),
    ("<str:a>-<str:b>", "/x-y-z", {"a": "x-y", "b": "z"}),
    ("<str:a>/<int:b>/c", "/q/3/c", {"a": "q", "b": 3}),
    ("a.b", "/a.b", {}),
    ("r<str:x>", "/r\n", {"x": "\n"}),
]


@pytest.mark.parametrize(("rule", "target", "values"), VALUES)
def test_parameters_are_converted(rule: str, target: str, values: dict[str, object]) -> None:
    found = resolve([rule], target)
    assert isinstance(found, Match)
    assert found.params == values


MISSES = [
    ([], "/"),
    ([""], "/a"),
    (["a"], "/"),
    (["a.b"], "/axb"),
    (["a"], "a"),
    ([""], "*"),
    ([""], ""),
    (["a"], "//a"),
    (["<str:x>"], "/"),
    (["<str:x>"], "/a/b"),
    (["<int:x>"], "/" + "9" * 5000),
    (["<int:x>"], "/\u0663"),
    (["v<int:x>.<date:y>"], "/v1.2024-13-01"),
    (["<path:x>"], "/"),
    (["<path:x>"], "//evil.example/"),
    (["<path:x>/edit"], "/edit"),
    (["a/<path:x>"], "/a/"),
    (["<str:x>/"], "//evil.example"),
    (["<path:x>/a/<path:y>/b"], "/" + "a/" * 2_000),
    (["<path:x>/a/<path:y>/b"], "/" + "a//b/" * 1_000),
    (["<path:x>/a/<path:y>/b/<path:z>/c"], "/" + "a/b/" * 1_000),
]


@pytest.mark.parametrize(("rules", "target"), MISSES)
def test_a_path_that_no_route_has_is_a_miss(rules: list[str], target: str) -> None:
    assert resolve(rules, target) == Miss()


def test_a_mixed_segment_of_many_characters_is_a_miss_at_once() -> None:
    resolver = Resolver(compile_patterns([path("<str:a>-<str:b>-<str:c>-<int:d>", lambda request: "")]))
    assert isinstance(resolver.resolve("/" + "-" * 8000, "GET"), Miss)
    assert isinstance(resolver.resolve("/a-b-c-1", "GET"), Match)


# --- methods and slashes ---------------------------------------------------------------------------------------------


def test_another_method_on_a_known_path_tells_those_it_has() -> None:
    resolver = Resolver([*make_routes("a", methods=["POST"]), *compile_patterns([path("a", view, name="g")])])
    assert resolver.resolve("/a", "PUT") == MethodMismatch(frozenset({"GET", "HEAD", "POST"}))


def test_the_methods_of_all_routes_that_match_the_path_are_told() -> None:
    resolver = Resolver([*make_routes("a", methods=["PUT"]), *make_routes("<x>", methods=["DELETE"])])
    assert resolver.resolve("/a", "GET") == MethodMismatch(frozenset({"PUT", "DELETE"}))


def test_a_wider_route_serves_a_method_that_the_narrower_one_lacks() -> None:
    resolver = Resolver([*make_routes("a"), *make_routes("<x>", methods=["POST"])])
    found = resolver.resolve("/a", "POST")
    assert isinstance(found, Match)
    assert found.route.path == "/<x>"


def test_head_follows_get_and_only_get() -> None:
    assert isinstance(resolve(["a"], "/a", "HEAD"), Match)
    assert Resolver(make_routes("a", methods=["POST"])).resolve("/a", "HEAD") == MethodMismatch(frozenset({"POST"}))


@pytest.mark.parametrize(
    ("rule", "target", "right"),
    [
        ("a/", "/a", "/a/"),
        ("a", "/a/", "/a"),
        ("<int:x>/", "/7", "/7/"),
        ("<path:x>/e", "/a/b/e/", "/a/b/e"),
        ("é/", "/é", "/é/"),
    ],
)
def test_a_path_that_matches_but_for_its_final_slash_is_redirected(rule: str, target: str, right: str) -> None:
    assert resolve([rule], target) == SlashRedirect(right)


def test_the_slash_is_put_right_for_every_method() -> None:
    assert resolve(["a/"], "/a", "POST") == SlashRedirect("/a/")


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="/.a\\ ", max_size=8))
def test_a_slash_redirect_never_leads_to_another_host(tail: str) -> None:
    rules = ["", "<str:a>", "<str:b>/<str:c>/", "<path:x>/a", "a/<path:y>/"]
    found = resolve(rules, "/" + tail)
    if isinstance(found, SlashRedirect):
        assert re.match(r"/(?!/)", found.path)


# --- conflicts -------------------------------------------------------------------------------------------------------

CONFLICTS = [
    ("a", "a"),
    ("<int:x>", "<int:y>"),
    ("<x>/a", "<y>/a"),
    ("<x>/<y>", "<a>/<b>"),
    ("v<int:x>", "v<int:y>"),
    ("a/<path:x>", "a/<path:y>"),
]


@pytest.mark.parametrize(("one", "two"), CONFLICTS)
def test_two_routes_of_equal_rank_on_one_url_are_refused_with_both_places(one: str, two: str) -> None:
    first = path(one, view)
    second = path(two, view)
    with pytest.raises(RouteConflictError) as caught:
        Resolver(compile_patterns([first, second]))
    assert first.source in caught.value.cause
    assert second.source in caught.value.cause
    assert caught.value.source == second.source
    assert first.source != second.source


def test_the_same_path_with_other_methods_is_no_conflict() -> None:
    Resolver([*make_routes("a"), *make_routes("a", methods=["POST", "PUT"])])


def test_a_conflict_in_one_method_names_the_method() -> None:
    with pytest.raises(RouteConflictError, match=r"POST /a leads to two views"):
        Resolver([*make_routes("a", methods=["GET", "POST"]), *make_routes("a", methods=["POST"])])


def test_a_conflict_in_head_alone_says_so() -> None:
    with pytest.raises(RouteConflictError, match=r"HEAD /a leads"):
        Resolver([*make_routes("a", methods=["HEAD"]), *make_routes("a", methods=["GET"])])


class EvenConverter(Converter[int]):
    regex = "[0-9]*[02468]"
    rank = 10
    example = "8"

    def to_python(self, text: str) -> int:
        return int(text)


class FolderConverter(Converter[str]):
    regex = "[a-z/]+"
    rank = 90
    example = "a/b"
    spans_segments = True

    def to_python(self, text: str) -> str:
        return text


class BareConverter(Converter[str]):
    regex = "[a-z]+"
    rank = 10

    def to_python(self, text: str) -> str:
        return text


CUSTOM: dict[str, type[Converter[Any]]] = {
    **BUILT_IN,
    "even": EvenConverter,
    "bare": BareConverter,
    "folder": FolderConverter,
}


def test_two_converters_of_equal_rank_that_take_one_text_are_a_conflict() -> None:
    with pytest.raises(RouteConflictError, match="/8"):
        Resolver(make_routes("<int:x>", "<even:x>", converters=CUSTOM))


def test_two_converters_of_equal_rank_with_other_texts_behind_them_are_none() -> None:
    routes = make_routes("<int:x>/a", "<even:x>/b", converters=CUSTOM)
    for order in (routes, routes[::-1]):
        found = Resolver(order).resolve("/8/b", "GET")
        assert isinstance(found, Match)
        assert found.route.path == "/<even:x>/b"


def test_a_converter_without_an_example_is_not_compared() -> None:
    Resolver(make_routes("<int:x>", "<bare:x>", converters=CUSTOM))


def test_a_converter_of_ones_own_may_span_segments() -> None:
    resolver = Resolver(make_routes("<folder:x>/<int:y>/<folder:z>/end", "<path:x>", converters=CUSTOM))
    found = resolver.resolve("/a/b/7/c/end", "GET")
    assert isinstance(found, Match)
    assert found.params == {"x": "a/b", "y": 7, "z": "c"}
    for target in ("/a/b/7/C/end", "/a/7/8/c/end", "/A/7/c/end", "/a/7/c/END"):
        other = resolver.resolve(target, "GET")
        assert isinstance(other, Match)
        assert other.route.path == "/<path:x>"


def test_a_route_that_is_refused_leaves_the_others_as_they_were() -> None:
    resolver = Resolver(make_routes("a/b"))
    with pytest.raises(RouteConflictError):
        resolver.add(make_routes("a/b")[0])
    assert len(resolver.routes) == 1
    assert isinstance(resolver.resolve("/a/b", "GET"), Match)


# --- a brute-force oracle --------------------------------------------------------------------------------------------

PIECES = [
    "a",
    "b",
    "<int:P>",
    "<slug:P>",
    "<str:P>",
    "<path:P>",
    "v<int:P>",
    "v<str:P>",
    "<str:P>.<int:P>",
    "<float:P>",
]
TEXTS = ["a", "b", "7", "1.5", "v7", "vx", "x.3", "-", "é", "a b", "9" * 5000, "", "\u0663"]

rules_of = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map(
    lambda pieces: name_parameters("/".join(pieces))
)
route_sets = st.lists(
    st.tuples(rules_of, st.booleans(), st.sampled_from([("GET",), ("POST",), ("GET", "POST")])), min_size=1, max_size=6
)
targets = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4).map(lambda texts: "/" + "/".join(texts))


def name_parameters(rule: str) -> str:
    counter = iter("pqrstuvwxyz")
    return re.sub("P", lambda _: next(counter), rule)


def declared(rules: list[tuple[str, bool, tuple[str, ...]]]) -> list[Route]:
    """Make routes of the rules, leaving out each that the resolver refuses."""
    resolver = Resolver()
    for rule, slash, methods in rules:
        pattern = path(rule + "/" * slash, view, methods=methods)
        for route in compile_patterns([pattern]):
            try:
                resolver.add(route)
            except RouteConflictError:
                continue
    return list(resolver.routes)


def ways(route: Route, segments: list[str], index: int = 0, at: int = 0) -> Iterable[tuple[tuple[Any, ...], list[Any]]]:
    """Yield each way in which the route matches: its key in the order of the documented rule, and its values."""
    if index == len(route.segments):
        if at == len(segments):
            yield (), []
        return
    segment = route.segments[index]
    if segment.literal is not None:
        if at < len(segments) and segments[at] == segment.literal:
            for key, values in ways(route, segments, index + 1, at + 1):
                yield ((0,), *key), values
        return
    ends = range(at + 1, len(segments) + 1) if segment.spans else [at + 1] * (at < len(segments))
    for end in ends:
        own = convert(segment.parts, "/".join(segments[at:end]))
        if own is not None:
            for key, values in ways(route, segments, index + 1, end):
                yield ((1, rank_of(segment), segment.shape, end), *key), own + values


def convert(parts: tuple[str | Parameter, ...], text: str) -> list[Any] | None:
    """Match the parts from left to right, each parameter taking as much as it can."""
    if not parts:
        return None if text else []
    first, *rest = parts
    if isinstance(first, str):
        return convert(tuple(rest), text[len(first) :]) if text.startswith(first) else None
    for end in range(len(text), 0, -1):
        if re.fullmatch(first.converter.regex, text[:end], re.DOTALL):
            behind = convert(tuple(rest), text[end:])
            if behind is not None:
                try:
                    return [first.converter.to_python(text[:end]), *behind]
                except ValueError:
                    return None
    return None


def expected(routes: list[Route], target: str, method: str) -> tuple[Route, list[Any]] | None:
    found = [
        (key, route, values)
        for route in routes
        if method in route.methods
        for key, values in ways(route, target[1:].split("/"))
    ]
    if not found:
        return None
    _, route, values = min(found, key=lambda item: item[0])
    return route, values


@settings(max_examples=150, deadline=None, database=None)
@given(route_sets, st.lists(targets, min_size=1, max_size=6))
def test_the_resolver_agrees_with_a_brute_force_search(rules: Any, paths: list[str]) -> None:
    routes = declared(rules)
    resolver = Resolver(routes)
    for target in paths:
        for method in ("GET", "POST", "PUT"):
            found = resolver.resolve(target, method)
            wanted = expected(routes, target, method)
            if wanted is None:
                assert not isinstance(found, Match)
                others = {name for route in routes if any(ways(route, target[1:].split("/"))) for name in route.methods}
                assert isinstance(found, MethodMismatch) == bool(others)
                if isinstance(found, MethodMismatch):
                    assert found.allowed == others
            else:
                assert isinstance(found, Match)
                assert (found.route, list(found.params.values())) == wanted


@settings(max_examples=60, deadline=None, database=None)
@given(route_sets, targets, st.randoms(use_true_random=False))
def test_the_order_of_declaration_changes_nothing(rules: Any, target: str, rng: random.Random) -> None:
    routes = declared(rules)
    shuffled = list(routes)
    rng.shuffle(shuffled)
    assert Resolver(routes).resolve(target, "GET") == Resolver(shuffled).resolve(target, "GET")


@settings(max_examples=60, deadline=None, database=None)
@given(route_sets, st.text(max_size=30))
def test_no_path_makes_the_resolver_raise(rules: Any, target: str) -> None:
    assert isinstance(Resolver(declared(rules)).resolve(target, "GET"), Match | MethodMismatch | SlashRedirect | Miss)
