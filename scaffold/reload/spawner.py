"""Starting workers as fresh interpreters, where there is no ``fork`` or the user asked for none."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from scaffold.reload.processes import Assignment, ExitCallback, Inbox, Plan, terminal_signals_held

__all__ = ["Order", "Spawner", "open_handle"]

_COMMAND = ("-m", "scaffold.reload.worker")


@dataclass(frozen=True, slots=True)
class Order:
    """What a spawned worker reads from its standard input.

    A socket is named by its descriptor, on Windows by what ``socket.share`` gave.
    """

    plan: Plan
    path: tuple[str, ...]
    listener: int | bytes
    connection: int | bytes
    assignment: Assignment


class Spawner:
    """Starts each worker as ``python -m scaffold.reload.worker``."""

    def __init__(self, plan: Plan, listener: socket.socket) -> None:
        self._plan = plan
        self._listener = listener
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._report: Callable[[int, int], None] | None = None

    def attach(self, inbox: Inbox, on_exit: ExitCallback, on_loss: Callable[[], None]) -> None:
        """Report the exits of workers; a spawner itself can't be lost."""
        del on_loss
        self._report = lambda identity, status: inbox.post(partial(on_exit, identity, status))

    def start(self, identity: int, connection: socket.socket, assignment: Assignment) -> None:
        """Start a worker as a new interpreter."""
        warnings = [f"-W{option}" for option in sys.warnoptions]
        with terminal_signals_held():
            process = subprocess.Popen(
                [sys.executable, *warnings, *_COMMAND],
                stdin=subprocess.PIPE,
                pass_fds=() if sys.platform == "win32" else (self._listener.fileno(), connection.fileno()),
            )
        self._processes[identity] = process
        self._send_order(process, connection, assignment)
        threading.Thread(target=self._wait, args=(identity, process), daemon=True).start()

    def _send_order(self, process: subprocess.Popen[bytes], connection: socket.socket, assignment: Assignment) -> None:
        order = Order(
            plan=self._plan,
            path=tuple(sys.path),
            listener=_handle(self._listener, process.pid),
            connection=_handle(connection, process.pid),
            assignment=assignment,
        )
        # A worker that is already dead reports itself by its exit.
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(pickle.dumps(order))

    def _wait(self, identity: int, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        self._processes.pop(identity, None)
        if self._report is not None:
            self._report(identity, status)

    def kill(self, identity: int) -> None:
        """End a worker at once."""
        process = self._processes.get(identity)
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Do nothing: a worker ends when its control channel does."""


def _handle(connection: socket.socket, pid: int) -> int | bytes:
    if sys.platform == "win32":
        return connection.share(pid)
    return connection.fileno()


def open_handle(handle: int | bytes) -> socket.socket:
    """Return the socket that an order names."""
    if isinstance(handle, int):
        connection = socket.socket(fileno=handle)
        connection.set_inheritable(False)
        return connection
    return socket.fromshare(handle)  # type: ignore[attr-defined,no-any-return]  # exists on Windows alone
