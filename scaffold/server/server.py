"""The server: one thread that waits for connections, and a pool of threads that serves what has arrived on them."""

from __future__ import annotations

import errno
import logging
import selectors
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

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["Server"]

_logger = logging.getLogger("scaffold.server")

_ACCEPTS_IN_A_ROW = 64
_RETRY_AFTER_SECONDS = 1
_AT_REST = frozenset({State.IDLE, State.LINGER, State.PUSHING, State.CLOSED})
_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Server(HTTPServer):
    """Serves a WSGI application to the connections of a listening socket.

    ``listener`` is and stays the caller's: other processes may share it, and the server never closes it. ``access_log``
    is called once an answer, from the thread that gave it.

    ``may_accept`` is asked before a connection is accepted and before a request is read from one that is idle, from
    any thread. Once it has returned False the server is *stale*: it accepts nothing more and reads no further request.
    ``hand_over`` is then given the idle connections, one by one and with their ownership, from a thread of the server;
    without it they are closed when the server stops.

    When it stops, event streams end at once, and with ``ends_streams`` every answer whose length nobody knows.
    """

    RequestHandlerClass: type[RequestHandler]

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        access_log: Callable[[AccessRecord], None] | None = None,
        may_accept: Callable[[], bool] | None = None,
        hand_over: Callable[[socket.socket], None] | None = None,
        ends_streams: bool = False,
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
        self._ends_streams = ends_streams
        self._poller = Poller()
        self._pool: ThreadPool[RequestHandler] = ThreadPool(self, threads=limits.threads)
        self._lent_threads = threading.Semaphore(max(1, limits.threads // 4))
        self._adopted: deque[socket.socket] = deque()
        self._pushed: deque[RequestHandler] = deque()
        self._stale = self._stopping = self._ends_at_once = False
        self._ended = threading.Event()
        self._accept_again: float | None = None
        self._turned_away = 0
        self._refused, self._next_refusal_log = 0, 0.0
        self._date = (0, b"")

    # --- what other threads and signal handlers may call; none of it waits for a lock ----------------------------

    def stop(self) -> None:
        """Make `serve_forever` return: requests in flight get ``grace_seconds``, idle connections none.

        Safe from any thread and from a signal handler. A second call ends at once.
        """
        if self._stopping:
            self._ends_at_once = True
        self._stopping = True
        self._pool.stop()

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
        self.wake()

    def note_push(self, handler: RequestHandler) -> None:
        """Have a connection see to its pushed stream."""
        self._pushed.append(handler)
        self.wake()

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

    def lend_thread(self) -> bool:
        """Return whether a request may hold its thread while its client sends the body; `return_thread` ends that."""
        return self._lent_threads.acquire(blocking=False)

    def return_thread(self) -> None:
        """Take back what `lend_thread` lent."""
        self._lent_threads.release()

    def date(self) -> bytes:
        """Return the ``Date`` line of an answer (RFC 9110 section 6.6.1), made once a second."""
        now = int(time.time())
        if self._date[0] != now:
            self._date = (now, f"Date: {formatdate(now, usegmt=True)}\r\n".encode("ascii"))
        return self._date[1]

    # --- the reactor: called by the pool -------------------------------------------------------------------------

    def work(self, job: RequestHandler) -> None:
        """Serve a request that is ready."""
        job.handle()

    def settle(self, job: RequestHandler) -> None:
        """Let a connection whose request was served go on."""
        job.in_service = False
        now = time.monotonic()
        job.advance(now)
        job.on_push(now)
        self._watch(job)
        if self._stale:
            self._release_idle()

    def wake(self) -> None:
        """Make `turn` return."""
        self._poller.wake()

    def turn(self, seconds: float | None) -> None:
        """Wait for something to happen, ``seconds`` at most, and see to it."""
        now = time.monotonic()
        self._listen_or_not(now)
        if self._accept_again is not None:
            seconds = self._accept_again - now if seconds is None else min(seconds, self._accept_again - now)
        happened, can_accept = self._poller.wait(seconds)
        now = time.monotonic()
        for handler, events in happened:
            self._see_to(handler, events, now)
        while self._pushed:
            self._push(self._pushed.popleft(), now)
        if can_accept:
            self._accept()
        while self._adopted:
            self._adopt(self._adopted.popleft())
        for handler in self._poller.overdue(now):
            handler.expire()
            self._watch(handler)
        if self._stale:
            self._release_idle()

    def _push(self, handler: RequestHandler, now: float) -> None:
        if not handler.in_service and handler in self._poller.handlers:
            handler.on_push(now)
            self._watch(handler)

    def _see_to(self, handler: RequestHandler, events: int, now: float) -> None:
        if handler.in_service:  # a thread is at it, and what arrives must wait
            self._poller.mute(handler)
            return
        if events & selectors.EVENT_READ:
            handler.on_readable(now)
        if events & selectors.EVENT_WRITE:
            handler.on_writable(now)
        self._watch(handler)

    def _watch(self, handler: RequestHandler) -> None:
        """Have a connection served, waited for or closed, whatever its state says."""
        if handler.state is State.READY:
            handler.in_service = True
            self._pool.ready.append(handler)
        elif handler.state is State.CLOSED:
            self._close(handler)
        else:
            self._poller.watch(handler)

    def _close(self, handler: RequestHandler) -> None:
        self._poller.forget(handler)
        self._turned_away -= handler.is_turned_away
        handler.finish()

    # --- new connections -----------------------------------------------------------------------------------------

    def _listen_or_not(self, now: float) -> None:
        if self._stale or self._stopping:
            self._poller.forget_listener()
            self._accept_again = None
        elif self._accept_again is None or now >= self._accept_again:
            self._accept_again = None
            self._poller.watch_listener(self.socket)

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
            handler = self.RequestHandlerClass(connection, address, self)
        except OSError as error:  # the client has gone already
            _logger.debug("A client went away: %s", error)
            connection.close()
            return
        if len(self._poller.handlers) - self._turned_away >= self.limits.connections:
            self._turn_away(handler)
        else:
            self._poller.watch(handler)

    def _turn_away(self, handler: RequestHandler) -> None:
        self._refused += 1
        now = time.monotonic()
        if now >= self._next_refusal_log:
            _logger.warning(
                "%d connections are the most that are served at once; turned away: %d",
                self.limits.connections,
                self._refused,
            )
            self._refused, self._next_refusal_log = 0, now + 1
        handler.turn_away(_RETRY_AFTER_SECONDS)
        # Room is kept for as many again to read why, then clients are cut off without it.
        if self._turned_away >= self.limits.connections:
            handler.finish()
        else:
            self._turned_away += 1
            self._poller.watch(handler)

    # --- the loop and its end ------------------------------------------------------------------------------------

    def serve_forever(self, poll_interval: float = 0.5) -> None:  # noqa: ARG002 - the base class's
        """Serve until `stop` is called; a server that has stopped does not serve again.

        ``poll_interval`` is the base class's and of no use here: the server is woken by what happens.
        """
        self.socket.setblocking(False)
        try:
            self._pool.run()
            self._end_gracefully()
        finally:
            self._ended.set()
            self._poller.forget_listener()
            self._abort_ready()

    def _end_gracefully(self) -> None:
        deadline = time.monotonic() + self.limits.grace_seconds
        # What came before the stop counts as in flight: requests that arrived and were not read yet are served.
        self._pool.lead(0)
        for handler in list(self._poller.handlers):
            handler.end_stream(of_any_kind=self._ends_streams)
        self._release_idle()
        while not self._ends_at_once and self._in_flight:
            left = deadline - time.monotonic()
            if left <= 0:
                _logger.warning(
                    "Requests in flight did not end within %g s: %d", self.limits.grace_seconds, self._in_flight
                )
                return
            self._pool.lead(left)
            self._release_idle()

    @property
    def _in_flight(self) -> int:
        return sum(
            not handler.is_given_up and (handler.in_service or handler.state not in _AT_REST)
            for handler in self._poller.handlers
        )

    def _release_idle(self) -> None:
        """Part with the connections on which nothing of a request has been read: hand them over, or let them be."""
        for handler in list(self._poller.handlers):
            if handler.in_service or handler.state is not State.IDLE:
                continue
            if self._hand_over is not None:
                self._pass_on(handler, self._hand_over)
            elif self._stopping:
                self._close(handler)
            else:
                self._poller.mute(handler)

    def _pass_on(self, handler: RequestHandler, hand_over: Callable[[socket.socket], None]) -> None:
        self._poller.forget(handler)
        try:
            hand_over(handler.connection)
        except Exception:
            _logger.exception("Handing a connection over failed")
            handler.finish()

    def _abort_ready(self) -> None:
        for handler in self._poller.handlers:
            if handler.in_service:
                handler.transport.abort()

    def server_close(self) -> None:
        """Release everything that the server made, threads included; the listening socket stays the caller's."""
        self._ended.set()
        self._abort_ready()
        self._pool.close(join_seconds=0.1 if self._ends_at_once else 1.0)
        for handler in list(self._poller.handlers):
            handler.finish()
        while self._adopted:
            self._adopted.popleft().close()
        self._poller.close()
