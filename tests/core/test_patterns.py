"""What stands in a ``urls.py``: `path` and `include`, and what is refused there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold import View, include, path
from scaffold.exceptions import RoutingError
from scaffold.routing import UrlPattern, checked_patterns, compile_patterns, make_pattern

HERE = __file__


def view(request: object, **params: object) -> str:
    return ""


# --- path() ----------------------------------------------------------------------------------------------------------

WRONG_RULES = [
    ("/a", "begins with a slash"),
    ("a//b", "empty segment"),
    ("//", "begins with a slash"),
    ("..", "can't stand"),
    ("a/./b", "can't stand"),
    ("a?b", "can't stand"),
    ("a b", "can't stand"),
    ("a#b", "can't stand"),
    ("a\\b", "can't stand"),
    ("<int:a><int:b>", "two parameters touch"),
    ("<int:a", "no parameter"),
    ("a>", "no parameter"),
    ("<a:b:c>", "no parameter"),
    ("<>", "can't be a parameter"),
    ("<1a>", "can't be a parameter"),
    ("<class>", "can't be a parameter"),
    ("<request>", "would hide the request"),
    ("<a>/<a>", "stands twice"),
    ("<path:a>.txt", "mixes a path"),
    ("<:a>", "no converter"),
]


@pytest.mark.parametrize(("rule", "message"), WRONG_RULES)
def test_a_wrong_rule_is_refused_with_its_place(rule: str, message: str) -> None:
    with pytest.raises(RoutingError, match=re.escape(message)) as caught:
        list(compile_patterns([path(rule, view)]))
    assert caught.value.source.startswith(f"{HERE}:")
    assert caught.value.hint


def test_an_unknown_converter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RoutingError, match="Did you mean 'int'"):
        list(compile_patterns([path("<itn:x>", view)]))


def test_a_converter_like_no_other_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(RoutingError, match="There are any, date, float, int"):
        list(compile_patterns([path("<qqq:x>", view)]))


@pytest.mark.parametrize(
    ("methods", "message"), [("GET", "methods is the text"), (["G T"], "no HTTP method"), ([], "there are no methods")]
)
def test_wrong_methods_are_refused(methods: Any, message: str) -> None:
    with pytest.raises(RoutingError, match=message):
        path("a", view, methods=methods)


def test_methods_may_be_written_in_lower_case() -> None:
    assert path("a", view, methods=["post"]).methods == {"POST"}


def test_a_view_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(RoutingError, match="can't be called"):
        path("a", "blog.views.index")  # type: ignore[arg-type]


def test_a_view_class_tells_its_methods() -> None:
    class Page(View):
        def get(self, request: object) -> str:
            return ""

        def delete(self, request: object) -> str:
            return ""

    assert path("a", Page).methods == {"GET", "HEAD", "DELETE"}
    assert path("a", Page, methods=["GET"]).methods == {"GET", "HEAD"}


def test_a_route_knows_the_line_where_it_was_written_and_its_view() -> None:
    pattern = path("a/<int:x>/", view, name="n")
    line = int(pattern.source.rpartition(":")[2])
    (route,) = compile_patterns([pattern], prefix="blog/", namespace="blog", app="blog")
    assert Path(HERE).read_text(encoding="utf-8").splitlines()[line - 1].strip().startswith("pattern = path(")
    assert route.source == f"{HERE}:{line}"
    assert route.path == "/blog/a/<int:x>/"
    assert route.name == "blog:n"
    assert route.app == "blog"
    assert route.parameters == ("x",)
    assert route.view_name.endswith("test_patterns.view")


def test_a_view_that_is_an_object_is_named_by_its_class() -> None:
    class Caller:
        def __call__(self, request: object) -> str:
            return ""

    (route,) = compile_patterns([path("a", Caller())])
    assert route.view_name.endswith("Caller")


# --- include() -------------------------------------------------------------------------------------------------------


def test_included_patterns_stand_under_the_prefix_and_the_namespace() -> None:
    inner = [path("", view, name="list"), path("<int:id>/", view, name="item"), path("plain/", view)]
    outer = [path("api/", include([path("notes/", include(inner, namespace="notes"))], namespace="api"))]
    routes = list(compile_patterns(outer, prefix="app/", namespace="app"))
    assert [(route.path, route.name) for route in routes] == [
        ("/app/api/notes/", "app:api:notes:list"),
        ("/app/api/notes/<int:id>/", "app:api:notes:item"),
        ("/app/api/notes/plain/", ""),
    ]


def test_an_include_without_a_namespace_leaves_the_names_alone() -> None:
    (route,) = compile_patterns([path("a/", include((path("b", view, name="b"),)))])
    assert (route.path, route.name) == ("/a/b", "b")


def test_a_dotted_module_is_included(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_imports: None) -> None:
    (tmp_path / "extra_urls.py").write_text(
        "from scaffold import path\nurlpatterns = [path('x/', print, name='x')]\n", encoding="utf-8"
    )
    (tmp_path / "extra_empty.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    (route,) = compile_patterns([path("a/", include("extra_urls", namespace="n"))])
    assert (route.path, route.name, route.source) == ("/a/x/", "n:x", f"{tmp_path / 'extra_urls.py'}:2")
    with pytest.raises(RoutingError, match="the module has no urlpatterns"):
        include("extra_empty")
    with pytest.raises(ModuleNotFoundError):
        include("extra_missing")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: path("a/", include([]), name="x"), "takes neither name nor methods"),
        (lambda: path("a/", include([]), methods=["GET"]), "takes neither name nor methods"),
        (lambda: include([view]), "which is no path"),  # type: ignore[list-item]
        (lambda: include(7), "urlpatterns is int, not a list"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_include_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(RoutingError, match=message) as caught:
        make()
    assert caught.value.source.startswith(f"{HERE}:")


def test_patterns_may_be_a_tuple() -> None:
    patterns: tuple[UrlPattern, ...] = (make_pattern("a", view, name="", methods=None, source="x:1"),)
    assert checked_patterns(patterns, "x:1") == patterns


def test_a_view_class_without_a_method_is_refused() -> None:
    class Empty(View):
        pass

    with pytest.raises(RoutingError, match="there are no methods"):
        path("", Empty)
