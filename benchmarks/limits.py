"""What Python can do at most: servers that parse nothing and give everybody the same answer.

``python limits.py threads PORT`` serves each connection in a thread of its own, by blocking calls; ``python limits.py
asyncio PORT`` serves all of them in one event loop.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from contextlib import suppress

from workloads import TEXT

__all__ = ["main"]

BACKLOG = 1024
RECEIVE_BYTES = 65536

_HEAD_END = b"\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b" % (
    len(TEXT.answer),
    TEXT.answer,
)


def main() -> None:
    """Serve on the port of the command line, in the way that it names, until the process is ended."""
    way, port = sys.argv[1], int(sys.argv[2])
    {"threads": serve_in_threads, "asyncio": serve_in_loop}[way](port)


def serve_in_threads(port: int) -> None:
    """Accept connections for ever, and start a thread for each."""
    with socket.create_server(("127.0.0.1", port), backlog=BACKLOG) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    with connection, suppress(ConnectionError):  # a client goes as it likes
        while data := connection.recv(RECEIVE_BYTES):
            received += data
            if received.endswith(_HEAD_END):
                received = b""
                connection.sendall(_ANSWER)


def serve_in_loop(port: int) -> None:
    """Serve all connections in the event loop, for ever."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", port, backlog=BACKLOG)
        await server.serve_forever()

    asyncio.run(serve())


class _Answering(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(_HEAD_END):
            self._received = b""
            if isinstance(self._transport, asyncio.Transport):
                self._transport.write(_ANSWER)


if __name__ == "__main__":
    main()
