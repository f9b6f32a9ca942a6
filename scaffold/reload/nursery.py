"""The nursery: a single-threaded process that has everything imported but the project, and forks workers on demand.

Here is the supervisor's view of it; what the process does stands in `scaffold.reload.forking`.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

from scaffold.reload.forking import run_nursery
from scaffold.reload.messages import Channel
from scaffold.reload.processes import (
    Assignment,
    ExitCallback,
    Inbox,
    Plan,
    flush_output,
    leave,
    terminal_signals_held,
)
from scaffold.reload.spawner import start_interpreter
from scaffold.reload.warming import environment_stamp

__all__ = ["Nursery"]

CLOSE_SECONDS = 2.0
_FORKING_MODULE = "scaffold.reload.forking"
_POLL_SECONDS = 0.01


class _Process:
    """One nursery: its control channel and its process."""

    def __init__(self, channel: Channel, pid: int) -> None:
        self.channel = channel
        self.is_retired = False
        self._pid = pid

    def end(self) -> None:
        """Hang up, and wait for the process."""
        self.channel.close()
        deadline = time.monotonic() + CLOSE_SECONDS
        while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(_POLL_SECONDS)


class Nursery:
    """Starts workers by having them forked. Make it before any thread is started: it forks.

    When an installed package or the environment has changed, the next worker is forked by a new nursery; the old one
    ends after its last worker.
    """

    def __init__(self, plan: Plan, listener: socket.socket) -> None:
        self._plan = plan
        self._listener = listener
        self._environment = environment_stamp()
        channel, other = Channel.pair()
        flush_output()
        with terminal_signals_held():
            pid = os.fork()
            if pid == 0:
                channel.close()
                leave(partial(run_nursery, Channel(other), plan, listener))
        other.close()
        self._current = _Process(channel, pid)
        self._all = [self._current]
        self._listen: Callable[[_Process], None] | None = None

    def attach(self, inbox: Inbox, on_exit: ExitCallback, on_loss: Callable[[], None]) -> None:
        """Report the exits of workers, and the loss of the nursery itself."""

        def listen(process: _Process) -> None:
            inbox.listen(process.channel, partial(self._read, process, inbox, on_exit, on_loss))

        self._listen = listen
        listen(self._current)

    def _read(self, process: _Process, inbox: Inbox, on_exit: ExitCallback, on_loss: Callable[[], None]) -> None:
        messages = process.channel.receive()
        if messages is None:
            inbox.ignore(process.channel)
            if process.is_retired:
                self._all.remove(process)
                process.end()
            else:
                on_loss()
            return
        for message in messages:
            on_exit(message.fields["identity"], message.fields["status"])

    def start(self, identity: int, connection: socket.socket, assignment: Assignment) -> None:
        """Have a worker forked."""
        environment = environment_stamp()
        if environment != self._environment:
            self._environment = environment
            self._replace()
        self._current.channel.send("fork", descriptors=[connection.fileno()], identity=identity, **asdict(assignment))

    def _replace(self) -> None:
        # This process has threads by now, so the new nursery is no fork of it.
        channel, other = Channel.pair()
        with other:
            process = start_interpreter(_FORKING_MODULE, self._plan, self._listener, other)
        process.returncode = 0  # it is waited for by its number, like the one that was forked
        self._current.is_retired = True
        self._current.channel.send("retire")
        self._current = _Process(channel, process.pid)
        self._all.append(self._current)
        if self._listen is not None:
            self._listen(self._current)

    def kill(self, identity: int) -> None:
        """Have a worker killed. Its nursery does it, for it alone knows that the process has not been reaped."""
        for process in self._all:
            process.channel.send("kill", identity=identity)

    def warm(self, modules: Sequence[str]) -> None:
        """Have the nursery import installed ``modules``, as far as they leave it fit to fork."""
        if modules:
            self._current.channel.send("warm", modules=modules)

    def close(self) -> None:
        """End the nursery."""
        for process in self._all:
            process.end()
