"""The body of a request: collected before the application runs, or read by it where the client waits for that."""

from __future__ import annotations

import io
import tempfile
import time
from typing import IO, Any

from scaffold.exceptions import HTTPError
from scaffold.server.limits import Limits, Pace
from scaffold.server.protocol import ChunkedDecoder, ProtocolError, RequestHead
from scaffold.server.transport import RECEIVE_BYTES, Transport

__all__ = ["CONTINUE", "CollectedBody", "ExpectedBody"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_MOST_AT_ONCE_BYTES = 4 * RECEIVE_BYTES


class CollectedBody:
    """A body that is taken from the connection as it comes, into memory or, when it is large, a temporary file.

    ``size`` is the number of its bytes so far, ``pace`` how long it may take to arrive.
    """

    __slots__ = ("_decoder", "_left", "file", "pace", "size")

    def __init__(self, head: RequestHead, limits: Limits, now: float) -> None:
        self.size = 0
        self.pace = Pace(limits.body_seconds, limits.rate_bytes, now)
        self._left = head.content_length
        self._decoder = ChunkedDecoder(limits) if head.chunked else None
        self.file = _place_for(head, limits)

    @property
    def wanted_bytes(self) -> int:
        """How much to receive at once; never so much that something of the next request is taken with it."""
        return RECEIVE_BYTES if self._decoder is not None else min(self._left, _MOST_AT_ONCE_BYTES)

    def take(self, buffer: bytearray) -> bool:
        """Move what belongs to the body out of ``buffer``; return whether the body is complete.

        Raises ``ProtocolError`` for what is malformed or too large.
        """
        if self._decoder is None:
            data = bytes(buffer[: self._left])
            del buffer[: len(data)]
            self._write(data)
            self._left -= len(data)
            return not self._left
        while data := self._decoder.decode(buffer):
            self._write(data)
        return self._decoder.complete

    def take_received(self, data: bytes, buffer: bytearray) -> bool:
        """Take what was received last, behind what is in ``buffer``, as `take` does."""
        if self._decoder is None and not buffer:  # then all of it belongs to the body
            self._write(data)
            self._left -= len(data)
            return not self._left
        buffer += data
        return self.take(buffer)

    def _write(self, data: bytes) -> None:
        self.file.write(data)
        self.size += len(data)

    def close(self) -> None:
        """Give back the memory or the temporary file."""
        self.file.close()


def _place_for(head: RequestHead, limits: Limits) -> IO[bytes]:
    """Return a file in memory, on the disk, or in memory until it is too large, if that is not known beforehand."""
    if head.chunked:
        return tempfile.SpooledTemporaryFile(limits.spool_bytes)
    return io.BytesIO() if head.content_length <= limits.spool_bytes else tempfile.TemporaryFile()


class ExpectedBody(io.RawIOBase):
    """A body whose client waits for ``100 Continue`` (RFC 9110 section 10.1.1), which it gets at the first read.

    It is read from the connection, never past its end and never waiting beyond it. ``buffer`` is what was received
    behind the head; what belongs to the next request stays in it. A body that is malformed, too large, too slow or cut
    short raises ``HTTPError`` with the status for it at the application's read, and a client that is gone
    ``ClientGoneError``.
    """

    def __init__(self, head: RequestHead, buffer: bytearray, transport: Transport, limits: Limits) -> None:
        self._buffer = buffer
        self._transport = transport
        self._limits = limits
        self._left = head.content_length
        self._decoder = ChunkedDecoder(limits) if head.chunked else None
        self._decoded = memoryview(b"")
        self._failure: HTTPError | None = None
        self._pace: Pace | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all of the body was read from the connection, so that the next bytes are another request's."""
        return self._decoder.complete if self._decoder else not self._left

    @property
    def has_begun(self) -> bool:
        """Whether the client was told to go on."""
        return self._pace is not None

    def readable(self) -> bool:
        """Return True, as ``io`` asks."""
        return True

    def readinto(self, view: Any) -> int:
        """Fill ``view`` with the next bytes and return their number, 0 at the body's end."""
        target = memoryview(view).cast("B")
        if self._failure is not None:
            raise self._failure
        if not self._decoded and not self.is_complete and len(target):
            self._decoded = memoryview(self._next_data())
        count = min(len(target), len(self._decoded))
        target[:count] = self._decoded[:count]
        self._decoded = self._decoded[count:]
        return count

    def _next_data(self) -> bytes:
        """Return the next bytes of the body, ``b""`` only at its end."""
        if self._pace is None:
            self._pace = Pace(self._limits.body_seconds, self._limits.rate_bytes, time.monotonic())
            self._transport.send(CONTINUE)
        try:
            if self._decoder is not None:
                return self._next_chunked_data(self._decoder, self._pace)
            return self._next_plain_data(self._pace)
        except ProtocolError as error:
            raise self._fail(error.status, error.detail) from error
        except TimeoutError as error:
            raise self._fail(408, "The body did not arrive in time.") from error

    def _next_plain_data(self, pace: Pace) -> bytes:
        if self._buffer:
            data = bytes(self._buffer[: self._left])
            del self._buffer[: len(data)]
        else:
            data = self._receive(pace, min(self._left, _MOST_AT_ONCE_BYTES))
        self._left -= len(data)
        return data

    def _next_chunked_data(self, decoder: ChunkedDecoder, pace: Pace) -> bytes:
        while not (data := decoder.decode(self._buffer)) and not decoder.complete:
            self._buffer += self._receive(pace, RECEIVE_BYTES)
        return data

    def _receive(self, pace: Pace, most_bytes: int) -> bytes:
        data = self._transport.wait_receive(pace.deadline - time.monotonic(), most_bytes)
        if not data:
            raise self._fail(400, "The connection ended before the body did.")
        pace.advance(len(data), time.monotonic())
        return data

    def _fail(self, status: int, detail: str) -> HTTPError:
        """Remember that the body is lost: a second read must not find the stream in order again."""
        self._failure = HTTPError(status, detail)
        return self._failure
