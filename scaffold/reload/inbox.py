"""Where all events of the supervisor come together, to be handled one at a time on its own thread."""

from __future__ import annotations

import contextlib
import queue
import selectors
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Self

from scaffold.reload.messages import Channel

__all__ = ["EventInbox"]

_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class EventInbox:
    """Waits for channels, for what other threads post, and for signals."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ, self._run_posted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._selector.close()
        self._wake.close()
        self._waker.close()

    def listen(self, channel: Channel | int, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever ``channel``, or a descriptor, has something to read."""
        self._selector.register(channel, selectors.EVENT_READ, callback)

    def ignore(self, channel: Channel | int) -> None:
        """Listen to ``channel`` no more."""
        self._selector.unregister(channel)

    def post(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` soon from the thread that waits; safe to use from any thread and from signal handlers."""
        self._posted.put(callback)
        # A full buffer wakes just as well, and after the end nobody is there to be woken.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def wait(self, timeout_seconds: float | None) -> None:
        """Handle what has come, or wait for it."""
        for key, _ in self._selector.select(timeout_seconds):
            # A callback before this one may have ended the channel.
            if key.fd in self._selector.get_map():
                key.data()

    def _run_posted(self) -> None:
        self._wake.recv(4096)
        while not self._posted.empty():
            self._posted.get()()

    @contextlib.contextmanager
    def signals(self, on_signal: Callable[[], None]) -> Iterator[None]:
        """Call ``on_signal`` for each signal that asks for an end; the handlers from before are put back afterwards."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.post(on_signal)

        numbers = [getattr(signal, name) for name in _STOP_SIGNALS if hasattr(signal, name)]
        before = {number: signal.signal(number, handle) for number in numbers}
        previous = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            for number, handler in before.items():
                signal.signal(number, handler)
