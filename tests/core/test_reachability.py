"""What routes hide from each other, held against a search through every short path."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Application, Converter, host, path
from scaffold.exceptions import RouteConflictError, RoutingError
from scaffold.routing import BUILT_IN, Fact, Match, Resolver, Route, compile_patterns, reachability, unreachable
from scaffold.routing.rivals import Overlaps
from scaffold.routing.tree import rank_of


class Letters(Converter[str]):
    """A simple converter of a project's own, which takes all that its regular expression matches."""

    regex = language = "[ab]+"
    rank = 45
    example = "a"

    def to_python(self, text: str) -> str:
        return text


class Pairs(Letters):
    regex = language = "(?:ab|ba)*b?"
    rank = 45
    example = "ab"


class Even(Letters):
    """Its language is not known, for it refuses some of what it matches."""

    regex = "[ab1]+"
    language = ""
    rank = 42

    def to_python(self, text: str) -> str:
        if len(text) % 2 == 0:
            return text
        raise ValueError("odd")

    example = "aa"


CONVERTERS: dict[str, type[Converter[Any]]] = {**BUILT_IN, "letters": Letters, "pairs": Pairs, "even": Even}


def view(request: object, **params: object) -> str:
    return ""


def routes_of(*rules: str, methods: Iterable[str] = ("GET",)) -> list[Route]:
    return list(compile_patterns([path(rule, view, methods=methods) for rule in rules], converters=CONVERTERS))


def facts_of(*rules: str) -> dict[str, tuple[str, list[str]]]:
    return {fact.route.path: (fact.kind, [other.path for other in fact.by]) for fact in reachability(routes_of(*rules))}


# --- facts -----------------------------------------------------------------------------------------------------------


def test_a_route_beside_a_narrower_one_is_hidden_where_both_match() -> None:
    (fact,) = reachability(routes_of("blog/new/", "blog/<slug:name>/"))
    assert (fact.kind, fact.route.path, fact.example) == ("hidden", "/blog/<slug:name>/", "/blog/new/")
    assert [other.path for other in fact.by] == ["/blog/new/"]
    assert fact.sources == (fact.route.source, fact.by[0].source)


NOTHING_HIDDEN = [
    ("a/", "b/"),
    ("<int:x>/", "new/"),
    ("<int:x>/edit/", "<str:x>/view/"),
    ("v<int:x>/", "w<int:x>/"),
    ("<int(max=5):x>/", "<int(min=6):x>/"),
    ("<date:x>/", "<uuid:x>/"),
    ("<any(a,b):x>/", "c/"),
]


@pytest.mark.parametrize("rules", NOTHING_HIDDEN)
def test_routes_that_share_no_url_hide_nothing(rules: tuple[str, ...]) -> None:
    assert facts_of(*rules) == {}


UNREACHABLE = [
    ("<any(a,b):x>", ["a", "b"]),
    ("<any(a,b):x>/<int:y>/", ["a/<int:y>/", "b/<int:z>/"]),
    ("<int:x>", ["<int(min=0):y>"]),
    ("<str:x>", ["<str(min=1):y>"]),
    ("<path:x>/<any(a):y>", ["<path:x>/a"]),
]


@pytest.mark.parametrize(("wide", "narrow"), UNREACHABLE)
def test_a_route_whose_urls_others_all_take_is_unreachable(wide: str, narrow: list[str]) -> None:
    routes = routes_of(wide, *narrow)
    assert [fact.route.path for fact in unreachable(Resolver(routes))] == [f"/{wide}"]
    assert facts_of(wide, *narrow)[f"/{wide}"] == ("unreachable", [f"/{rule}" for rule in narrow][:2])


def test_a_route_that_is_left_one_url_is_reachable() -> None:
    assert facts_of("<any(a,b):x>", "a")["/<any(a,b):x>"] == ("hidden", ["/a"])
    assert unreachable(Resolver(routes_of("<any(a,b):x>", "a"))) == []


def test_a_route_with_a_method_of_its_own_is_reachable() -> None:
    routes = [*routes_of("<any(a):x>", methods=["GET", "POST"]), *routes_of("a")]
    assert [fact.kind for fact in reachability(routes)] == ["hidden"]


