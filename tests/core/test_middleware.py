"""Middleware: its order, its errors, and those that come with the framework."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from scaffold import Application, HTTPError, Request, Response
from scaffold.exceptions import SettingsError, ViewError
from scaffold.middleware import Handler
from scaffold.testing import Client

from .helpers import ask

SECURITY = "scaffold.middleware.security.security_headers"


def trace(name: str) -> Callable[[Handler], Handler]:
    """Return middleware that writes its name into a header before and after the rest."""

    def wrap(handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            request.state.setdefault("trace", []).append(name)
            response = handler(request)
            response.headers["X-Trace"] = f"{response.headers.get('X-Trace', '')}{name}"
            return response

        return handle

    return wrap


def fail(error: Exception) -> Callable[[Handler], Handler]:
    def wrap(handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            raise error

        return handle

    return wrap


def returns(value: object) -> Callable[[Handler], Any]:
    return lambda handler: lambda request: value


def serve(*middleware: Any, **settings: Any) -> Application:
    app = Application({"DEBUG": False, "MIDDLEWARE": list(middleware), **settings})
    app.route("/")(lambda request: "".join(request.state.get("trace", [])))
    return app


def test_a_request_passes_from_top_to_bottom_and_its_response_back() -> None:
    answer = ask(serve(trace("a"), trace("b"), trace("c")))
    assert (answer.text, answer.headers["X-Trace"]) == ("abc", "cba")


def test_middleware_may_answer_itself() -> None:
    answer = ask(serve(trace("a"), returns(Response("mine", 202)), trace("c")))
    assert (answer.status, answer.text, answer.headers["X-Trace"]) == (202, "mine", "a")


def test_middleware_sees_the_errors_of_views_as_responses() -> None:
    answer = ask(serve(trace("a")), "/missing")
    assert (answer.status, answer.headers["X-Trace"]) == (404, "a")


@pytest.mark.parametrize(("error", "status"), [(HTTPError(403, "no"), 403), (ValueError("oh"), 500)])
def test_the_error_of_middleware_is_a_response_to_that_around_it(error: Exception, status: int) -> None:
    answer = ask(serve(trace("a"), fail(error), trace("c")))
    assert (answer.status, answer.headers["X-Trace"]) == (status, "a")


def test_the_error_of_the_outermost_middleware_is_a_response() -> None:
    assert ask(serve(fail(HTTPError(429)))).status == 429
    assert ask(serve(fail(ValueError()))).status == 500


def test_an_error_handler_handles_the_errors_of_middleware_too() -> None:
    app = serve(fail(HTTPError(403)))
    app.error_handler(403)(lambda request, error: "handled")
    answer = ask(app)
    assert (answer.status, answer.text) == (403, "handled")


@pytest.mark.parametrize("value", [None, "text"])
def test_middleware_that_returns_no_response_is_an_error_that_names_it(value: object) -> None:
    app = serve(returns(value))
    with pytest.raises(ViewError, match=r"the middleware .*returns.* returned (None|str)"):
        Client(app).get("/")
    assert ask(app).status == 500


@pytest.mark.parametrize("item", [7, lambda handler: None, lambda handler: 7, f"{__name__}.SECURITY"])
def test_what_makes_no_handler_is_refused(item: object) -> None:
    with pytest.raises(SettingsError, match="which makes no handler"):
        serve(item)


def test_middleware_may_be_a_dotted_name() -> None:
    assert ask(serve(SECURITY)).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing_of_this_name.x", "ModuleNotFoundError"),
        ("pathlib.nothing", "AttributeError"),
        ("pathlib", "ValueError"),
        ("extra_broken.x", "ZeroDivisionError"),
        ("extra_wrong.x", "SyntaxError"),
    ],
)
def test_a_dotted_name_that_cannot_be_imported_is_refused_with_the_line(project: Any, name: str, message: str) -> None:
    settings = f"DEBUG = True\n\nMIDDLEWARE = [{name!r}]\n"
    folder = project({"config/settings.py": settings, "extra_broken.py": "1 / 0", "extra_wrong.py": "("})
    with pytest.raises(SettingsError, match=f"MIDDLEWARE names '{name}', which can't be imported: {message}") as caught:
        Application.from_project(folder)
    assert caught.value.source == f"{folder}/config/settings.py:3"


def test_a_middleware_with_a_second_parameter_gets_the_application() -> None:
    seen: list[object] = []

    def wrap(handler: Handler, app: object) -> Handler:
        seen.append(app)
        return handler

    app = Application({"MIDDLEWARE": [wrap]})

    assert seen == [app]


def test_a_middleware_that_returns_its_handler_is_not_there_at_all() -> None:
    depths: list[int] = []

    def depth_of(app: Application) -> int:
        @app.route("/")
        def view(request: Request) -> str:
            frame, depth = sys._getframe(), 0
            while frame.f_back is not None:
                frame, depth = frame.f_back, depth + 1
            depths.append(depth)
            return ""

        Client(app).get("/")
        return depths[-1]

    assert depth_of(Application({"MIDDLEWARE": [lambda handler: handler]})) == depth_of(Application({}))
