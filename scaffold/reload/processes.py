"""Starting, ending and describing the processes of the reloader."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn, Protocol

from scaffold.reload.messages import Channel
from scaffold.reload.target import Target

__all__ = [
    "EXIT_MARGIN_SECONDS",
    "Assignment",
    "ExitCallback",
    "Inbox",
    "Launcher",
    "Plan",
    "describe_exit",
    "do_nothing",
    "flush_output",
    "ignore_terminal_signals",
    "leave",
    "terminal_signals_held",
]

# How long a worker that was told to stop may take beyond the grace of its requests in flight.
EXIT_MARGIN_SECONDS = 1.0

_TERMINAL_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

ExitCallback = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What every worker of one supervisor has in common; with ``refresh`` the pages in browsers follow it."""

    target: Target
    refresh: bool = True


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one worker is to do.

    ``reload`` says whether it looks for changes; None is "when DEBUG is on". With a ``notice`` it loads nothing and
    shows that text as an error page, because loading has ended the process before. With ``tells_of_input`` it says when
    it reads from the terminal, which the supervisor reads too.
    """

    reload: bool | None
    notice: str = ""
    tells_of_input: bool = False


class Inbox(Protocol):
    """Where events from channels and threads come together."""

    def listen(self, channel: Channel, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever ``channel`` has something to read."""

    def ignore(self, channel: Channel) -> None:
        """Listen to ``channel`` no more."""

    def post(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` soon, from the supervisor's own thread; safe to use from any thread."""


class Launcher(Protocol):
    """Starts and kills workers. Each is known by a number that the supervisor chose."""

    def attach(self, inbox: Inbox, on_exit: ExitCallback, on_loss: Callable[[], None]) -> None:
        """Report exits to ``on_exit`` (number; status, or minus the signal), and to ``on_loss`` that all are lost."""

    def start(self, identity: int, connection: socket.socket, assignment: Assignment) -> None:
        """Start a worker whose control channel is ``connection``, which the caller closes."""

    def kill(self, identity: int) -> None:
        """End a worker at once."""

    def warm(self, modules: Sequence[str]) -> None:
        """Have installed ``modules`` ready for the workers to come, where that is possible."""

    def close(self) -> None:
        """Give back what the launcher holds; workers that still run end by themselves."""


def ignore_terminal_signals() -> None:
    """Let Ctrl-C, a closing terminal and whatever ends a whole group of processes be the supervisor's business.

    A handler is set, not ``SIG_IGN``, which programs that the project's code starts would inherit.
    """
    numbers = [getattr(signal, name) for name in _TERMINAL_SIGNALS if hasattr(signal, name)]
    for number in numbers:
        signal.signal(number, do_nothing)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


@contextlib.contextmanager
def terminal_signals_held() -> Iterator[None]:
    """Keep Ctrl-C from processes that are started in this context, until they call `ignore_terminal_signals`."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = [getattr(signal, name) for name in _TERMINAL_SIGNALS if hasattr(signal, name)]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def do_nothing(number: int, frame: FrameType | None) -> None:
    """Handle a signal by letting it interrupt whatever waits, and no more."""


def leave(work: Callable[[], None]) -> NoReturn:
    """Call ``work`` and end this process, without unwinding into the code of the process it was forked from."""
    status = 0
    try:
        work()
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        flush_output()
        os._exit(status)


def flush_output() -> None:
    """Write out what was printed; a terminal that is gone keeps no process from ending."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def describe_exit(status: int) -> str:
    """Return how a process ended, as the end of a sentence; ``status`` is minus the signal for one that was killed."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