def test_behind_a_converter_that_may_refuse_nothing_is_unreachable() -> None:
    assert facts_of("<even:x>", "<letters:x>")["/<letters:x>"] == ("hidden", ["/<even:x>"])


def test_routes_of_other_methods_hide_nothing() -> None:
    assert reachability([*routes_of("a"), *routes_of("<x>", methods=["POST"])]) == []


def test_the_first_five_of_many_routes_are_named() -> None:
    rules = [f"page-{number}/" for number in range(2_000)]
    (fact,) = reachability(routes_of(*rules, "<slug:x>/"))
    assert len(fact.by) == 5


def test_a_route_of_a_host_is_hidden_by_others_of_the_host_alone() -> None:
    patterns = [
        path("<x>/", view),
        host("api.example.org", [path("a/", view), path("<x>/", view)]),
        host("<slug:name>.example.org", [path("a/", view)]),
    ]
    facts = reachability(compile_patterns(patterns))
    assert [(fact.route.url, fact.example) for fact in facts] == [
        ("//api.example.org/<x>/", "//api.example.org/a/"),
        ("//<slug:name>.example.org/a/", "//api.example.org/a/"),
    ]


# --- at load ---------------------------------------------------------------------------------------------------------

URLS = """from scaffold import path

urlpatterns = [
    path("<any(a,b):x>/", lambda request, x: x),
    path("a/", lambda request: "a"),
    path("b/", lambda request: "b"),
]
"""


def test_an_unreachable_route_ends_the_start_with_both_places(project: Any) -> None:
    folder = project({"apps/blog/urls.py": URLS, "config/settings.py": "DEBUG = False\n"})
    with pytest.raises(RoutingError, match="nothing reaches the route /blog/<any") as caught:
        Application.from_project(folder)
    assert caught.value.source.endswith("urls.py:4")
    assert "urls.py:5" in caught.value.cause
    assert "/blog/a/" in caught.value.cause


def test_with_debug_on_an_unreachable_route_is_logged(project: Any, caplog: pytest.LogCaptureFixture) -> None:
    folder = project({"apps/blog/urls.py": URLS, "config/settings.py": "DEBUG = True\n"})
    Application.from_project(folder)
    assert "nothing reaches the route /blog/<any" in caplog.text


# --- conflicts -------------------------------------------------------------------------------------------------------

CONFLICTS = [
    ("<int(min=1,max=5):a>", "<int(max=7):b>", "/1"),
    ("<any(a,b):x>/q", "<any(b,c):x>/<z>", "/b/q"),
    ("<letters:x>", "<pairs:y>", "/ab"),
    ("<a>-", "-<b>", "/--"),
    ("<str(length=2):x>/<y>", "<str(max=4):x>/<any(q):z>", "/aa/q"),
]


@pytest.mark.parametrize(("one", "two", "url"), CONFLICTS)
def test_two_routes_of_equal_rank_on_one_url_are_refused_with_the_url(one: str, two: str, url: str) -> None:
    for rules in ((one, two), (two, one)):
        with pytest.raises(RouteConflictError, match=f"GET {url} leads to two views"):
            Resolver(routes_of(*rules))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("<int(max=5):a>", "<int(min=6):b>"),
        ("<any(a,b):x>/q", "<any(b,c):x>/p"),
        ("a<int:x>", "b<int:x>"),
        ("<int:x>b", "a<int:x>"),
        ("<slug(length=2):a>", "<slug(min=3):b>"),
    ],
)
def test_two_routes_of_equal_rank_without_a_common_url_are_no_conflict(one: str, two: str) -> None:
    Resolver(routes_of(one, two))
    Resolver(routes_of(two, one))


# --- a brute-force oracle --------------------------------------------------------------------------------------------

PIECES = [
    "a",
    "b",
    "ab",
    "<letters:P>",
    "<pairs:P>",
    "<even:P>",
    "<any(a,b):P>",
    "<any(ab,1):P>",
    "<int:P>",
    "<int(max=1):P>",
    "<str:P>",
    "<str(length=1):P>",
    "<str(max=2):P>",
    "<slug(min=2):P>",
    "a<str:P>",
    "<str:P>b",
    "<path:P>",
]
SEGMENTS = ["", *("".join(letters) for size in (1, 2, 3) for letters in itertools.product("ab1", repeat=size))]
PATHS = [f"/{first}" for first in SEGMENTS] + [
    f"/{first}/{second}" for first in SEGMENTS[:16] for second in SEGMENTS[:16]
]


