"""The server: one thread that waits for connections, and a pool of threads that serves what has arrived on them."""

from __future__ import annotations

import errno
import logging
import socket
import socketserver
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from http.server import HTTPServer
from typing import TYPE_CHECKING, Any

from scaffold.server.gateway import base_environ
from scaffold.server.handler import RequestHandler, State
from scaffold.server.limits import Limits
from scaffold.server.log import AccessRecord
from scaffold.server.poller import Poller
from scaffold.server.pool import ThreadPool
from scaffold.server.response import plain_error

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["Server"]

_logger = logging.getLogger("scaffold.server")

_ACCEPTS_IN_A_ROW = 64
_RETRY_AFTER_SECONDS = 1
_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Server(HTTPServer):
    """Serves a WSGI application to the connections of a listening socket.

    ``listener`` is and stays the caller's: other processes may share it, and the server never closes it. ``access_log``
    is called once an answer, from the thread that gave it.

    ``may_accept`` is asked before a connection is accepted and before a request is read from one that is idle, from
    any thread. Once it has returned False the server is *stale*: it accepts nothing more and reads no further request.
    ``hand_over`` is then given the idle connections, one by one and with their ownership, from the thread that runs
    `serve_forever`; without it they are closed when the server stops.
    """

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        access_log: Callable[[AccessRecord], None] | None = None,
        may_accept: Callable[[], bool] | None = None,
        hand_over: Callable[[socket.socket], None] | None = None,
    ) -> None:
        # The constructors between this class and BaseServer would make a socket, and look its name up in the DNS.
        socketserver.BaseServer.__init__(self, listener.getsockname(), RequestHandler)
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.app = app
        self.limits = limits
        self.access_log = access_log
        self.base_environ = base_environ(self.server_name, self.server_port, sys.stderr)
        self._may_accept = may_accept
        self._hand_over = hand_over
        self._poller = Poller()
        self._pool: ThreadPool[RequestHandler] = ThreadPool(self._serve, threads=limits.threads)
        self._connections: set[RequestHandler] = set()
        self._busy: set[RequestHandler] = set()
        self._parked: set[RequestHandler] = set()
        self._returned: deque[RequestHandler] = deque()
        self._adopted: deque[socket.socket] = deque()
        self._stale = self._stopping = self._ends_at_once = False
        self._ended = threading.Event()
        self._accept_again: float | None = None
        self._refused, self._next_refusal_log = 0, 0.0
        self._date = (0, "")

    # What other threads and signal handlers may call. None of it takes a lock.

    def stop(self) -> None:
        """Make `serve_forever` return: requests in flight get ``grace_seconds``, idle connections none.

        Safe from any thread and from a signal handler. A second call ends at once.
        """
        if self._stopping:
            self._ends_at_once = True
        self._stopping = True
        self._poller.wake()

    def shutdown(self) -> None:
        """Stop, and wait until `serve_forever` has returned; not for the thread that runs it."""
        self.stop()
        self._ended.wait()

    def adopt(self, connection: socket.socket) -> None:
        """Take over an accepted, idle connection, such as one that another process hands over."""
        if self._ended.is_set():
            connection.close()
            return
        self._adopted.append(connection)
        self._poller.wake()

    def may_read(self) -> bool:
        """Return whether another request may be read, asking ``may_accept``."""
        if self._stale or (self._stopping and self._hand_over is not None):
            return False
        if self._may_accept is None or self._may_accept():
            return True
        self._stale = True
        return False

    def is_closing(self) -> bool:
        """Return whether answers should tell their clients to connect anew."""
        return self._stopping or (self._stale and self._hand_over is None)

    def date(self) -> str:
        """Return the ``Date`` line of an answer (RFC 9110 section 6.6.1), made once a second."""
        now = int(time.time())
        if self._date[0] != now:
            self._date = (now, f"Date: {formatdate(now, usegmt=True)}\r\n")
        return self._date[1]

    # The loop. All that follows runs in the thread of serve_forever(), but for _serve().

    def serve_forever(self, poll_interval: float = 0.5) -> None:  # noqa: ARG002 - the base class's
        """Serve until `stop` is called; a server that has stopped does not serve again.

        ``poll_interval`` is the base class's and of no use here: the server is woken by what happens.
        """
        self.socket.setblocking(False)
        try:
            while not self._stopping:
                self._turn(None)
            self._end_gracefully()
        finally:
            self._ended.set()
            self._poller.forget_listener()
            for handler in self._busy:
                handler.transport.abort()

    def _turn(self, seconds: float | None) -> None:
        """Wait for something to happen, ``seconds`` at most, and see to it."""
        now = time.monotonic()
        self._listen_or_not(now)
        waits = [seconds, self._pool.relieve(), None if self._accept_again is None else self._accept_again - now]
        shortest = min((max(0.0, wait) for wait in waits if wait is not None), default=None)
        readable, can_accept = self._poller.wait(shortest)
        for handler in readable:
            self._read(handler)
        if can_accept:
            self._accept()
        while self._returned:
            self._take_back(self._returned.popleft())
        while self._adopted:
            self._adopt(self._adopted.popleft())
        for handler in self._poller.overdue(time.monotonic()):
            self._time_out(handler)
        if self._stale:
            self._release_idle()

    def _listen_or_not(self, now: float) -> None:
        if self._stale or self._stopping:
            self._poller.forget_listener()
            self._accept_again = None
        elif self._accept_again is None:
            self._poller.watch_listener(self.socket)
        elif now >= self._accept_again:
            self._accept_again = None
            self._poller.watch_listener(self.socket)

    def _read(self, handler: RequestHandler) -> None:
        """Give a connection with something to read to the pool, or read away what a lingering one still gets."""
        if handler.state is not State.LINGER:
            self._poller.forget(handler)
            self._busy.add(handler)
            self._pool.submit(handler)
        elif handler.discard_input():
            self._poller.forget(handler)
            self._close(handler)

    def _serve(self, handler: RequestHandler) -> None:
        """Serve a connection: the pool's work, in one of its threads."""
        try:
            handler.handle()
            while handler.state is State.READY:
                if self._pool.is_contended:
                    self._pool.submit(handler)
                    return
                handler.handle()
            if handler.state is State.CLOSED:
                handler.finish()
            elif handler.state is State.LINGER:
                handler.transport.end_output()
        except Exception:
            _logger.exception("Serving a connection failed")
            handler.finish()
        self._returned.append(handler)
        self._poller.wake()

    def _take_back(self, handler: RequestHandler) -> None:
        """Let a connection that a thread has finished with wait for what it waits for."""
        self._busy.discard(handler)
        now = time.monotonic()
        if handler.state is State.CLOSED:
            self._connections.discard(handler)
            return
        if handler.state is State.IDLE:
            handler.deadline = now + self.limits.keep_alive_seconds
        elif handler.state is State.LINGER:
            handler.deadline = now + self.limits.linger_seconds
        else:
            if handler.head_deadline is None:
                handler.head_deadline = now + self.limits.head_seconds
            handler.deadline = handler.head_deadline
        self._poller.watch(handler)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_IN_A_ROW):
            if not self.may_read():
                return
            try:
                connection, _ = self.get_request()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                _logger.warning("Accepting a connection fails: %s; trying again in a second", error.strerror)
                self._poller.forget_listener()
                self._accept_again = time.monotonic() + 1
                return
            self._adopt(connection)

    def _adopt(self, connection: socket.socket) -> None:
        """Take a connection into the house, or turn it away when the house is full."""
        try:
            address: Any = connection.getpeername()
            handler = RequestHandler(connection, address, self)
        except OSError as error:  # the client has gone already
            _logger.debug("A client went away: %s", error)
            connection.close()
            return
        now = time.monotonic()
        if len(self._connections) >= self.limits.connections:
            handler.deadline = now + self.limits.linger_seconds
            self._turn_away(handler, now)
            return
        handler.deadline = now + self.limits.head_seconds
        self._connections.add(handler)
        self._poller.watch(handler)

    def _turn_away(self, handler: RequestHandler, now: float) -> None:
        self._refused += 1
        if now >= self._next_refusal_log:
            _logger.warning(
                "%d connections are the most that are served at once; turned away: %d",
                self.limits.connections,
                self._refused,
            )
            self._refused, self._next_refusal_log = 0, now + 1
        detail = "The server has all the connections that it can serve."
        handler.transport.try_send(plain_error(503, detail, self.date(), retry_after=_RETRY_AFTER_SECONDS))
        # Room is kept for as many again to read why, then clients are cut off without it.
        if len(self._connections) >= 2 * self.limits.connections:
            handler.finish()
            return
        handler.transport.end_output()
        handler.state = State.LINGER
        self._connections.add(handler)
        self._poller.watch(handler)

    def _time_out(self, handler: RequestHandler) -> None:
        self._poller.forget(handler)
        if handler.state is State.HEAD:
            handler.send_error(408, "The request did not arrive in time.")
            handler.deadline = time.monotonic() + self.limits.linger_seconds
            self._poller.watch(handler)
        else:
            self._close(handler)

    def _close(self, handler: RequestHandler) -> None:
        handler.finish()
        self._connections.discard(handler)

    # The end.

    def _release_idle(self) -> None:
        """Part with the connections on which nothing of a request has been read: hand them over, or let them be."""
        for handler in self._poller.waiting:
            if handler.state is not State.IDLE:
                continue
            self._poller.forget(handler)
            if self._hand_over is None:
                self._parked.add(handler)
            else:
                self._pass_on(handler, self._hand_over)

    def _pass_on(self, handler: RequestHandler, hand_over: Callable[[socket.socket], None]) -> None:
        self._connections.discard(handler)
        try:
            hand_over(handler.connection)
        except Exception:
            _logger.exception("Handing a connection over failed")
            handler.finish()

    def _end_gracefully(self) -> None:
        deadline = time.monotonic() + self.limits.grace_seconds
        # What came before the stop counts as in flight: requests that arrived and were not read yet are served.
        self._turn(0)
        self._part_with_idle()
        while not self._ends_at_once and (self._busy or self._poller.waiting):
            left = deadline - time.monotonic()
            if left <= 0:
                _logger.warning(
                    "Requests in flight did not end within %g s: %d", self.limits.grace_seconds, self._in_flight
                )
                return
            self._turn(left)
            self._part_with_idle()

    @property
    def _in_flight(self) -> int:
        return len(self._busy) + sum(handler.state is State.HEAD for handler in self._poller.waiting)

    def _part_with_idle(self) -> None:
        if self._hand_over is None:
            for handler in self._poller.waiting:
                if handler.state is State.IDLE:
                    self._poller.forget(handler)
                    self._close(handler)
            while self._parked:
                self._close(self._parked.pop())
        else:
            self._release_idle()

    def server_close(self) -> None:
        """Release everything that the server made, threads included; the listening socket stays the caller's."""
        self._ended.set()
        for handler in self._busy:
            handler.transport.abort()
        self._pool.close(join_seconds=0.1 if self._ends_at_once else 1.0)
        for handler in self._connections | self._parked:
            handler.finish()
        self._connections.clear()
        self._parked.clear()
        while self._adopted:
            self._adopted.popleft().close()
        self._poller.close()
