"""One client's connection, on ``http.server``'s handler class."""

from __future__ import annotations

import enum
import logging
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from scaffold.server.gateway import Exchange, build_environ
from scaffold.server.log import AccessRecord, escape
from scaffold.server.protocol import ProtocolError, RequestHead, RequestParser
from scaffold.server.response import plain_error
from scaffold.server.transport import ClientGoneError, Transport

if TYPE_CHECKING:
    from scaffold.server.server import Server

__all__ = ["RequestHandler", "State"]

_logger = logging.getLogger("scaffold.server")

# So many requests of one connection are served in a row while others wait for the thread.
_REQUESTS_IN_A_ROW = 8


class State(enum.Enum):
    """What a connection waits for after `RequestHandler.handle`."""

    IDLE = "nothing of the next request has been read"
    HEAD = "a head has been read in part"
    READY = "more requests may be there; others had better be served first"
    LINGER = "the last answer was sent; what still comes is read away"
    CLOSED = "the connection is over"


class RequestHandler(BaseHTTPRequestHandler):
    """Serves the requests of a connection whenever the server finds something to read on it.

    Unlike its base class it lives as long as the connection and holds no thread in between: the constructor only sets
    up, the server calls `handle` each time that data has arrived and `finish` at the end.
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
        self.deadline = 0.0
        self.head_deadline: float | None = None

    def handle(self) -> None:
        """Serve what has arrived, without waiting for a head, and leave in ``state`` how it goes on."""
        try:
            for _ in range(_REQUESTS_IN_A_ROW):
                self.handle_one_request()
                if self.state is not State.READY:
                    return
        except ProtocolError as error:
            self.send_error(error.status, error.detail)
        except ClientGoneError as error:
            _logger.debug("%s went away: %s", self.client_address[0], error)
            self.state = State.CLOSED

    def handle_one_request(self) -> None:
        """Serve the next request, if all of its head has arrived."""
        head = self._read_head()
        if head is None:
            return
        self.head_deadline = None
        self.command, self.path, self.request_version = head.method, head.target, head.version
        self.requestline = f"{head.method} {head.target} {head.version}"
        started = time.perf_counter()
        if head.method == "CONNECT":
            raise ProtocolError(501, "The server is no proxy.")
        server = self.server
        exchange = Exchange(
            head, self.parser.buffer, self.transport, server.limits, date=server.date, is_closing=server.is_closing
        )
        exchange.run(server.app, build_environ(server.base_environ, head, self.client_address))
        if server.access_log is not None:
            server.access_log(exchange.record(time.perf_counter() - started))
        if exchange.keep_alive:
            self.state = State.READY
        else:
            self.close_connection = True
            self.state = State.LINGER if exchange.lingers else State.CLOSED

    def _read_head(self) -> RequestHead | None:
        """Return the next head, or None with ``state`` set when it has not arrived."""
        parser = self.parser
        while (head := parser.next_head()) is None:
            if not parser.started and not self.server.may_read():
                self.state = State.IDLE
                return None
            data = self.transport.receive()
            if data is None:
                self.state = State.HEAD if parser.started else State.IDLE
                return None
            if not data:
                if parser.buffer:
                    raise ProtocolError(400, "The connection ended before the request did.")
                self.state = State.CLOSED
                return None
            parser.feed(data)
        return head

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what could not be read as a request, and give up the connection.

        ``message`` is a sentence for the client, ``explain`` another; nothing is waited for.
        """
        detail = " ".join(part for part in (message, explain) if part)
        answer = plain_error(code, detail, self.server.date())
        self.transport.try_send(answer)
        self.transport.end_output()
        self.close_connection = True
        self.state = State.LINGER
        _logger.debug("%s: %d %s", self.client_address[0], code, escape(detail))
        if self.server.access_log is not None:
            size = len(answer) - answer.index(b"\r\n\r\n") - 4
            self.server.access_log(
                AccessRecord(time.time(), self.client_address[0], "-", "-", int(code), size, 0.0, "")
            )

    def discard_input(self) -> bool:
        """Read away what has arrived on a connection that lingers; return whether the client has finished."""
        try:
            data = self.transport.receive()
        except ClientGoneError:
            return True
        return data == b""

    def finish(self) -> None:
        """Close the connection. A second call does nothing."""
        self.state = State.CLOSED
        self.transport.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Pass what the base class wants to say on to the log, at level debug."""
        _logger.debug("%s %s", self.client_address[0], escape(format % args))
