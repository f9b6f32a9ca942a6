"""Routes of a host, and the URLs that lead to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.helpers import ask, make_app
from scaffold import Application, Request, host, path, url_for
from scaffold.exceptions import ReverseError, RouteConflictError, RoutingError
from scaffold.routing import Match, MethodMismatch, Miss, Resolver, Reverser, SlashRedirect, compile_patterns
from scaffold.routing.resolver import host_name


def view(request: object, **params: object) -> str:
    return ""


def app_of(*patterns: Any, **settings: Any) -> Application:
    app = make_app(**settings)
    for pattern in patterns:
        app._add_pattern(pattern)
    return app


def told(name: str) -> Any:
    return lambda request, **params: f"{name} {sorted(params.items())}"


PATTERNS = [
    path("", told("any"), name="any"),
    path("plain/", told("plain"), name="plain"),
    host("api.example.org", [path("", told("api"), name="root"), path("new", told("new"), methods=["POST"])]),
    host("<slug:tenant>.example.org", [path("<int:id>/", told("tenant"), name="item")], namespace="shop"),
    host("*.cdn.example.org", [path("files/<path:file>", told("cdn"), name="cdn")]),
]

ANSWERS = [
    ("api.example.org", "/", "api []"),
    ("API.EXAMPLE.ORG.", "/", "api []"),
    ("api.example.org:8000", "/", "api []"),
    ("red.example.org", "/7/", "tenant [('id', 7), ('tenant', 'red')]"),
    ("api.example.org", "/7/", "tenant [('id', 7), ('tenant', 'api')]"),
    ("red.example.org", "/", "any []"),
    ("x.red.example.org", "/", "any []"),
    ("example.org", "/plain/", "plain []"),
    ("api.example.org", "/plain/", "plain []"),
    ("a.cdn.example.org", "/files/b/c", "cdn [('file', 'b/c')]"),
    ("[::1]:8000", "/", "any []"),
    ("127.0.0.1", "/", "any []"),
    ("a..example.org", "/", "any []"),
]


@pytest.mark.parametrize(("name", "target", "answer"), ANSWERS)
def test_the_routes_of_a_host_come_first_and_others_serve_the_rest(name: str, target: str, answer: str) -> None:
    app = app_of(*PATTERNS, ALLOWED_HOSTS=["*"])
    assert ask(app, target, HTTP_HOST=name).text == answer


@pytest.mark.parametrize("name", ["example.org", "api.example.com", "api.example.org.evil", "", "x.:.org", "[::1]"])
def test_another_host_does_not_see_the_routes_of_one(name: str) -> None:
    resolver = Resolver(compile_patterns([host("api.example.org", [path("a/", view)])]))
    assert resolver.resolve("/a/", "GET", name) == Miss()
    assert isinstance(resolver.resolve("/a/", "GET", "api.example.org"), Match)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="ab.:[]/<>é \\\x00", max_size=12), st.text(alphabet="/a.", max_size=6))
def test_no_host_makes_the_resolver_raise(name: str, tail: str) -> None:
    found = Resolver(compile_patterns(PATTERNS)).resolve(f"/{tail}", "GET", name)
    assert isinstance(found, Match | MethodMismatch | SlashRedirect | Miss)


def test_methods_and_slashes_are_looked_at_across_hosts() -> None:
    patterns = [path("a/", view, methods=["PUT"]), host("h", [path("a/", view, methods=["POST"]), path("b/", view)])]
    resolver = Resolver(compile_patterns(patterns))
    assert resolver.resolve("/a/", "GET", "h") == MethodMismatch(frozenset({"POST", "PUT"}))
    assert resolver.resolve("/a/", "GET", "i") == MethodMismatch(frozenset({"PUT"}))
    assert resolver.resolve("/b", "GET", "h") == SlashRedirect("/b/")
    assert resolver.resolve("b", "GET", "h") == Miss()
    assert isinstance(resolver.resolve("/a/", "PUT", "h"), Match)


def test_a_narrower_host_comes_first_in_either_order() -> None:
    patterns = [host(name, [path("", view)]) for name in ("*.b", "<slug:x>.b", "<int:x>.b", "7.b")]
    for order in (patterns, patterns[::-1]):
        resolver = Resolver(compile_patterns(order))
        found = [resolver.resolve("/", "GET", f"{label}.b") for label in ("7", "8", "x", "é")]
        assert [match.route.host for match in found] == ["7.b", "<int:x>.b", "<slug:x>.b", "*.b"]


def test_two_hosts_that_may_be_one_are_a_conflict_with_the_host_in_the_message() -> None:
    patterns = [host("<any(a,b):x>.org", [path("q", view)]), host("<any(b,c):x>.org", [path("q", view)])]
    with pytest.raises(RouteConflictError, match=r"GET //b\.org/q leads to two views"):
        Resolver(compile_patterns(patterns))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "https://example.org",
        "example.org:80",
        "example.org/",
        "a b",
        ".org",
        "a..b",
        "é.org",
        "<path:x>.org",
        "a>b",
    ],
)
def test_what_is_no_host_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(RoutingError) as caught:
        list(compile_patterns([host(name, [path("", view)])]))
    assert caught.value.source.startswith(__file__)
    assert caught.value.hint


def test_a_host_inside_of_a_host_is_refused() -> None:
    with pytest.raises(RoutingError, match="stands inside of a host"):
        list(compile_patterns([host("a", [host("b", [path("", view)])])]))


def test_a_parameter_of_host_and_path_alike_is_refused() -> None:
    with pytest.raises(RoutingError, match="stands twice"):
        list(compile_patterns([host("<x>.org", [path("<x>/", view)])]))


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("A.b", "a.b"),
        ("a.b:80", "a.b"),
        ("a.b.", "a.b"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("", ""),
        ("[", ""),
    ],
)
def test_the_name_of_a_host_is_what_stands_before_the_port(field: str, name: str) -> None:
    assert host_name(field) == name


# --- url_for ---------------------------------------------------------------------------------------------------------


def urls_at(name: str, *wanted: tuple[str, dict[str, Any]], **environ: Any) -> list[str]:
    def urls(request: Request) -> list[str]:
        return [url_for(route, **values) for route, values in wanted]

    app = app_of(*PATTERNS, path("urls/", urls), ALLOWED_HOSTS=["*"])
    return list(json.loads(ask(app, "/urls/", HTTP_HOST=name, **environ).text))


def test_a_route_of_the_current_host_has_a_path_and_one_of_another_a_whole_url() -> None:
    item = ("shop:item", {"tenant": "red", "id": 7})
    assert urls_at("red.example.org:8000", item, ("root", {}), ("plain", {})) == [
        "/7/",
        "http://api.example.org:8000/",
        "/plain/",
    ]
    assert urls_at("api.example.org", item, ("root", {})) == ["http://red.example.org/7/", "/"]


def test_the_scheme_and_the_mount_of_the_request_go_along() -> None:
    urls = urls_at("a.org", ("root", {}), **{"wsgi.url_scheme": "https", "SCRIPT_NAME": "/site"})
    assert urls == ["https://api.example.org/site/"]


def test_a_star_stands_for_the_label_of_the_current_host_or_for_nothing() -> None:
    assert urls_at("b.cdn.example.org", ("cdn", {"file": "x"})) == ["/files/x"]
    with pytest.raises(ReverseError, match="nothing says what the \\* stands for"):
        Reverser(compile_patterns(PATTERNS)).reverse("cdn", {"file": "x"}, "other.org")


def test_outside_of_a_request_the_url_begins_with_the_host() -> None:
    app = app_of(*PATTERNS)
    assert app.url_for("root") == "//api.example.org/"
    assert app.url_for("root", _scheme="https") == "https://api.example.org/"
    assert app.url_for("shop:item", tenant="red", id=1) == "//red.example.org/1/"


@pytest.mark.parametrize("value", ["a.b", "-a", "é", "a/b", "x" * 64, "a:80"])
def test_a_value_that_is_no_label_is_refused(value: str) -> None:
    reverser = Reverser(compile_patterns([host("<x>.org", [path("", view, name="n")])]))
    with pytest.raises(ReverseError):
        reverser.reverse("n", {"x": value})


def test_resolve_takes_a_host_and_else_that_of_the_request() -> None:
    app = app_of(*PATTERNS)
    assert app.resolve("/", host="api.example.org").route.host == "api.example.org"
    assert app.resolve("/").route.host == ""
