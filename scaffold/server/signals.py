"""Ending a server by SIGINT (Ctrl-C) and SIGTERM."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

__all__ = ["Stoppable", "stop_on_signals"]


class Stoppable(Protocol):
    """Something that can be told to stop, by a method that a signal handler may call."""

    def stop(self) -> None:
        """Begin to stop; a second call ends at once."""
        ...


@contextmanager
def stop_on_signals(server: Stoppable) -> Iterator[None]:
    """Call ``server.stop()`` at each SIGINT and SIGTERM while the context lasts, then restore the former handlers.

    The first signal lets requests in flight end, the second ends them. Only the main thread may set signal handlers:
    ``ValueError`` is raised in another.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.stop()

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            # None stands for a handler that was not set from Python and can't be set from it either.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
