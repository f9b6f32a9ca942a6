"""Error answers: plain pages, a project's own, JSON, and handlers by status and by class."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from scaffold import Application, HTTPError, Request, Response, abort
from scaffold.exceptions import AppLoadError, ClientGoneError, SettingsError, ViewError
from scaffold.testing import Client

from .helpers import ask

JSON = "application/json"


def raising(error: Callable[[], Exception]) -> Callable[[Request], Any]:
    def view(request: Request) -> Any:
        raise error()

    return view


def serve(error: Callable[[], Exception] = lambda: ValueError("oh <no>"), **templates: str) -> Application:
    texts = {f"{name.removeprefix('page_')}.html": text for name, text in templates.items()}
    app = Application({"DEBUG": False}, templates=texts)
    app.route("/")(raising(error))
    return app


# --- plain pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 429, 500, 503, 599])
def test_every_status_has_a_plain_page(status: int) -> None:
    answer = ask(serve(lambda: HTTPError(status, "Because <b>.")))
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{status} " in answer.text
    assert "<p>Because &lt;b&gt;.</p>" in answer.text


def test_the_headers_of_an_http_error_are_sent() -> None:
    answer = ask(serve(lambda: HTTPError(401, headers={"WWW-Authenticate": "Basic"})))
    assert answer.headers["WWW-Authenticate"] == "Basic"


@pytest.mark.parametrize(
    "error",
    [
        lambda: HTTPError(404, headers={"X": "a\r\nSet-Cookie: b=1"}),
        lambda: HTTPError(404, headers={"X Y": "a"}),
        lambda: HTTPError(404, "\ud800"),
    ],
)
def test_an_http_error_that_cannot_be_sent_is_a_500(error: Callable[[], Exception]) -> None:
    answer = ask(serve(error))
    assert answer.status == 500
    assert "Set-Cookie" not in answer.headers
    wrapped = Application({"DEBUG": False, "MIDDLEWARE": [lambda handler: raising(error)]})
    assert ask(wrapped).status == 500
    debug = Application({"DEBUG": True})
    debug.route("/")(raising(error))
    assert ask(debug).status == 500


def test_another_error_is_a_500_that_tells_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(serve())
    assert answer.status == 500
    assert "oh" not in answer.text
    (record,) = caplog.records
    assert record.name == "scaffold.request"
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "GET '/' failed"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_an_http_error_is_not_logged_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    ask(serve(lambda: HTTPError(404)))
    assert caplog.records == []


# --- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (lambda: HTTPError(404, "No <x>."), {"status": 404, "error": "Not Found", "detail": "No <x>."}),
        (lambda: HTTPError(404), {"status": 404, "error": "Not Found", "detail": "Not Found"}),
        (
            lambda: ValueError("secret"),
            {
                "status": 500,
                "error": "Internal Server Error",
                "detail": "The server could not answer. It has noted the reason.",
            },
        ),
    ],
)
def test_a_client_that_prefers_json_gets_json(error: Callable[[], Exception], data: dict[str, object]) -> None:
    answer = ask(serve(error, page_404="own page", page_500="own page"), HTTP_ACCEPT=JSON)
    assert answer.headers["Content-Type"] == JSON
    assert json.loads(answer.body) == data
    assert answer.status == data["status"]


# --- a project's own pages -------------------------------------------------------------------------------------------


def test_a_projects_own_page_is_used_with_its_context() -> None:
    app = serve(
        lambda: HTTPError(404, "No <x>.", headers={"X-A": "1"}),
        page_404="{{ status }} {{ reason }} {{ detail }} {{ request.path }}",
    )
    answer = ask(app)
    assert (answer.status, answer.text) == (404, "404 Not Found No &lt;x&gt;. /")
    assert answer.headers["X-A"] == "1"
    assert ask(app, "/missing").text == "404 Not Found There is no page at this address. /missing"


def test_a_projects_own_page_is_used_for_a_failure() -> None:
    assert ask(serve(page_500="{{ status }} sorry")).text == "500 sorry"


@pytest.mark.parametrize("text", ["{{ nothing }}", "{% if %}", "{% extends 'missing.html' %}"])
@pytest.mark.parametrize("status", [404, 500])
def test_an_own_page_that_fails_is_replaced_by_the_plain_one_and_logged(
    text: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(serve(lambda: HTTPError(status), **{f"page_{status}": text}))
    assert answer.status == status
    assert f"<h1>{status} " in answer.text
    assert f"the page for the status {status} failed too: {status}.html" in caplog.text


# --- handlers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        ("mine", 404, "mine"),
        ({"a": 1}, 404, '{"a":1}'),
        ([1], 404, "[1]"),
        (Response("mine", 200), 200, "mine"),
    ],
)
def test_a_handler_returns_what_a_view_returns(value: object, status: int, text: str) -> None:
    app = serve(lambda: HTTPError(404))
    app.error_handler(404)(lambda request, error: value)
    answer = ask(app)
    assert (answer.status, answer.text) == (status, text)


def test_a_handler_may_be_async() -> None:
    app = serve(lambda: HTTPError(404))

    @app.error_handler(404)
    async def handle(request: Request, error: HTTPError) -> str:
        return error.detail

    answer = ask(app)
    assert (answer.status, answer.text) == (404, "Not Found")


def test_an_async_handler_keeps_the_status_of_its_response() -> None:
    app = serve(lambda: HTTPError(404))

    @app.error_handler(404)
    async def handle(request: Request, error: HTTPError) -> Response:
        return Response("mine", 200)

    assert ask(app).status == 200


@pytest.mark.parametrize("value", [None, ("a", 404), 7])
def test_a_handler_that_returns_something_else_is_an_error_that_names_it(value: object) -> None:
    app = serve(lambda: HTTPError(404))

    @app.error_handler(404)
    def own_handler(request: Request, error: HTTPError) -> object:
        return value

    assert ask(app).status == 500
    with pytest.raises(ViewError, match="own_handler returned"):
        Client(app).get("/")


class ShopError(Exception):
    pass


class SoldOutError(ShopError):
    pass


def named(name: str) -> Callable[[Request, Any], str]:
    return lambda request, error: name


@pytest.mark.parametrize(
    ("kinds", "error", "winner"),
    [
        ([ShopError], SoldOutError, "ShopError"),
        ([ShopError, SoldOutError], SoldOutError, "SoldOutError"),
        ([Exception, ShopError], SoldOutError, "ShopError"),
        ([Exception], SoldOutError, "Exception"),
        ([500], SoldOutError, "500"),
        ([500, ShopError], SoldOutError, "ShopError"),
        ([404], lambda: HTTPError(404), "404"),
        ([HTTPError], lambda: HTTPError(404), "HTTPError"),
        ([404, HTTPError], lambda: HTTPError(404), "404"),
        ([404, Exception], lambda: HTTPError(404), "404"),
        ([403, Exception], lambda: HTTPError(404), "Exception"),
    ],
)
def test_the_handler_nearest_to_the_error_wins(kinds: list[Any], error: Callable[[], Exception], winner: str) -> None:
    for order in (kinds, kinds[::-1]):
        app = serve(error)
        for kind in order:
            app.error_handler(kind)(named(getattr(kind, "__name__", str(kind))))
        assert ask(app).text == winner


def test_a_handler_by_class_has_the_status_500() -> None:
    app = serve(SoldOutError)
    app.error_handler(ShopError)(named("sorry"))
    assert ask(app).status == 500


def test_a_handler_that_fails_is_a_500_and_its_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = serve(lambda: HTTPError(404))

    @app.error_handler(404)
    def handle(request: Request, error: HTTPError) -> str:
        raise KeyError("handler")

    answer = ask(app)
    assert answer.status == 500
    assert "KeyError: 'handler'" in caplog.text


def test_a_handler_may_raise_another_http_error() -> None:
    app = serve(SoldOutError)

    @app.error_handler(SoldOutError)
    def handle(request: Request, error: SoldOutError) -> str:
        abort(410, "Sold out.")

    answer = ask(app)
    assert answer.status == 410
    assert "Sold out." in answer.text


def test_a_handler_of_500_that_fails_is_not_called_without_end() -> None:
    calls = []
    app = serve()

    @app.error_handler(500)
    def handle(request: Request, error: Exception) -> str:
        calls.append(error)
        raise ValueError("again")

    assert ask(app).status == 500
    assert len(calls) == 1


# --- on the way to a view --------------------------------------------------------------------------------------------


def test_a_path_that_is_not_utf_8_is_a_400() -> None:
    assert ask(serve(), "/\xff").status == 400


def test_a_body_that_is_too_large_is_a_413() -> None:
    app = Application({"DEBUG": False, "MAX_BODY_BYTES": 3})
    app.route("/", methods=["POST"])(lambda request: request.text)
    assert ask(app, "/", "POST", b"abc").text == "abc"
    assert ask(app, "/", "POST", b"abcd").status == 413


@pytest.mark.parametrize(("kind", "lines"), [(500, 1), (Exception, 1), (ZeroDivisionError, 0)])
def test_an_error_that_a_general_handler_answers_is_in_the_log(
    kind: Any, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application({"DEBUG": False})
    app.route("/")(lambda request: 1 / 0)
    app.error_handler(kind)(lambda request, error: "sorry")
    assert ask(app).text == "sorry"
    assert len(caplog.records) == lines


# --- handlers of a project and of its apps ---------------------------------------------------------------------------


class OutOfStockError(LookupError):
    pass


def sold_out(request: Request, error: Exception) -> Response:
    return Response("sold out", 409)


def test_handlers_are_a_setting(caplog: pytest.LogCaptureFixture) -> None:
    handlers = {
        404: lambda request, error: "nowhere",
        f"{__name__}.OutOfStockError": f"{__name__}.sold_out",
        LookupError: lambda request, error: "any lookup",
    }
    app = Application({"DEBUG": False, "ERROR_HANDLERS": handlers})
    app.route("/")(raising(OutOfStockError))
    app.route("/key/")(raising(KeyError))
    assert (ask(app).status, ask(app).text) == (409, "sold out")
    assert (ask(app, "/key/").status, ask(app, "/key/").text) == (500, "any lookup")
    assert (ask(app, "/x/").status, ask(app, "/x/").text) == (404, "nowhere")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("handlers", "cause"),
    [
        ({404: 7}, "ERROR_HANDLERS[404] is 7, which can't be called"),
        ({404: lambda request: ""}, "ERROR_HANDLERS[404] can't be called with 2 arguments"),
        ({404: "apps.nowhere.view"}, "ERROR_HANDLERS names 'apps.nowhere.view', which can't be imported"),
        ({200: sold_out}, "ERROR_HANDLERS has the key 200"),
        ({True: sold_out}, "ERROR_HANDLERS has the key True"),
        ({"404": sold_out}, "ERROR_HANDLERS has the key '404'"),
        ({"builtins.int": sold_out}, "ERROR_HANDLERS has the key 'builtins.int'"),
        ({"apps.nowhere.Error": sold_out}, "ERROR_HANDLERS names 'apps.nowhere.Error'"),
        ({KeyboardInterrupt: sold_out}, "ERROR_HANDLERS has the key"),
    ],
)
def test_a_wrong_handler_is_an_error_at_the_start(handlers: dict[Any, Any], cause: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Application({"DEBUG": False, "ERROR_HANDLERS": handlers})
    assert caught.value.cause.startswith(cause)
    assert caught.value.hint


SHOP = """
from scaffold import HTTPError, path

