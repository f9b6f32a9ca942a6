"""A line on the terminal for what takes more than a second: that it goes on, for how long, and how far it has come."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

__all__ = ["working"]

SECONDS_BEFORE_IT_SHOWS = 1.0
SECONDS_BETWEEN_UPDATES = 0.2
BAR_WIDTH = 20
_ERASE = "\r\x1b[2K"


@contextlib.contextmanager
def working(what: str, progress: Callable[[], tuple[int, int]] | None = None) -> Iterator[None]:
    """Show ``what`` on a terminal for as long as the context lasts, once that is more than a second.

    ``progress`` tells how many are done of how many, and makes a bar of it. It is called in another thread. Nothing
    is shown in a pipe or on a dumb terminal, and nothing is left behind at the end.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    finished = threading.Event()
    thread = threading.Thread(target=_show, args=(what, progress, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _show(what: str, progress: Callable[[], tuple[int, int]] | None, finished: threading.Event) -> None:
    began = time.monotonic()
    if finished.wait(SECONDS_BEFORE_IT_SHOWS):
        return
    while not finished.wait(SECONDS_BETWEEN_UPDATES):
        _write(_ERASE + line(what, time.monotonic() - began, progress() if progress is not None else None))
    _write(_ERASE)


def line(what: str, seconds: float, done: tuple[int, int] | None = None) -> str:
    """Return the line: ``Collecting files [#####     ] 50 of 100, 3 s``."""
    if done is None or done[1] < 1:
        return f"{what}, {seconds:.0f} s"
    number, total = min(done[0], done[1]), done[1]
    filled = "#" * (BAR_WIDTH * number // total)
    return f"{what} [{filled:{BAR_WIDTH}}] {number} of {total}, {seconds:.0f} s"


def _write(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stderr.write(text)
        sys.stderr.flush()
