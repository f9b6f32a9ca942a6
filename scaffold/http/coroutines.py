"""Running what an ``async def`` view returns. A module of its own, since asyncio is slow to import and rarely used.

Each thread that needs an event loop makes one, keeps it, and closes it when the thread ends. A request's coroutine runs
in a copy of the request's context. While it waits, the connection of the client is watched where the server gives the
socket (``scaffold.socket``, ``gunicorn.socket``): when the client closes its side, the coroutine is cancelled.
"""

from __future__ import annotations

import asyncio
import contextvars
import errno
import logging
import socket
import threading
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from scaffold.exceptions import ClientGoneError
from scaffold.http.request import current_request

__all__ = ["iterate", "run"]

T = TypeVar("T")

_END: Any = object()
_PEEK = getattr(socket, "MSG_PEEK", 0) | getattr(socket, "MSG_DONTWAIT", 0)

_log = logging.getLogger("scaffold.request")


def run(awaitable: Awaitable[T]) -> T:
    """Return the result of ``awaitable``, from the event loop of this thread.

    It runs in another thread where this one is running a loop already. Tasks that it started and left behind are
    cancelled, with a warning that names them. Raises `ClientGoneError` when the client has left meanwhile,
    ``RuntimeError`` when the awaitable was cancelled by anything else, and whatever it raises itself.
    """
    if _is_loop_running():
        result: T = _elsewhere(_run_in_loop_of_thread, awaitable)
        return result
    return _run_in_loop_of_thread(awaitable)


def iterate(source: AsyncIterable[T]) -> Iterator[T]:
    """Yield what ``source`` yields, each step made on the loop of the thread that makes the first one.

    Tasks that the source starts go on while a step is made, and only then. At the end, whichever way it comes, the
    source is closed and the tasks that are left are cancelled. Raises `ClientGoneError` when the client has left.
    """
    iterator = aiter(source)
    loop = _Loop() if _is_loop_running() else _loop_of_thread()
    step = _elsewhere if _is_loop_running() else _here
    tasks: set[asyncio.Task[Any]] = set()
    try:
        while (item := step(loop.run, _next(iterator, tasks))) is not _END:
            yield item
    finally:
        step(loop.run, _close(iterator, tasks))


# --- loops -----------------------------------------------------------------------------------------------------------


class _Loop:
    """An event loop that runs one thing at a time, closed when nothing holds it any more: at the end of its thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runner = asyncio.Runner()
        # In an empty context: the loop lives longer than the request that asks for it first, and would keep it.
        contextvars.Context().run(self._runner.get_loop)
        # No __del__: the collector may call that of the loop first, which warns of a loop that was not closed.
        weakref.finalize(self, _close_runner, self._runner, self._lock)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what ``coroutine`` returns; it runs in a copy of the present context."""
        try:
            with self._lock:
                result, error = self._runner.run(_outcome(coroutine), context=contextvars.copy_context())
        except asyncio.CancelledError as cancelled:  # which nothing above expects, for it is no Exception
            raise RuntimeError("a coroutine was cancelled from inside: it awaited a task that was") from cancelled
        if error is None:
            return result
        try:
            raise error
        finally:
            del error  # which has this frame in its traceback: each would keep the other


def _close_runner(runner: asyncio.Runner, lock: threading.Lock) -> None:
    if lock.locked():  # the process ends in the midst of a request
        return
    if _is_loop_running():  # of another kind, in the thread that happens to drop this one
        threading.Thread(target=runner.close).start()
    else:
        runner.close()


async def _outcome(coroutine: Coroutine[Any, Any, T]) -> tuple[T, Exception | None]:
    """Return what ``coroutine`` returns, or what it raises.

    An exception that ends a task is kept by the task, and by its traceback keeps the task and the request.
    """
    try:
        return await coroutine, None
    except Exception as error:
        return cast("T", None), error


_of_thread = threading.local()


def _loop_of_thread() -> _Loop:
    loop: _Loop | None = getattr(_of_thread, "loop", None)
    if loop is None:
        loop = _of_thread.loop = _Loop()
    return loop