def named(rule: str) -> str:
    for name in "pqrs":
        rule = rule.replace("P>", f"{name}>", 1)
    return rule


rules = st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map("/".join).map(named)
rule_sets = st.lists(rules, min_size=2, max_size=5, unique=True)


def matched(route: Route) -> set[str]:
    alone = Resolver([route])
    return {text for text in PATHS if isinstance(alone.resolve(text, "GET"), Match)}


def equal_rank(one: Route, two: Route) -> bool:
    """Whether no rank decides between two routes at the first segment where they differ."""
    for first, second in itertools.zip_longest(one.segments, two.segments):
        if first is None or second is None:
            return False
        if first.shape == second.shape:
            continue
        return first.literal is None and second.literal is None and rank_of(first) == rank_of(second)
    return True


def kept(candidates: Sequence[Route]) -> list[Route]:
    """Leave out each route that conflicts with one before it."""
    resolver = Resolver()
    for route in candidates:
        try:
            resolver.add(route)
        except RouteConflictError:
            continue
    return resolver.routes


@settings(max_examples=150, deadline=None, database=None)
@given(rules, rules)
def test_a_conflict_is_raised_where_and_only_where_a_search_finds_one(one: str, two: str) -> None:
    first, second = routes_of(one, two)
    common = matched(first) & matched(second)
    try:
        Resolver([first, second])
    except RouteConflictError as error:
        url = error.cause.split(" ")[1]
        assert equal_rank(first, second)
        if first.path != second.path:
            assert all(isinstance(Resolver([route]).resolve(url, "GET"), Match) for route in (first, second))
    else:
        assert not (common and equal_rank(first, second))


@settings(max_examples=100, deadline=None, database=None)
@given(rule_sets)
def test_facts_agree_with_a_search_through_all_short_paths(rules: list[str]) -> None:
    routes = kept(routes_of(*rules))
    resolver = Resolver(routes)
    won = {text: found.route for text in PATHS if isinstance(found := resolver.resolve(text, "GET"), Match)}
    facts: dict[Route, Fact] = {fact.route: fact for fact in reachability(routes)}
    for route in routes:
        lost = {text for text in matched(route) if won[text] is not route}
        fact = facts.get(route)
        if fact is None:
            assert not lost, (route.path, sorted(lost)[:3])
            continue
        winner = resolver.resolve(fact.example, "GET")
        assert isinstance(winner, Match)
        assert winner.route is fact.by[0]
        assert isinstance(Resolver([route]).resolve(fact.example, "GET"), Match)
        if fact.kind == "unreachable":
            assert route not in won.values()


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.lists(
        st.sampled_from(["a", "b", "ab", "<any(a,b):x>", "<letters:x>", "<str:x>", "<pairs:x>", "1"]),
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_every_unreachable_route_of_known_languages_is_found(rules: list[str]) -> None:
    routes = kept(routes_of(*rules))
    resolver = Resolver(routes)
    won = {found.route for text in PATHS if isinstance(found := resolver.resolve(text, "GET"), Match)}
    assert {fact.route for fact in unreachable(resolver)} == set(routes) - won


@settings(max_examples=150, deadline=None, database=None)
@given(rule_sets, rules, st.sampled_from(PATHS))
def test_another_route_never_changes_which_of_two_wins(rules: list[str], added: str, target: str) -> None:
    before = kept(routes_of(*rules))
    after = kept([*before, *routes_of(added)])
    old, new = Resolver(before).resolve(target, "GET"), Resolver(after).resolve(target, "GET")
    if isinstance(old, Match):
        assert isinstance(new, Match)
        assert new.route in {old.route, after[-1]}


def test_a_language_that_cannot_be_read_is_compared_by_the_texts_of_the_other() -> None:
    class Ahead(Letters):
        regex = "(?=a)[a-z]+"
        language = ""
        rank = 10

    converters = {**CONVERTERS, "ahead": Ahead}
    one, two = compile_patterns([path("<ahead:x>", view), path("<int:x>", view)], converters=converters)
    assert Overlaps().of(one, two) is None
    three = next(compile_patterns([path("<letters:x>", view)], converters=converters))
    assert Overlaps().of(one, three) == ["a"]
