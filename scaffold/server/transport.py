"""Reading from and writing to one connection, with a limit to every wait."""

from __future__ import annotations

import socket
from io import BufferedIOBase, RawIOBase

from scaffold.server.limits import Limits

__all__ = ["ClientGoneError", "Transport"]

_RECEIVE_BYTES = 65536
# write_seconds is granted to each slice of an answer, which makes it a floor on the rate and not a bound on the size.
_SLICE_BYTES = 256 * 1024


class ClientGoneError(ConnectionError):
    """The client closed the connection, or stopped taking what it asked for. Never raised for anything else."""


class Transport:
    """A non-blocking socket with the waits that HTTP needs; all waits raise ``TimeoutError`` or ``ClientGoneError``."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self.socket = connection
        self._limits = limits
        connection.setblocking(False)

    def receive(self) -> bytes | None:
        """Return what has arrived without waiting: None when nothing has, ``b""`` when the client sends no more."""
        try:
            return self.socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ClientGoneError(str(error)) from error

    def wait_receive(self, seconds: float, most_bytes: int = _RECEIVE_BYTES) -> bytes:
        """Return what arrives within ``seconds``, ``b""`` when the client sends no more.

        Raises ``TimeoutError`` when nothing does.
        """
        try:
            return self.socket.recv(most_bytes)
        except BlockingIOError:
            pass
        except OSError as error:
            raise ClientGoneError(str(error)) from error
        try:
            self.socket.settimeout(seconds)
            try:
                return self.socket.recv(most_bytes)
            finally:
                self.socket.setblocking(False)
        except TimeoutError:
            raise
        except OSError as error:
            raise ClientGoneError(str(error)) from error

    def send(self, data: bytes | memoryview) -> None:
        """Send all of ``data``, in one call to the kernel when its buffer has the room."""
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise ClientGoneError(str(error)) from error
        if sent < len(data):
            self._send_slowly(memoryview(data)[sent:])

    def _send_slowly(self, rest: memoryview) -> None:
        try:
            self.socket.settimeout(self._limits.write_seconds)
            try:
                for start in range(0, len(rest), _SLICE_BYTES):
                    self.socket.sendall(rest[start : start + _SLICE_BYTES])
            finally:
                self.socket.setblocking(False)
        except OSError as error:
            raise ClientGoneError(str(error)) from error

    def send_file(self, file: RawIOBase | BufferedIOBase, offset: int, count: int) -> int:
        """Send ``count`` bytes of a regular file from ``offset`` on and return how many it had."""
        try:
            self.socket.settimeout(self._limits.write_seconds)
            try:
                return self.socket.sendfile(file, offset, count) if count else 0
            finally:
                self.socket.setblocking(False)
        except OSError as error:
            raise ClientGoneError(str(error)) from error

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
            self.socket.recv(_RECEIVE_BYTES)
        except OSError:
            pass
        finally:
            self.socket.close()