def _run_in_loop_of_thread(awaitable: Awaitable[T]) -> T:
    return _loop_of_thread().run(_finished(awaitable))


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _here(function: Any, argument: Any) -> Any:
    return function(argument)


def _elsewhere(function: Any, argument: Any) -> Any:
    """Call ``function`` in another thread, in this context, since a thread runs one loop at a time."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(contextvars.copy_context().run, function, argument).result()


# --- what runs in them -----------------------------------------------------------------------------------------------


async def _finished(awaitable: Awaitable[T]) -> T:
    """Return what ``awaitable`` comes to, and leave no task behind that it started."""
    before = asyncio.all_tasks()
    try:
        return await _watched(awaitable)
    finally:
        await _end_tasks(asyncio.all_tasks() - before)
        del before  # this task is among them, see `_outcome`


async def _next(iterator: AsyncIterator[Any], tasks: set[asyncio.Task[Any]]) -> Any:
    """Return the next item, ``_END`` behind the last; ``tasks`` gets what goes on until the step after it."""
    before = asyncio.all_tasks()
    try:
        return await _watched(anext(iterator, _END))
    finally:
        tasks |= asyncio.all_tasks() - before
        del before


async def _close(iterator: AsyncIterator[Any], tasks: set[asyncio.Task[Any]]) -> None:
    close = getattr(iterator, "aclose", None)
    try:
        if close is not None:
            await close()
    finally:
        await _end_tasks({task for task in tasks if not task.done()})


async def _end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` and wait for their end. The loop stands still between requests, and they would with it."""
    if not tasks:
        return
    await asyncio.sleep(0)  # what was cancelled already, or is done but for one step, needs no warning
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        names = ", ".join(sorted(map(_task_name, left)))
        request = current_request.get(None)
        asked = f"{request.method} {request.environ.get('PATH_INFO')!r}" if request is not None else "a coroutine"
        _log.warning("%s left tasks behind, which were cancelled: %s", asked, names)
    await asyncio.gather(*tasks, return_exceptions=True)


def _task_name(task: asyncio.Task[Any]) -> str:
    return f"{getattr(task.get_coro(), '__qualname__', 'a coroutine')} ({task.get_name()})"


# --- the client ------------------------------------------------------------------------------------------------------


async def _watched(awaitable: Awaitable[T]) -> T:
    """Return what ``awaitable`` comes to; cancel it, and raise `ClientGoneError`, when the client leaves."""
    connection = _connection()
    if connection is None:
        return await awaitable
    client = _Client(connection)
    try:
        with client.watched():
            return await awaitable
    except asyncio.CancelledError:
        if not client.is_gone:
            raise
        raise ClientGoneError(errno.ECONNRESET, "it closed the connection before the answer was ready") from None
    finally:
        del client  # it has the task, see `_outcome`


def _connection() -> socket.socket | None:
    """Return the connection of the current request, where the server tells; no answer can be read on it meanwhile."""
    request = current_request.get(None)
    if request is None:
        return None
    environ = request.environ
    found: socket.socket | None = environ.get("scaffold.socket") or environ.get("gunicorn.socket")
    return found


class _Client:
    """The client of a request: the present task is cancelled when it closes its side of the connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.is_gone = False
        self._connection = connection
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the connection while the context lasts, where the loop can."""
        try:
            self._loop.add_reader(self._connection, self._look)
        except (NotImplementedError, OSError, ValueError):  # no loop of Windows can, and nothing can if it is closed
            yield
            return
        try:
            yield
        finally:
            self._forget()

    def _look(self) -> None:
        """See what has arrived, without taking it."""
        try:
            data = self._connection.recv(1, _PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except ValueError:  # TLS has no peeking
            data = b"?"
        except OSError:
            data = b""
        self._forget()
        if not data and self._task is not None:  # else it is the next request, behind which nothing can be seen
            self.is_gone = True
            self._task.cancel()

    def _forget(self) -> None:
        if self._connection.fileno() >= 0:
            self._loop.remove_reader(self._connection)
