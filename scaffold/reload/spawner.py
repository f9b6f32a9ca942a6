"""Starting workers as fresh interpreters, where there is no ``fork`` or the user asked for none."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scaffold.exceptions import ServerError
from scaffold.reload.processes import Assignment, ExitCallback, Inbox, Plan, terminal_signals_held

__all__ = ["Order", "Spawner", "open_handle", "read_order", "start_interpreter"]

_WORKER_MODULE = "scaffold.reload.worker"


@dataclass(frozen=True, slots=True)
class Order:
    """What a spawned worker reads from its standard input, or a spawned nursery, which has no assignment.

    A socket is named by its descriptor, on Windows by what ``socket.share`` gave.
    """

    plan: Plan
    path: tuple[str, ...]
    listener: int | bytes
    connection: int | bytes
    assignment: Assignment = Assignment(None)  # noqa: RUF009 - frozen


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
        process = start_interpreter(_WORKER_MODULE, self._plan, self._listener, connection, assignment)
        self._processes[identity] = process
        threading.Thread(target=self._wait, args=(identity, process), daemon=True).start()

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

    def warm(self, modules: Sequence[str]) -> None:
        """Do nothing: a fresh interpreter has nothing ready."""

    def close(self) -> None:
        """Do nothing: a worker ends when its control channel does."""


def start_interpreter(
    module: str,
    plan: Plan,
    listener: socket.socket,
    connection: socket.socket,
    assignment: Assignment = Assignment(None),  # noqa: B008 - frozen
) -> subprocess.Popen[bytes]:
    """Run ``module`` as a program in a fresh interpreter and give it its order."""
    warnings = [f"-W{option}" for option in sys.warnoptions]
    with terminal_signals_held():
        process = subprocess.Popen(
            [sys.executable, *warnings, "-m", module],
            stdin=subprocess.PIPE,
            pass_fds=() if sys.platform == "win32" else (listener.fileno(), connection.fileno()),
        )
    order = Order(
        plan=plan,
        path=tuple(sys.path),
        listener=_handle(listener, process.pid),
        connection=_handle(connection, process.pid),
        assignment=assignment,
    )
    # A process that is already dead reports itself by its exit.
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(pickle.dumps(order))
    return process


def read_order() -> Order:
    """Return the order on standard input, where nothing is to be found afterwards."""
    order: Any = pickle.load(sys.stdin.buffer)
    # The project's code is not to find the end of the order on its standard input.
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    if not isinstance(order, Order):
        raise ServerError("a worker was started by hand", hint="Start scaffold runserver instead.")
    sys.path[:] = order.path
    return order


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
