"""Waiting for many connections at once: what became readable, and what waited too long."""

from __future__ import annotations

import selectors
import socket
import time

from scaffold.server.handler import RequestHandler

__all__ = ["Poller"]

# Deadlines are looked through no more often than this; being late by it hurts nobody.
_SWEEP_SECONDS = 0.05


class Poller:
    """The connections that no thread works on, the listening socket, and a way to wake the thread that waits for them.

    All methods but `wake` belong to that thread.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._wake_sender.setblocking(False)
        self._selector.register(self._wake_receiver, selectors.EVENT_READ)
        self._waiting: set[RequestHandler] = set()
        self._listener: socket.socket | None = None
        self._next_sweep: float | None = None

    @property
    def waiting(self) -> list[RequestHandler]:
        """The connections that are waited for."""
        return list(self._waiting)

    def watch_listener(self, listener: socket.socket) -> None:
        """Wake up for new connections from now on."""
        if self._listener is None:
            self._selector.register(listener, selectors.EVENT_READ)
            self._listener = listener

    def forget_listener(self) -> None:
        """Leave new connections in the kernel's queue from now on."""
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener = None

    def watch(self, handler: RequestHandler) -> None:
        """Wait for data on a connection, until its ``deadline`` (on the monotonic clock)."""
        self._selector.register(handler.connection, selectors.EVENT_READ, handler)
        self._waiting.add(handler)
        if self._next_sweep is None or handler.deadline < self._next_sweep:
            self._next_sweep = handler.deadline

    def forget(self, handler: RequestHandler) -> None:
        """Wait for a connection no longer."""
        self._selector.unregister(handler.connection)
        self._waiting.discard(handler)

    def wait(self, seconds: float | None) -> tuple[list[RequestHandler], bool]:
        """Return the connections with something to read, and whether there are new ones to accept.

        Waits for ``seconds`` at most (None: without an end), and no longer than to the next deadline.
        """
        if self._next_sweep is not None:
            until_sweep = max(_SWEEP_SECONDS, self._next_sweep - time.monotonic())
            seconds = until_sweep if seconds is None else min(seconds, until_sweep)
        readable, can_accept = [], False
        for key, _ in self._selector.select(seconds):
            if key.data is not None:
                readable.append(key.data)
            elif key.fileobj is self._wake_receiver:
                self._wake_receiver.recv(4096)
            else:
                can_accept = True
        return readable, can_accept

    def overdue(self, now: float) -> list[RequestHandler]:
        """Return the connections whose deadline has passed."""
        if self._next_sweep is None or now < self._next_sweep:
            return []
        late = [handler for handler in self._waiting if handler.deadline <= now]
        self._next_sweep = min((h.deadline for h in self._waiting if h.deadline > now), default=None)
        return late

    def wake(self) -> None:
        """Make `wait` return; safe from any thread and from a signal handler."""
        try:
            self._wake_sender.send(b"\0")
        except OSError:  # the waker is full, which wakes as well, or the poller is closed
            return

    def close(self) -> None:
        """Release the descriptors; the connections themselves stay open. A second call does nothing."""
        self._waiting.clear()
        self._listener = None
        self._selector.close()
        self._wake_receiver.close()
        self._wake_sender.close()
