"""One client's connection, on ``http.server``'s handler class."""

from __future__ import annotations

import enum
import logging
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from scaffold.server.body import CONTINUE, CollectedBody, ExpectedBody
from scaffold.server.gateway import Exchange, build_environ
from scaffold.server.limits import Pace
from scaffold.server.log import AccessRecord, escape
from scaffold.server.protocol import ProtocolError, RequestHead, RequestParser
from scaffold.server.response import plain_error
from scaffold.server.transport import RECEIVE_BYTES, ClientGoneError, Transport

if TYPE_CHECKING:
    from scaffold.server.server import Server

__all__ = ["RequestHandler", "State"]

_logger = logging.getLogger("scaffold.server")

_NEVER = float("inf")
# So many receives in a row before other connections get their turn.
_RECEIVES_IN_A_ROW = 16


class State(enum.Enum):
    """What a connection waits for."""

    IDLE = "the first byte of a request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    READY = "a thread to serve its request"
    WRITING = "the client, to take the rest of its answer"
    PUSHING = "the application, to have something for its client"
    LINGER = "the client, to close: the last answer was sent, what still comes is read away"
    CLOSED = "nothing any more"


class RequestHandler(BaseHTTPRequestHandler):
    """A connection's state, moved on by whatever happens on it.

    Unlike its base class it lives as long as the connection and holds no thread while it waits: the leading thread
    calls `on_readable`, `on_writable`, `advance` and `expire`, none of which blocks, and any one thread calls `handle`
    once the request is whole. From then on the connection is ``in_service`` and its state is that thread's alone, until
    the leading thread takes it back. ``deadline`` is when `expire` is due, on the monotonic clock.
    """

    protocol_version = "HTTP/1.1"
    server: Server

    def __init__(self, request: socket.socket, client_address: Any, server: Server) -> None:
        self.request = request
        self.client_address = client_address
        self.server = server
        self.setup()

    def setup(self) -> None:
        """Prepare the connection; raises ``OSError`` when it is broken already."""
        self.connection = self.request
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = Transport(self.connection, self.server.limits)
        self.parser = RequestParser(self.server.limits)
        self.state = State.IDLE
        self.close_connection = False
        self.in_service = False
        self.is_turned_away = False
        self.is_given_up = False
        self.deadline = self.ready_since = time.monotonic() + self.server.limits.head_seconds
        self._remote = (str(self.client_address[0]), str(self.client_address[1]))
        self._head: RequestHead | None = None
        self._asked = ("-", "-")
        self._body: CollectedBody | ExpectedBody | None = None
        self._exchange: Exchange | None = None
        self._pace: Pace | None = None

    @property
    def wanted_events(self) -> int:
        """What to wait for on the connection, in the words of `selectors`."""
        if self.state is State.WRITING:
            return selectors.EVENT_WRITE
        if self.state is State.PUSHING and self._exchange is not None and self._exchange.unsent:
            return selectors.EVENT_READ | selectors.EVENT_WRITE
        return selectors.EVENT_READ

    # --- what the leading thread calls ---------------------------------------------------------------------------

    def on_readable(self, now: float) -> None:
        """Take what has arrived."""
        try:
            if self.state is State.BODY:
                self._read_body(now)
            elif self.state is State.LINGER:
                if self.transport.receive() == b"":
                    self.state = State.CLOSED
            elif self.state in (State.IDLE, State.HEAD):
                self._read_head(now)
            elif self.state is State.PUSHING and self.transport.receive() == b"":
                raise ClientGoneError("it closed its stream")
        except ProtocolError as error:
            self._refuse(error)
        except ClientGoneError as error:
            self._lose(error)

    def advance(self, now: float) -> None:
        """Go on after an answer: with the next request, if it has arrived, or with the end of the connection."""
        if self.state is not State.IDLE:
            return
        self.deadline = now + self.server.limits.keep_alive_seconds
        if not self.parser.buffer:
            return
        try:
            self._parse(now)
        except ProtocolError as error:
            self._refuse(error)

    def on_push(self, now: float) -> None:
        """Send what has come for the client of a pushed stream."""
        exchange = self._exchange
        if exchange is None or self.state is not State.PUSHING:
            return
        if exchange.unsent:
            self.on_writable(now)
        elif not exchange.push():
            self.state = State.WRITING
            if not exchange.unsent:
                self._finish_exchange(exchange)
                self.advance(now)
        if exchange.unsent and self._pace is None:
            self._pace = self._write_pace(now)
            self.deadline = self._pace.deadline

    def on_writable(self, now: float) -> None:
        """Send more of an answer that the client is slow to take."""
        exchange, pace = self._exchange, self._pace
        if exchange is None or pace is None:
            return
        pace.advance(exchange.flush(), now)
        self.deadline = pace.deadline
        if exchange.unsent:
            return
        self._pace, self.deadline = None, _NEVER
        if self.state is State.PUSHING:
            self.on_push(now)
            return
        self._finish_exchange(exchange)
        self.advance(now)

    def _write_pace(self, now: float) -> Pace:
        limits = self.server.limits
        return Pace(limits.write_seconds, limits.rate_bytes, now)

    def expire(self) -> None:
        """Give up waiting: the deadline has passed."""
        if self.state is State.HEAD:
            self.send_error(408, "The request did not arrive in time.")
        elif self.state is State.BODY:
            self.send_error(408, "The body did not arrive in time.")
        elif self.state in (State.WRITING, State.PUSHING) and self._exchange is not None:
            self._exchange.abandon(TimeoutError("it did not take its answer in time"))
            self._finish_exchange(self._exchange)
        else:
            self.state = State.CLOSED

    def _read_head(self, now: float) -> None:
        if self.state is State.IDLE and not self.server.may_read():
            return
        data = self.transport.receive()
        if data is None:
            return
        if not data:
            if self.parser.buffer:
                raise ProtocolError(400, "The connection ended before the request did.")
            self.state = State.CLOSED
            return
        self.parser.feed(data)
        self._parse(now)

    def _parse(self, now: float) -> None:
        parser = self.parser
        head = parser.next_head()
        if head is None:
            if self.state is State.IDLE and parser.started:
                self.state = State.HEAD
                self.deadline = now + self.server.limits.head_seconds
            return
        self._head = head
        if head.method == "CONNECT":
            raise ProtocolError(501, "The server is no proxy.")
        if not head.has_body:
            self._be_ready(now)
            return
        # A client that has sent some of the body does not wait for the 100 (RFC 9110 section 10.1.1).
        if head.expects_continue and not parser.buffer:
            if self.server.lend_thread():
                self._body = ExpectedBody(head, parser.buffer, self.transport, self.server.limits)
                self._be_ready(now)
                return
            self.transport.try_send(CONTINUE)
        self._begin_body(head, now)

    def _begin_body(self, head: RequestHead, now: float) -> None:
        self._body = body = CollectedBody(head, self.server.limits, now)
        self.state = State.BODY
        self.deadline = body.pace.deadline
        if body.take(self.parser.buffer):
            self._be_ready(now)

    def _read_body(self, now: float) -> None:
        body = self._body
        if not isinstance(body, CollectedBody):
            return
        buffer = self.parser.buffer
        for _ in range(_RECEIVES_IN_A_ROW):
            data = self.transport.receive(body.wanted_bytes)
            if data is None:
                return
            if not data:
                raise ProtocolError(400, "The connection ended before the body did.")
            body.pace.advance(len(data), now)
            self.deadline = body.pace.deadline
            if body.take_received(data, buffer):
                self._be_ready(now)
                return
            if len(data) < RECEIVE_BYTES:
                return

    def _be_ready(self, now: float) -> None:
        self.state = State.READY
        self.deadline = _NEVER
        self.ready_since = now

    # --- what one thread of the pool calls -----------------------------------------------------------------------

    def handle(self) -> None:
        """Serve the request that is ready: call the application and send its answer. Nothing is raised."""
        try:
            self.handle_one_request()
        except Exception:
            _logger.exception("Serving a connection failed")
            self._drop_body()
            self.state = State.CLOSED

    def handle_one_request(self) -> None:
        """Serve the request that is ready."""
        head, server = self._head, self.server
        if head is None:
            return
        self._exchange = exchange = Exchange(
            head, self._body, self.transport, date=server.date, is_closing=server.is_closing
        )
        environ = build_environ(server.base_environ, head, self._remote)
        environ["scaffold.socket"] = self.connection  # nobody else reads from it while the request is handled
        exchange.run(server.app, environ)
        if exchange.pushed is not None:
            self.state = State.PUSHING
            exchange.pushed.attach(partial(server.note_push, self))
        elif exchange.unsent:
            self._pace = self._write_pace(time.monotonic())
            self.deadline = self._pace.deadline
            self.state = State.WRITING
        else:
            self._finish_exchange(exchange)

    def _finish_exchange(self, exchange: Exchange) -> None:
        # The line comes first: what the application does when its answer has been sent may take long.
        if self.server.access_log is not None and not exchange.is_quiet:
            self._log(self.server.access_log, exchange.record(time.monotonic() - self.ready_since))
        exchange.complete()
        if isinstance(self._body, ExpectedBody):
            self.server.return_thread()
        self._head = self._body = self._exchange = self._pace = None
        if exchange.keep_alive:
            self.state = State.IDLE
            return
        self.close_connection = True
        if exchange.lingers:
            self._linger()
        else:
            self.state = State.CLOSED

    def _log(self, access_log: Callable[[AccessRecord], None], record: AccessRecord) -> None:
        try:
            access_log(record)
        except Exception:
            _logger.exception("The access log failed")

    # --- the base class's interface ------------------------------------------------------------------------------

    @property
    def command(self) -> str:  # type: ignore[override]  # an attribute in the base class, set for each request
        """The method of the present request."""
        return self._head.method if self._head is not None else ""

    @property
    def path(self) -> str:  # type: ignore[override]
        """The target of the present request."""
        return self._head.target if self._head is not None else ""

    @property
    def request_version(self) -> str:  # type: ignore[override]
        """The version of the present request."""
        return self._head.version if self._head is not None else self.protocol_version

    @property
    def requestline(self) -> str:  # type: ignore[override]
        """The first line of the present request."""
        return f"{self.command} {self.path} {self.request_version}" if self._head is not None else ""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what could not be read as a request, and give up the connection.

        ``message`` is a sentence for the client, ``explain`` another; nothing is waited for.
        """
        self._drop_body()
        detail = " ".join(part for part in (message, explain) if part)
        answer = plain_error(code, detail, self.server.date(), with_body=self.command != "HEAD")
        self.transport.try_send(answer)
        self.close_connection = True
        self._linger()
        _logger.debug("%s: %d %s", self._remote[0], code, escape(detail))
        if self.server.access_log is not None:
            size = len(answer) - answer.index(b"\r\n\r\n") - 4
            method, path = (self.command, self.path) if self._head is not None else self._asked
            record = AccessRecord(time.time(), self._remote[0], method, path, int(code), size, 0.0, "")
            self._log(self.server.access_log, record)

    def _refuse(self, error: ProtocolError) -> None:
        """Answer a request that can't be served."""
        self._asked = (error.method, error.target)
        self.send_error(error.status, error.detail)

    def turn_away(self, retry_after: int) -> None:
        """Tell a client that it is one too many; it may try again after so many seconds."""
        detail = "The server has all the connections that it can serve."
        self.is_turned_away = True
        self.transport.try_send(plain_error(503, detail, self.server.date(), retry_after=retry_after))
        self._linger()

    def end_stream(self, *, of_any_kind: bool) -> None:
        """Break off an answer that goes on for ever, or with ``of_any_kind`` one whose length nobody knows."""
        exchange = self._exchange
        if exchange is None or not (exchange.is_event_stream or (of_any_kind and exchange.is_stream)):
            return
        self.is_given_up = True
        self.transport.abort()

    def _linger(self) -> None:
        self.transport.end_output()
        self.state = State.LINGER
        self.deadline = time.monotonic() + self.server.limits.linger_seconds

    def _lose(self, error: Exception) -> None:
        if self._exchange is not None and self.state is State.PUSHING:
            self._exchange.abandon(error)
            self._finish_exchange(self._exchange)
        else:
            _logger.debug("%s went away: %s", self._remote[0], error)
        self._drop_body()
        self.state = State.CLOSED

    def _drop_body(self) -> None:
        body, self._body = self._body, None
        if isinstance(body, CollectedBody):
            body.close()
        elif body is not None:
            self.server.return_thread()

    def finish(self) -> None:
        """Close the connection. A second call does nothing."""
        if self.in_service:  # a thread is at it, which finds the connection closed
            self.transport.close()
            return
        self._drop_body()
        if self._exchange is not None and self.state in (State.WRITING, State.PUSHING):
            self._exchange.abandon(ConnectionAbortedError("the server ends"))
            self._finish_exchange(self._exchange)
        self.state = State.CLOSED
        self.transport.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Pass what the base class wants to say on to the log, at level debug."""
        _logger.debug("%s %s", self._remote[0], escape(format % args))
