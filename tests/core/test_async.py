"""Async views: one loop a thread, nothing left behind, and an end when the client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import queue
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from scaffold import Request, Response, StreamingResponse, View
from scaffold.http import current_request
from scaffold.http.coroutines import iterate, run
from scaffold.testing import Client, LiveServer

from .helpers import ask, make_app

WAIT_SECONDS = 10
Seen = queue.SimpleQueue[Any]


async def loop_id() -> int:
    return id(asyncio.get_running_loop())


def in_thread(function: Callable[[], Any]) -> Any:
    found: Seen = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: found.put(function()))
    thread.start()
    thread.join(WAIT_SECONDS)
    return found.get(timeout=WAIT_SECONDS)


@contextmanager
def connected(app: Any, path: str = "/") -> Iterator[socket.socket]:
    """Send a request to a real server and yield the connection."""
    with LiveServer(app) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0), WAIT_SECONDS) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            yield connection


# --- the loop --------------------------------------------------------------------------------------------------------


def test_a_thread_keeps_its_loop() -> None:
    assert run(loop_id()) == run(loop_id())


def test_each_thread_has_a_loop_of_its_own_that_is_closed_with_it() -> None:
    async def loop() -> Any:
        return asyncio.get_running_loop()

    other = in_thread(lambda: run(loop()))
    assert other is not run(loop())
    gc.collect()
    assert other.is_closed()


def test_the_loop_keeps_nothing_of_the_request_that_made_it() -> None:
    app = make_app()
    contexts: list[Any] = []

    @app.route("/")
    async def page(request: Request) -> str:
        asyncio.get_running_loop().call_soon(lambda: contexts.append(current_request.get(None)))
        await asyncio.sleep(0)
        return "ok"

    def serve() -> bool:
        ask(app)
        contexts.clear()
        run(loop_id())
        loop = run(own_loop())
        loop.call_soon(lambda: contexts.append(current_request.get(None)))
        run(asyncio.sleep(0))
        return contexts == [None]

    async def own_loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert in_thread(serve)


def test_a_view_that_raises_leaves_nothing_for_the_collector() -> None:
    class Held:
        pass

    async def fail() -> None:
        held = Held()
        references.append(weakref.ref(held))
        raise ValueError("oh no")

    references: list[weakref.ref[Held]] = []
    run(loop_id())
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(ValueError):
            run(fail())
        assert references[0]() is None
    finally:
        gc.enable()


def test_asyncio_is_not_imported_before_an_async_view_is_called() -> None:
    code = (
        "import sys\n"
        "from scaffold import Application\n"
        "from scaffold.testing import Client\n"
        "app = Application({'DEBUG': False})\n"
        "app.route('/')(lambda request: 'ok')\n"
        "Client(app).get('/')\n"
        "print('asyncio' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == "False\n"


def test_a_view_that_is_cancelled_from_inside_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()

    @app.route("/")
    async def page(request: Request) -> str:
        raise asyncio.CancelledError

    assert ask(app).status == 500
    assert "cancelled from inside" in caplog.text


# --- what a view leaves behind ---------------------------------------------------------------------------------------


def test_tasks_that_a_view_leaves_behind_are_cancelled_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    ended: list[str] = []

    async def forgotten() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forgotten")

    @app.route("/")
    async def page(request: Request) -> str:
        page.task = asyncio.create_task(forgotten(), name="mail")  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        return "ok"

    assert ask(app).text == "ok"
    assert ended == ["forgotten"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("GET '/' left tasks behind, which were cancelled: ")
    assert "forgotten (mail)" in record.getMessage()


def test_a_task_that_is_done_needs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> int:
        return await asyncio.create_task(asyncio.sleep(0, 7))

    assert run(main()) == 7
    assert caplog.records == []


# --- streams ---------------------------------------------------------------------------------------------------------


def test_an_async_iterable_is_stepped_on_the_loop_of_the_thread_and_closed() -> None:
    seen: list[Any] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            for number in range(3):
                seen.append(await loop_id())
                yield number
        finally:
            seen.append("closed")

    expected = run(loop_id())
    assert list(iterate(numbers())) == [0, 1, 2]
    assert seen == [expected] * 3 + ["closed"]
    seen.clear()
    steps = iterate(numbers())
    assert next(steps) == 0
    steps.close()  # type: ignore[attr-defined]
    assert seen == [expected, "closed"]


def test_a_task_of_an_async_iterable_lives_as_long_as_it_does() -> None:
    async def produced() -> AsyncIterator[int]:
        items: asyncio.Queue[int] = asyncio.Queue(1)

        async def produce() -> None:
            for number in range(3):
                await items.put(number)

        task = asyncio.create_task(produce())
        for _ in range(3):
            yield await items.get()
        await task

    assert list(iterate(produced())) == [0, 1, 2]


def test_what_an_async_iterable_raises_is_raised() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ValueError("oh no")

    steps = iterate(broken())
    assert next(steps) == 1
    with pytest.raises(ValueError, match="oh no"):
        next(steps)


def test_an_async_iterable_may_be_stepped_while_the_thread_runs_a_loop() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(0)
        yield 2

    async def outer() -> list[int]:
        return list(iterate(numbers()))

    assert asyncio.run(outer()) == [1, 2]


# --- the client ------------------------------------------------------------------------------------------------------


def waiting_app(seen: Seen, statuses: Seen) -> Any:
    def note(handler: Any) -> Any:
        def handle(request: Request) -> Response:
            response: Response = handler(request)
            statuses.put(response.status)
            return response

        return handle

    app = make_app(MIDDLEWARE=[note])

    @app.route("/")
    async def page(request: Request) -> str:
        seen.put("began")
        try:
            await asyncio.Event().wait()
        finally:
            seen.put("ended")
        return "never"

    return app


def test_an_async_view_is_cancelled_when_the_client_leaves(caplog: pytest.LogCaptureFixture) -> None:
    seen: Seen = queue.SimpleQueue()
    statuses: Seen = queue.SimpleQueue()
    with connected(waiting_app(seen, statuses)) as connection:
        assert seen.get(timeout=WAIT_SECONDS) == "began"
        connection.close()
        assert seen.get(timeout=WAIT_SECONDS) == "ended"
        assert statuses.get(timeout=WAIT_SECONDS) == 499
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_client_that_closes_its_half_of_the_connection_has_left() -> None:
    seen: Seen = queue.SimpleQueue()
    with connected(waiting_app(seen, queue.SimpleQueue())) as connection:
        assert seen.get(timeout=WAIT_SECONDS) == "began"
        connection.shutdown(socket.SHUT_WR)
        assert seen.get(timeout=WAIT_SECONDS) == "ended"


def test_a_request_that_waits_behind_an_async_view_is_not_lost() -> None:
    app = make_app()
    go_on = threading.Event()
    began = threading.Event()

    @app.route("/")
    async def page(request: Request) -> str:
        began.set()
        while not go_on.is_set():
            await asyncio.sleep(0.001)
        return "first"

    @app.route("/next/")
    def after(request: Request) -> str:
        return "second"

    with connected(app) as connection:
        assert began.wait(WAIT_SECONDS)
        connection.sendall(b"GET /next/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        go_on.set()
        answer = connection.makefile("rb").read()
    assert b"first" in answer
    assert answer.endswith(b"second")


def test_a_stream_of_an_async_iterable_ends_when_the_client_leaves(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    seen: Seen = queue.SimpleQueue()

    async def endless() -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            seen.put("closed")

    app.route("/")(lambda request: StreamingResponse(iterate(endless())))
    with connected(app) as connection:
        data = b""
        while b"first" not in data:
            data += connection.recv(4096)
        connection.close()
        assert seen.get(timeout=WAIT_SECONDS) == "closed"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("key", ["scaffold.socket", "gunicorn.socket"])
def test_the_socket_is_watched_under_the_name_that_a_server_gives_it(key: str) -> None:
    seen: Seen = queue.SimpleQueue()
    here, there = socket.socketpair()
    with here, there:
        there.close()
        app = waiting_app(seen, queue.SimpleQueue())
        values: dict[str, Any] = {key: here}
        assert ask(app, **values).status == 499


# --- async elsewhere -------------------------------------------------------------------------------------------------


def test_methods_of_a_view_class_and_error_handlers_may_be_async() -> None:
    app = make_app()

    class Page(View):
        async def get(self, request: Request) -> str:
            await asyncio.sleep(0)
            raise LookupError("nothing")

    @app.error_handler(LookupError)
    async def handle(request: Request, error: LookupError) -> Response:
        await asyncio.sleep(0)
        return Response(str(error), 404)

    app.route("/")(Page)
    answer = Client(app).get("/")
    assert (answer.status, answer.text) == (404, "nothing")
