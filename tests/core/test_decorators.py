"""Decorators: on every kind of view, and whatever it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from scaffold import Application, HTTPError, Request, Response, View, cache_control, etag, no_store, require_methods
from scaffold.checks.views import check_views
from scaffold.exceptions import ViewError
from scaffold.testing import Client

from .helpers import ask, make_app

Decorator = Callable[[Any], Any]


def as_function(decorate: Decorator) -> Any:
    @decorate
    def page(request: Request, id: int) -> str:  # noqa: A002
        return f"page {id}"

    return page


def as_async_function(decorate: Decorator) -> Any:
    @decorate
    async def page(request: Request, id: int) -> str:  # noqa: A002
        return f"page {id}"

    return page


def as_method(decorate: Decorator) -> Any:
    class Page(View):
        @decorate
        def get(self, request: Request, id: int) -> str:  # noqa: A002
            return f"page {id}"

    return Page


def as_async_method(decorate: Decorator) -> Any:
    class Page(View):
        @decorate
        async def get(self, request: Request, id: int) -> str:  # noqa: A002
            return f"page {id}"

    return Page


def as_class(decorate: Decorator) -> Any:
    @decorate
    class Page(View):
        def get(self, request: Request, id: int) -> str:  # noqa: A002
            return f"page {id}"

    return Page


KINDS = [as_function, as_async_function, as_method, as_async_method, as_class]


def serve(view: Any, **options: Any) -> Application:
    app = make_app()
    app.route("/<int:id>/", **options)(view)
    return app


def tag_of(request: Request, id: int) -> str | None:  # noqa: A002
    return f"v{id}" if id else None


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize(
    ("decorate", "name", "value"),
    [
        (cache_control(max_age=60, public=True), "Cache-Control", "public, max-age=60"),
        (no_store, "Cache-Control", "no-store"),
        (etag(tag_of), "ETag", '"v7"'),
        (require_methods("GET"), "Content-Type", "text/html; charset=utf-8"),
    ],
)
def test_a_decorator_works_on_every_kind_of_view(
    make: Callable[[Decorator], Any], decorate: Decorator, name: str, value: str
) -> None:
    app = serve(make(decorate))
    answer = ask(app, "/7/")
    assert (answer.status, answer.text) == (200, "page 7")
    assert sorted(answer.headers[name].split(", ")) == sorted(value.split(", "))
    assert list(check_views(app)) == []


def test_a_decorated_view_keeps_its_name_and_its_signature() -> None:
    page = as_function(cache_control(max_age=1))
    assert page.__name__ == "page"
    assert list(inspect.signature(page).parameters) == ["request", "id"]
    assert inspect.iscoroutinefunction(as_async_function(no_store))
    with pytest.raises(ViewError, match="page returned None"):
        Client(serve(no_store(lambda_page()))).get("/7/")


def lambda_page() -> Any:
    def page(request: Request, id: int) -> None:  # noqa: A002
        return None

    return page


# --- methods ---------------------------------------------------------------------------------------------------------


def test_a_route_takes_its_methods_from_the_view() -> None:
    app = serve(as_function(require_methods("GET", "POST")))
    assert ask(app, "/7/", "POST").text == "page 7"
    answer = ask(app, "/7/", "PUT")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_a_method_beyond_those_of_the_view_is_405_with_allow() -> None:
    answer = ask(serve(as_function(require_methods("get")), methods=["GET", "POST"]), "/7/", "POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_the_methods_of_a_class_are_narrowed() -> None:
    @require_methods("GET")
    class Page(View):
        def get(self, request: Request, id: int) -> str:  # noqa: A002
            return "got"

        def post(self, request: Request, id: int) -> str:  # noqa: A002
            return "posted"

    assert ask(serve(Page), "/7/", "POST").status == 405


def test_no_methods_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="needs methods"):
        require_methods()


# --- caching ---------------------------------------------------------------------------------------------------------


def failing(request: Request, id: int) -> str:  # noqa: A002
    raise HTTPError(404)


def test_an_error_is_not_cached_as_the_answer_would_be() -> None:
    assert "Cache-Control" not in ask(serve(cache_control(max_age=60)(failing)), "/7/").headers
    assert ask(serve(no_store(failing)), "/7/").headers["Cache-Control"] == "no-store"


def test_a_view_may_have_its_own_word_on_caching() -> None:
    @cache_control(max_age=60)
    def page(request: Request, id: int) -> Response:  # noqa: A002
        return Response("x", headers={"Cache-Control": "private"})

    assert ask(serve(page), "/7/").headers["Cache-Control"] == "private"


def test_wrong_directives_are_an_error_where_they_are_written() -> None:
    with pytest.raises(TypeError, match="max_aeg"):
        cache_control(max_aeg=60)
    with pytest.raises(ValueError, match="public"):
        cache_control(public=True, private=True)


# --- entity tags -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", KINDS)
def test_a_client_that_has_the_answer_gets_304_without_a_call(make: Callable[[Decorator], Any]) -> None:
    app = serve(make(etag(tag_of)))
    answer = ask(app, "/7/", HTTP_IF_NONE_MATCH='"v7"')
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", '"v7"')
    assert ask(app, "/7/", HTTP_IF_NONE_MATCH='"v6"').status == 200
    assert ask(app, "/7/", HTTP_IF_MATCH='"v6"').status == 412
    assert ask(app, "/7/", HTTP_IF_MATCH='"v7"').status == 200


def test_without_a_tag_nothing_is_added() -> None:
    answer = ask(serve(as_function(etag(tag_of))), "/0/", HTTP_IF_NONE_MATCH='"v0"')
    assert answer.status == 200
    assert "ETag" not in answer.headers


def test_a_change_carries_no_tag_of_what_was_before() -> None:
    app = serve(as_function(etag(tag_of)), methods=["PUT"])
    assert "ETag" not in ask(app, "/7/", "PUT", HTTP_IF_MATCH='"v7"').headers
    assert ask(app, "/7/", "PUT", HTTP_IF_MATCH='"old"').status == 412
    assert ask(app, "/7/", "PUT", HTTP_IF_NONE_MATCH="*").status == 412


@pytest.mark.parametrize(("tag", "sent"), [('"a b"', None), ("é", None), ('W/"x"', 'W/"x"'), ('"x"', '"x"')])
def test_a_tag_must_be_one(tag: str, sent: str | None) -> None:
    app = serve(as_function(etag(lambda request, id: tag)))  # noqa: A006
    answer = ask(app, "/7/")
    assert (answer.status, answer.headers.get("ETag")) == ((500, None) if sent is None else (200, sent))


def number_of(request: Request, id: int) -> Any:  # noqa: A002
    return id


def test_the_function_of_etag_returns_a_text_or_none() -> None:
    with pytest.raises(TypeError, match="returned int"):
        Client(serve(as_function(etag(number_of)))).get("/7/")


# --- after this request ----------------------------------------------------------------------------------------------


def test_middleware_sees_what_was_done_after_the_request() -> None:
    seen: list[str] = []

    def look(handler: Any) -> Any:
        def handle(request: Request) -> Response:
            response: Response = handler(request)
            seen.append(response.headers["X-A"])
            return response

        return handle

    app = make_app(MIDDLEWARE=[look])

    @app.route("/")
    def page(request: Request) -> str:
        request.after_this_request(lambda response: response.headers.__setitem__("X-A", "1"))
        return "ok"

    assert ask(app).headers["X-A"] == "1"
    assert seen == ["1"]


def test_what_fails_after_the_request_is_answered_like_an_error_in_the_view() -> None:
    app = make_app()

    @app.route("/")
    def page(request: Request) -> str:
        request.after_this_request(lambda response: 1 / 0)
        return "ok"

    assert ask(app).status == 500
