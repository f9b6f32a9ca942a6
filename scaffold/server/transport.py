"""Reading from and writing to one connection, with a limit to every wait."""

from __future__ import annotations

import os
import socket
import time
from typing import IO, Any, NamedTuple

from scaffold.exceptions import ClientGoneError
from scaffold.server.limits import Limits, Pace

__all__ = ["RECEIVE_BYTES", "ClientGoneError", "FilePart", "Transport"]

RECEIVE_BYTES = 65536
_MOST_AT_ONCE_BYTES = 256 * 1024


class FilePart(NamedTuple):
    """Bytes of a regular file that are to be sent."""

    file: IO[bytes]
    offset: int
    length: int


class Transport:
    """A non-blocking socket with the waits that HTTP needs; all waits raise ``TimeoutError`` or ``ClientGoneError``."""

    __slots__ = ("_limits", "socket")

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self.socket = connection
        self._limits = limits
        connection.setblocking(False)

    def receive(self, most_bytes: int = RECEIVE_BYTES) -> bytes | None:
        """Return what has arrived without waiting: None when nothing has, ``b""`` when the client sends no more."""
        try:
            return self.socket.recv(most_bytes)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ClientGoneError(str(error)) from error

    def wait_receive(self, seconds: float, most_bytes: int = RECEIVE_BYTES) -> bytes:
        """Return what arrives within ``seconds``, ``b""`` when the client sends no more.

        Raises ``TimeoutError`` when nothing does.
        """
        data = self.receive(most_bytes)
        if data is not None:
            return data
        try:
            self.socket.settimeout(max(0.001, seconds))
            try:
                return self.socket.recv(most_bytes)
            finally:
                self.socket.setblocking(False)
        except TimeoutError:
            raise
        except OSError as error:
            raise ClientGoneError(str(error)) from error

    def push(self, data: bytes | memoryview) -> int:
        """Send what the kernel takes of ``data`` without waiting, and return the number of bytes."""
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ClientGoneError(str(error)) from error

    def push_file(self, part: FilePart) -> int:
        """Send what the kernel takes of a part of a file, and return the number of bytes.

        Raises ``EOFError`` when the file has become shorter.
        """
        count = min(part.length, _MOST_AT_ONCE_BYTES)
        try:
            if _sendfile is None:
                part.file.seek(part.offset)
                data = part.file.read(count)
                sent = self.socket.send(data) if data else 0
            else:
                sent = _sendfile(self.socket.fileno(), part.file.fileno(), part.offset, count)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ClientGoneError(str(error)) from error
        if not sent:
            raise EOFError
        return sent

    def send(self, data: bytes | memoryview) -> None:
        """Send all of ``data``, in one call to the kernel when its buffer has the room."""
        sent = self.push(data)
        if sent < len(data):
            self._send_slowly(memoryview(data)[sent:])

    def _send_slowly(self, rest: memoryview) -> None:
        limits = self._limits
        pace = Pace(limits.write_seconds, limits.rate_bytes, time.monotonic())
        try:
            while rest:
                self.socket.settimeout(max(0.001, pace.deadline - time.monotonic()))
                sent = self.socket.send(rest[:_MOST_AT_ONCE_BYTES])
                rest = rest[sent:]
                pace.advance(sent, time.monotonic())
        except OSError as error:
            raise ClientGoneError(str(error)) from error
        finally:
            self._unblock()

    def _unblock(self) -> None:
        try:
            self.socket.setblocking(False)
        except OSError:  # it was closed meanwhile
            return

    def try_send(self, data: bytes) -> None:
        """Send ``data`` if the kernel takes it at once: for the last words to a client that is not waited for."""
        try:
            self.socket.send(data)
        except OSError:
            return

    def end_output(self) -> None:
        """Tell the client that nothing more comes, while what it still sends can be read away."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def abort(self) -> None:
        """Break the connection off, waking the thread that waits for it; safe from another thread."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Close the connection; input that arrived and was not read is read away first.

        Closing over unread input makes TCP reset the connection, which may cost the client the end of its answer.
        """
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.recv(RECEIVE_BYTES)
        except OSError:
            pass
        finally:
            self.socket.close()


_sendfile: Any = getattr(os, "sendfile", None)
