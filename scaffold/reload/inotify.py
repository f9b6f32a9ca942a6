"""Linux's own way of telling of changes, with its two failures made known: lost events, and no more watches."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

__all__ = ["LIMIT_ERRORS", "Observer"]

LIMIT_ERRORS = frozenset({errno.ENOSPC, errno.EMFILE})


class _Descriptor(InotifyFD):
    """Tells what watchdog keeps to itself: it goes on without a subfolder that can't be watched."""

    def __init__(self, on_loss: Callable[[], None], on_limit: Callable[[], None]) -> None:
        super().__init__()
        self._on_loss = on_loss
        self._on_limit = on_limit

    def add_callback(self, *arguments: Any) -> Any:
        """Watch one more folder."""
        try:
            return super().add_callback(*arguments)
        except OSError as error:
            if error.errno in LIMIT_ERRORS:
                self._on_limit()
            raise

    def handle_event(self, event: InotifyEvent) -> None:
        """Pass an event on, or say that the kernel's queue was full and others were lost."""
        super().handle_event(event)
        if event.is_queue_overflow:
            self._on_loss()


class Observer(BaseObserver):
    """An observer that calls ``on_loss`` when events were lost and ``on_limit`` when a folder can't be watched.

    Both are called from whatever thread notices. Raises ``OSError`` where the system allows no more instances.
    """

    def __init__(self, on_loss: Callable[[], None], on_limit: Callable[[], None]) -> None:
        self._descriptor = _Descriptor(on_loss, on_limit)
        self._descriptor.start()
        super().__init__(InotifyEmitter, inotify_fd=self._descriptor)

    def on_thread_stop(self) -> None:
        """End the thread that reads the events, after those that wait for them."""
        super().on_thread_stop()
        self._descriptor.stop()
        self._descriptor.join()