def broken(request):
    raise KeyError("lamp")

def gone(request):
    raise HTTPError(410)

error_handlers = {404: lambda request, error: "no such lamp", KeyError: lambda request, error: "shop"}
urlpatterns = [path("broken/", broken), path("gone/", gone)]
"""
SETTINGS = """
DEBUG = False
SECRET_KEY = "long enough for a test, and still no secret at all"
ALLOWED_HOSTS = ["*"]
ERROR_HANDLERS = {
    404: lambda request, error: "no such page",
    410: lambda request, error: "gone",
    LookupError: lambda request, error: "lookup",
    KeyError: lambda request, error: "project",
}
"""


def test_the_handlers_of_an_app_come_first_for_its_requests(project: Callable[..., Any]) -> None:
    blog = SHOP.replace("error_handlers =", "nothing =")
    files = {"apps/shop/urls.py": SHOP, "apps/blog/urls.py": blog, "config/settings.py": SETTINGS}
    app = Application.from_project(project(files))
    assert ask(app, "/shop/broken/").text == "shop"
    assert ask(app, "/shop/gone/").text == "gone"
    assert ask(app, "/blog/broken/").text == "project"
    assert ask(app, "/shop/nowhere/").text == "no such lamp"
    assert ask(app, "/blog/nowhere/").text == "no such page"
    assert ask(app, "/nowhere/").text == "no such page"
    assert ask(app, "/shop/\xff/").status == 400


def test_the_more_specific_class_wins_over_the_app(project: Callable[..., Any]) -> None:
    shop = SHOP.replace("KeyError: lambda", "LookupError: lambda")
    app = Application.from_project(project({"apps/shop/urls.py": shop, "config/settings.py": SETTINGS}))
    assert ask(app, "/shop/broken/").text == "project"


def test_wrong_handlers_of_an_app_are_a_broken_app(project: Callable[..., Any]) -> None:
    folder = project({"apps/shop/urls.py": "error_handlers = {404: 7}\nurlpatterns = []"})
    (failed,) = Application.from_project(folder).failed
    assert isinstance(failed.error, AppLoadError)
    assert "error_handlers[404] is 7" in failed.error.cause
    assert failed.error.source == f"{folder / 'apps/shop/urls.py'}:1"


def test_nobody_is_answered_when_the_client_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    app = Application({"DEBUG": True, "ERROR_HANDLERS": {500: sold_out, Exception: sold_out}})
    app.route("/")(raising(ClientGoneError))
    answer = Client(app).get("/")
    assert (answer.status, answer.text) == (499, "")
    assert caplog.records == []
