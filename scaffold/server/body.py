"""The body of a request as ``wsgi.input``: a stream that ends where the body does."""

from __future__ import annotations

import io
import time
from typing import Any

from scaffold.exceptions import HTTPError
from scaffold.server.limits import Limits
from scaffold.server.protocol import ChunkedDecoder, ProtocolError, RequestHead
from scaffold.server.transport import ClientGoneError, Transport

__all__ = ["RequestBody"]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_RECEIVE_BYTES = 65536


class RequestBody(io.RawIOBase):
    """Reads one request's body from the connection, never past its end and never waiting beyond it.

    ``buffer`` is what was received behind the head; what belongs to the next request stays in it. A body that is
    malformed, too large, too slow or cut short raises ``HTTPError`` with the status for it at the application's read,
    and a client that is gone ``ClientGoneError``.
    """

    def __init__(self, head: RequestHead, buffer: bytearray, transport: Transport, limits: Limits) -> None:
        self._buffer = buffer
        self._transport = transport
        self._limits = limits
        self._left = head.content_length
        self._decoder = ChunkedDecoder(limits) if head.chunked else None
        self._decoded = memoryview(b"")
        self._failure: HTTPError | None = None
        # A client that has sent some of the body does not wait for the 100 (RFC 9110 section 10.1.1).
        self.awaits_continue = head.expects_continue and not buffer

    @property
    def complete(self) -> bool:
        """Whether all of the body was read from the connection, so that the next bytes are another request's."""
        return self._decoder.complete if self._decoder else not self._left

    @property
    def can_be_drained(self) -> bool:
        """Whether reading the rest away is likely to be cheap."""
        return self._failure is None and not self.awaits_continue and self._left <= self._limits.drain_bytes

    def readable(self) -> bool:
        """Return True, as ``io`` asks."""
        return True

    def readinto(self, view: Any) -> int:
        """Fill ``view`` with the next bytes and return their number, 0 at the body's end."""
        target = memoryview(view).cast("B")
        if self._failure is not None:
            raise self._failure
        if not self._decoded and not self.complete and len(target):
            self._decoded = memoryview(self._next_data(self._limits.body_seconds, len(target)))
        count = min(len(target), len(self._decoded))
        target[:count] = self._decoded[:count]
        self._decoded = self._decoded[count:]
        return count

    def drain(self) -> bool:
        """Read away what the application left, within the limits for that; return whether the body is complete."""
        if not self.can_be_drained:
            return False
        deadline = time.monotonic() + self._limits.drain_seconds
        drained = 0
        try:
            while not self.complete and drained <= self._limits.drain_bytes:
                drained += len(self._next_data(max(0.001, deadline - time.monotonic()), _RECEIVE_BYTES))
        except (HTTPError, ClientGoneError):
            return False
        return self.complete

    def _next_data(self, seconds: float, most_bytes: int) -> bytes:
        """Return the next bytes of the body, ``b""`` only at its end."""
        if self.awaits_continue:
            self.awaits_continue = False
            self._transport.send(_CONTINUE)
        try:
            if self._decoder is None:
                return self._next_plain_data(seconds, most_bytes)
            return self._next_chunked_data(self._decoder, seconds)
        except ProtocolError as error:
            raise self._fail(error.status, error.detail) from error
        except TimeoutError as error:
            raise self._fail(408, "The body did not arrive in time.") from error

    def _next_plain_data(self, seconds: float, most_bytes: int) -> bytes:
        if self._buffer:
            data = bytes(self._buffer[: self._left])
            del self._buffer[: len(data)]
        else:
            # Asking for no more than is left keeps the next request out of this body.
            data = self._receive(seconds, min(self._left, max(most_bytes, _RECEIVE_BYTES)))
        self._left -= len(data)
        return data

    def _next_chunked_data(self, decoder: ChunkedDecoder, seconds: float) -> bytes:
        while not (data := decoder.decode(self._buffer)) and not decoder.complete:
            self._buffer += self._receive(seconds, _RECEIVE_BYTES)
        return data

    def _receive(self, seconds: float, most_bytes: int) -> bytes:
        data = self._transport.wait_receive(seconds, most_bytes)
        if not data:
            raise self._fail(400, "The connection ended before the body did.")
        return data

    def _fail(self, status: int, detail: str) -> HTTPError:
        """Remember that the body is lost: a second read must not find the stream in order again."""
        self._failure = HTTPError(status, detail)
        return self._failure
