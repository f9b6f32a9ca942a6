"""Words from the terminal to the supervisor: a letter and Enter."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Protocol

__all__ = ["Keys", "tell_of_input", "terminal_input"]

_MOST_BYTES = 1024


class Inbox(Protocol):
    """Where events come together."""

    def listen(self, channel: int, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever the descriptor has something to read."""

    def ignore(self, channel: int) -> None:
        """Listen to the descriptor no more."""


def terminal_input() -> int | None:
    """Return the descriptor of standard input where it is a terminal that this process may read from."""
    try:
        descriptor = sys.stdin.fileno()
        may_read = os.isatty(descriptor) and is_in_foreground(descriptor)
    except (AttributeError, OSError, ValueError):  # there is no standard input, or it is closed
        return None
    return descriptor if may_read else None


def is_in_foreground(descriptor: int) -> bool:
    """Return whether this process may read from its terminal; one in the background would be stopped for it."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except (AttributeError, OSError):  # no job control, as on Windows, where a terminal can't be waited for either
        return False


class Keys:
    """Calls an action for each line that holds its letter, unless somebody else reads from the terminal just now."""

    def __init__(self, descriptor: int, inbox: Inbox, actions: Mapping[str, Callable[[], None]]) -> None:
        self._descriptor = descriptor
        self._inbox = inbox
        self._actions = actions
        self._is_listening = False
        self.resume()

    def resume(self) -> None:
        """Read from the terminal."""
        if not self._is_listening:
            self._inbox.listen(self._descriptor, self._read)
            self._is_listening = True

    def pause(self) -> None:
        """Leave what is typed to somebody else, such as a debugger in a view."""
        if self._is_listening:
            self._inbox.ignore(self._descriptor)
            self._is_listening = False

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _MOST_BYTES) if is_in_foreground(self._descriptor) else b""
        except OSError:
            data = b""
        if not data:  # the terminal is gone, or this process was put into the background
            self.pause()
        for line in data.decode("utf-8", "replace").splitlines():
            action = self._actions.get(line.strip().lower())
            if action is not None:
                action()


def tell_of_input(tell: Callable[[bool], object]) -> None:
    """Call ``tell(True)`` before this process reads a line by `input`, as a debugger does, and ``tell(False)`` after.

    It holds for the rest of the process (PEP 578).
    """

    def hook(event: str, _arguments: object) -> None:
        if event == "builtins.input":
            tell(True)
        elif event == "builtins.input/result":
            tell(False)

    sys.addaudithook(hook)
