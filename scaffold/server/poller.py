"""Waiting for many connections at once: what can be read or written, and what waited too long."""

from __future__ import annotations

import selectors
import socket
import time

from scaffold.server.handler import RequestHandler

__all__ = ["Poller"]

# Deadlines are looked through no more often than this; being late by it hurts nobody.
_SWEEP_SECONDS = 0.05


class Poller:
    """All connections, the listening socket, and a way to wake the thread that waits for them.

    A connection stays registered while it is served, so that a request costs no call to the kernel for it; only when
    something arrives meanwhile it is muted. All methods but `wake` belong to the thread that leads.
    """

    def __init__(self) -> None:
        self.handlers: set[RequestHandler] = set()
        self._selector = selectors.DefaultSelector()
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._wake_sender.setblocking(False)
        self._selector.register(self._wake_receiver, selectors.EVENT_READ)
        self._watched: dict[RequestHandler, int] = {}
        self._listener: socket.socket | None = None
        self._next_sweep = float("inf")

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
        """Wait for what the state of a connection asks for, until its ``deadline``."""
        self.handlers.add(handler)
        wanted = handler.wanted_events
        watched = self._watched.get(handler)
        if watched is None:
            self._selector.register(handler.connection, wanted, handler)
        elif watched != wanted:
            self._selector.modify(handler.connection, wanted, handler)
        self._watched[handler] = wanted
        if handler.deadline < self._next_sweep:
            self._next_sweep = handler.deadline

    def mute(self, handler: RequestHandler) -> None:
        """Wait for nothing on a connection until it is watched again."""
        if self._watched.pop(handler, None) is not None:
            self._selector.unregister(handler.connection)

    def forget(self, handler: RequestHandler) -> None:
        """Have nothing to do with a connection any more; it stays open."""
        self.mute(handler)
        self.handlers.discard(handler)

    def wait(self, seconds: float | None) -> tuple[list[tuple[RequestHandler, int]], bool]:
        """Return the connections on which something happened, with what it is, and whether there are new ones.

        Waits for ``seconds`` at most (None: without an end), and no longer than to the next deadline.
        """
        if self._next_sweep != float("inf"):
            until_sweep = max(_SWEEP_SECONDS, self._next_sweep - time.monotonic())
            seconds = until_sweep if seconds is None else min(seconds, until_sweep)
        happened, can_accept = [], False
        for key, events in self._selector.select(seconds):
            if key.data is not None:
                happened.append((key.data, events))
            elif key.fileobj is self._wake_receiver:
                self._wake_receiver.recv(4096)
            else:
                can_accept = True
        return happened, can_accept

    def overdue(self, now: float) -> list[RequestHandler]:
        """Return the connections whose deadline has passed."""
        if now < self._next_sweep:
            return []
        waiting = [handler for handler in self.handlers if not handler.in_service]
        late = [handler for handler in waiting if handler.deadline <= now]
        self._next_sweep = min((h.deadline for h in waiting if h.deadline > now), default=float("inf"))
        return late

    def wake(self) -> None:
        """Make `wait` return; safe from any thread and from a signal handler."""
        try:
            self._wake_sender.send(b"\0")
        except OSError:  # the waker is full, which wakes as well, or the poller is closed
            return

    def close(self) -> None:
        """Release the descriptors; the connections themselves stay open. A second call does nothing."""
        self._watched.clear()
        self.handlers.clear()
        self._listener = None
        self._selector.close()
        self._wake_receiver.close()
        self._wake_sender.close()
