"""Views: what they take and what they may return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scaffold import Application, HTTPError, Request, Response, View, abort, redirect, url_for
from scaffold.exceptions import ScaffoldError, ViewError
from scaffold.http import current_request
from scaffold.testing import Client

from .helpers import ask, make_app


def serve(view: Callable[..., Any], rule: str = "/", **options: Any) -> Application:
    app = make_app()
    app.route(rule, name="view", **options)(view)
    return app


# --- what a view returns ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "body", "kind"),
    [
        ("<p>é</p>", "<p>é</p>", "text/html; charset=utf-8"),
        ("", "", "text/html; charset=utf-8"),
        ({"a": 1}, '{"a":1}', "application/json"),
        ({}, "{}", "application/json"),
        ([1, "é"], '[1,"é"]', "application/json"),
        (Response("x", content_type="text/css"), "x", "text/css"),
    ],
)
def test_a_view_returns_a_response_a_text_a_dict_or_a_list(value: object, body: str, kind: str) -> None:
    answer = ask(serve(lambda request: value))
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, body, kind)


def generate() -> Any:
    yield "a"


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (None, "returned None"),
        (("text", 201), "returned tuple"),
        (generate(), "returned generator"),
        (7, "returned int"),
        (b"bytes", "returned bytes"),
        (Response, "returned type"),
        ({"a": object()}, "returned what JSON has no form for"),
        ([float("nan")], "returned what JSON has no form for"),
        ([{1}], "returned what JSON has no form for"),
    ],
)
def test_anything_else_is_an_error_that_names_the_view_and_its_place(value: object, cause: str) -> None:
    def page(request: Request) -> object:
        return value

    with pytest.raises(ViewError) as caught:
        Client(serve(page)).get("/")
    assert f"the view {__name__}.test_anything_else" in caught.value.cause
    assert cause in caught.value.cause
    assert caught.value.source == f"{__file__}:{page.__code__.co_firstlineno}"
    assert (
        caught.value.hint
        == "Return a Response, a str (HTML), or a dict or list (JSON); for another status: Response(text, 404)."
    )
    assert ask(serve(page)).status == 500


def test_an_error_in_a_view_without_code_names_the_line_of_its_route() -> None:
    class Page:
        def __call__(self, request: Request) -> None:
            return None

    app = serve(Page())
    with pytest.raises(ViewError, match="Page returned None") as caught:
        Client(app).get("/")
    assert caught.value.source == app.routes[-1].source


# --- what a view takes -----------------------------------------------------------------------------------------------


def test_a_view_takes_the_parameters_by_name() -> None:
    def page(request: Request, *, b: str, a: int) -> dict[str, Any]:
        return {"a": a, "b": b, "params": dict(request.params), "route": request.route_name}

    answer = ask(serve(page, "/<int:a>/<b>/"), "/7/x/")
    assert answer.text == '{"a":7,"b":"x","params":{"a":7,"b":"x"},"route":"view"}'


def test_the_name_of_the_route_is_told_to_the_server() -> None:
    app = serve(lambda request: request.environ["scaffold.route"])
    assert ask(app).text == "view"


# --- async views -----------------------------------------------------------------------------------------------------


def test_an_async_view_is_awaited_in_the_context_of_its_request() -> None:
    async def page(request: Request) -> str:
        await asyncio.sleep(0)
        assert current_request.get() is request
        return url_for("view")

    assert ask(serve(page), SCRIPT_NAME="/m").text == "/m/"


def test_an_async_view_may_raise_an_http_error() -> None:
    async def page(request: Request) -> str:
        abort(418, "short and stout")

    assert ask(serve(page)).status == 418


def test_an_async_view_that_returns_none_is_an_error() -> None:
    async def page(request: Request) -> None:
        return None

    with pytest.raises(ViewError, match="returned None"):
        Client(serve(page)).get("/")


# --- View classes ----------------------------------------------------------------------------------------------------


class Notes(View):
    count = 0

    def get(self, request: Request, id: int) -> str:  # noqa: A002
        self.count += 1
        return f"got {id} {self.count}"

    def post(self, request: Request, id: int) -> dict[str, int]:  # noqa: A002
        return {"posted": id}

    async def delete(self, request: Request, id: int) -> Response:  # noqa: A002
        return Response(status=204)


def notes(**options: Any) -> Application:
    return serve(Notes, "/notes/<int:id>/", **options)


def test_a_view_class_has_a_method_for_each_http_method() -> None:
    app = notes()
    assert ask(app, "/notes/7/").text == "got 7 1"
    assert ask(app, "/notes/7/", "POST").text == '{"posted":7}'
    assert ask(app, "/notes/7/", "DELETE").status == 204


def test_each_request_gets_a_new_instance() -> None:
    app = notes()
    assert [ask(app, "/notes/7/").text for _ in range(2)] == ["got 7 1", "got 7 1"]


def test_head_is_served_by_get() -> None:
    answer = ask(notes(), "/notes/7/", "HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "7")


def test_another_method_is_405_and_options_tells_those_there_are() -> None:
    app = notes()
    for method, status in (("PUT", 405), ("OPTIONS", 204)):
        answer = ask(app, "/notes/7/", method)
        assert (answer.status, answer.headers["Allow"]) == (status, "DELETE, GET, HEAD, OPTIONS, POST")


def test_a_route_may_narrow_the_methods_and_widening_them_is_405() -> None:
    assert ask(notes(methods=["GET"]), "/notes/7/", "POST").status == 405
    answer = ask(notes(methods=["GET", "PUT"]), "/notes/7/", "PUT")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST, DELETE")


def test_a_method_of_python_is_no_http_method() -> None:
    with pytest.raises(HTTPError, match="405"):
        Notes()(Request({"REQUEST_METHOD": "__INIT__"}))


def test_a_view_class_may_serve_head_and_options_itself() -> None:
    class Page(View):
        def head(self, request: Request) -> Response:
            return Response(headers={"X-A": "head"})

        def options(self, request: Request) -> Response:
            return Response(status=204, headers={"X-A": "options"})

    app = serve(Page)
    assert ask(app, "/", "HEAD").headers["X-A"] == "head"
    assert ask(app, "/", "OPTIONS").headers["X-A"] == "options"
    assert ask(app, "/", "GET").status == 405


# --- shortcuts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 303), ("PUT", 303)])
def test_a_redirect_lets_the_client_follow_with_get(method: str, status: int) -> None:
    app = serve(lambda request: redirect("/next"), methods=["GET", "POST", "PUT"])
    answer = ask(app, "/", method)
    assert (answer.status, answer.headers["Location"]) == (status, "/next")


def test_a_redirect_may_have_a_status_of_its_own() -> None:
    assert ask(serve(lambda request: redirect("/next", status=308))).status == 308
    assert redirect("/next").status == 302


def test_abort_ends_a_view_from_anywhere() -> None:
    def deep() -> None:
        abort(403, "Not <you>.")

    answer = ask(serve(lambda request: deep()))
    assert answer.status == 403
    assert "Not &lt;you&gt;." in answer.text


def test_url_for_outside_of_a_request_says_so() -> None:
    with pytest.raises(ScaffoldError, match="called while no request is handled"):
        url_for("view")


def test_an_async_view_runs_while_the_thread_runs_a_loop_already() -> None:
    app = make_app()

    @app.route("/")
    async def index(request: Request) -> str:
        return app.url_for("index")

    async def ask_inside() -> str:
        return ask(app).text

    assert asyncio.run(ask_inside()) == "/"


def test_a_view_that_lacks_a_parameter_is_named_with_what_it_must_take() -> None:
    app = make_app()

    @app.route("/<int:id>/")
    def page(request: Request, pk: int) -> str:
        return str(pk)

    @app.route("/inside/")
    def inside(request: Request) -> str:
        return page(request)  # type: ignore[call-arg]

    with pytest.raises(ViewError) as caught:
        Client(app).get("/7/")
    assert "page can't be called" in caught.value.cause
    assert "calls it with (request, id)." in caught.value.hint
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'pk'"):
        Client(app).get("/inside/")
