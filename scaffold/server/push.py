"""Bodies that are sent when something happens, such as event streams, without a thread that waits for it."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator

__all__ = ["PushStream"]

# A client that does not take what it is sent is given up when so much waits for it.
MOST_WAITING_BYTES = 256 * 1024


class PushStream:
    """``scaffold.push_stream``: a body whose parts are given from any thread, also after it was returned.

    The server keeps the connection without a thread. On a server that does not know this class it is an iterable like
    any other, and holds a thread while it waits. ``on_close`` is called once: when the client has gone, when the server
    stops, or after `close`.
    """

    def __init__(self, on_close: Callable[[], None] | None = None) -> None:
        self._on_close = on_close
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_closed = False
        self._wake: Callable[[], None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self._is_closed

    def send(self, data: bytes) -> bool:
        """Send ``data`` soon; return False when the stream was closed, or the client has gone or takes nothing."""
        with self._lock:
            if self._is_closed:
                return False
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            is_stuck = self._waiting_bytes > MOST_WAITING_BYTES
            wake = self._wake
        if is_stuck:
            self.close()
            return False
        if wake is not None:
            wake()
        return True

    def close(self) -> None:
        """End the stream; a second call does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            wake = self._wake
        if wake is not None:
            wake()
        if self._on_close is not None:
            self._on_close()

    def attach(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called, from any thread, whenever there is something to take or the stream was closed."""
        with self._lock:
            self._wake = wake
            is_due = bool(self._waiting) or self._is_closed
        if is_due:
            wake()

    def take(self) -> bytes:
        """Return what waits to be sent."""
        with self._lock:
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
        return data

    def __iter__(self) -> Iterator[bytes]:
        bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.attach(lambda: bell.put(None))
        while True:
            bell.get()
            is_closed = self._is_closed
            if data := self.take():
                yield data
            if is_closed:
                return
