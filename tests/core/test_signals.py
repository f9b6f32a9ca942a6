"""Signals: when they are sent, with what, and what a receiver can't break."""

from __future__ import annotations

import logging
import queue
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from blinker import Signal

from scaffold import Application, HTTPError, Request, Response, StreamingResponse
from scaffold.signals import app_loaded, got_request_exception, request_finished, request_started
from scaffold.testing import Client, LiveServer

from .helpers import ask, make_app

WAIT_SECONDS = 10


@contextmanager
def heard(*signals: Signal, sender: Any = None) -> Iterator[list[tuple[Signal, Any, dict[str, Any]]]]:
    """Yield what the signals send while the context lasts, in order."""
    events: list[tuple[Signal, Any, dict[str, Any]]] = []
    receivers: list[tuple[Signal, Callable[..., None]]] = []
    for signal in signals:

        def receive(origin: Any, *, _signal: Signal = signal, **values: Any) -> None:
            events.append((_signal, origin, values))

        receivers.append((signal, receive))
        signal.connect(receive)
    try:
        yield events
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver)


def serve() -> Application:
    app = make_app()
    app.route("/")(lambda request: "ok")

    @app.route("/broken/")
    def broken(request: Request) -> str:
        raise ValueError("oh no")

    @app.route("/gone/")
    def gone(request: Request) -> str:
        raise HTTPError(410)

    return app


def test_a_request_is_told_of_at_its_start_and_at_its_end() -> None:
    app = serve()
    with heard(request_started, request_finished, got_request_exception) as events:
        ask(app)
    (started, sender, first), (finished, _, last) = events
    assert (started, finished, sender) == (request_started, request_finished, app)
    assert first["request"] is last["request"]
    assert last["response"].status == 200


def test_an_exception_is_told_of_and_an_http_error_is_not() -> None:
    app = serve()
    with heard(got_request_exception) as events:
        ask(app, "/gone/")
        assert events == []
        ask(app, "/broken/")
        with pytest.raises(ValueError, match="oh no"):
            Client(app).get("/broken/")
    assert [str(values["error"]) for _, _, values in events] == ["oh no"] * 2
    assert events[0][2]["request"].path == "/broken/"


def test_an_exception_that_a_handler_expects_is_none() -> None:
    app = serve()
    app.error_handler(ValueError)(lambda request, error: "fine")
    with heard(got_request_exception) as events:
        ask(app, "/broken/")
        assert events == []
    other = serve()
    other.error_handler(500)(lambda request, error: "sorry")
    with heard(got_request_exception) as events:
        ask(other, "/broken/")
        assert len(events) == 1


def test_a_request_is_finished_when_all_of_its_answer_was_sent() -> None:
    app = make_app()
    order: list[str] = []

    def blocks() -> Iterator[str]:
        order.append("first")
        yield "a"
        order.append("last")
        yield "b"

    def finish(sender: Any, **values: Any) -> None:
        order.append("finished")

    app.route("/")(lambda request: StreamingResponse(blocks()))
    request_finished.connect(finish, sender=app)
    ask(app)
    assert order == ["first", "last", "finished"]


@pytest.mark.parametrize("signal", [request_started, request_finished, got_request_exception])
def test_a_receiver_that_fails_is_logged_and_breaks_nothing(signal: Signal, caplog: pytest.LogCaptureFixture) -> None:
    app = serve()

    def fail(sender: Any, **values: Any) -> None:
        raise RuntimeError("a receiver's fault")

    async def asynchronous(sender: Any, **values: Any) -> None:
        return None

    signal.connect(fail, sender=app)
    signal.connect(asynchronous, sender=app)
    assert ask(app, "/broken/").status == 500
    messages = [record.getMessage() for record in caplog.records if "receiver" in record.getMessage()]
    assert len(messages) == 2
    assert any("fail" in message for message in messages)
    assert "a receiver is a plain function" in caplog.text
    caplog.clear()
    assert ask(serve()).status == 200
    assert caplog.records == []


def test_each_app_is_told_of_when_the_project_is_there(project: Any) -> None:
    folder = project({"apps/blog/urls.py": "urlpatterns = []", "apps/shop/urls.py": "urlpatterns = []"})
    with heard(app_loaded) as events:
        app = Application.from_project(folder)
    assert [(sender, values["app"].name) for _, sender, values in events] == [(app, "blog"), (app, "shop")]


def test_the_receivers_of_an_app_are_imported_with_it(project: Any) -> None:
    code = """
from scaffold.signals import app_loaded

names = []

@app_loaded.connect
def note(sender, app):
    names.append(app.name)
"""
    folder = project({"apps/blog/urls.py": "urlpatterns = []", "apps/blog/receivers.py": code})
    app = Application.from_project(folder)
    module = sys.modules["apps.blog.receivers"]
    try:
        assert module.names == ["blog"]
        assert app.failed == ()
    finally:
        app_loaded.disconnect(module.note)


def test_broken_receivers_are_a_broken_app(project: Any) -> None:
    folder = project({"apps/blog/urls.py": "urlpatterns = []", "apps/blog/receivers.py": "import nothing_like_it"})
    (failed,) = Application.from_project(folder).failed
    assert failed.error is not None
    assert "receivers.py:1" in failed.error.source


# --- work behind the response ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("streams", [False, True])
def test_work_after_the_response_runs_when_the_client_has_its_answer(streams: bool) -> None:
    app = make_app()
    answered: queue.SimpleQueue[str] = queue.SimpleQueue()
    worked: queue.SimpleQueue[str] = queue.SimpleQueue()

    @app.route("/")
    def page(request: Request) -> Any:
        return later(StreamingResponse(iter(["ok"])) if streams else Response("ok"))

    def later(response: Any) -> Any:
        response.call_on_close(lambda: worked.put(answered.get(timeout=WAIT_SECONDS)))
        return response

    with LiveServer(app) as server:
        with urllib.request.urlopen(server.url, timeout=WAIT_SECONDS) as response:
            assert response.read() == b"ok"
        answered.put("the client has it")
        assert worked.get(timeout=WAIT_SECONDS) == "the client has it"


def test_work_after_the_response_that_fails_is_logged_with_the_request(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    done: queue.SimpleQueue[None] = queue.SimpleQueue()

    class Noticed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            done.put(None)

    @app.route("/")
    def page(request: Request) -> Any:
        response = StreamingResponse(["ok"])
        response.call_on_close(lambda: 1 / 0)
        return response

    handler = Noticed()
    logging.getLogger("scaffold.server").addHandler(handler)
    try:
        with LiveServer(app) as server:
            with urllib.request.urlopen(server.url, timeout=WAIT_SECONDS) as response:
                assert response.read() == b"ok"
            done.get(timeout=WAIT_SECONDS)
    finally:
        logging.getLogger("scaffold.server").removeHandler(handler)
    assert "GET / failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
