"""The nursery: a single-threaded process that has everything imported but the project, and forks workers on demand."""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from scaffold.reload.messages import Channel, Message
from scaffold.reload.processes import (
    Assignment,
    ExitCallback,
    Inbox,
    Plan,
    do_nothing,
    flush_output,
    ignore_terminal_signals,
    leave,
    terminal_signals_held,
)

__all__ = ["Nursery"]

# Imported once, in the nursery; a worker that was forked has them at once.
WARM_MODULES = (
    "scaffold.reload.worker",
    "scaffold.shortcuts",
    "jinja2.ext",
    "jinja2.loaders",
)
WORKER_MODULE = "scaffold.reload.worker"
CLOSE_SECONDS = 2.0
_POLL_SECONDS = 0.01


class Nursery:
    """The supervisor's view of the nursery. Make it before any thread is started: it forks."""

    def __init__(self, plan: Plan, listener: socket.socket) -> None:
        self._channel, other = Channel.pair()
        flush_output()
        with terminal_signals_held():
            self._pid = os.fork()
            if self._pid == 0:
                self._channel.close()
                leave(partial(run_nursery, Channel(other), plan, listener))
        other.close()

    def attach(self, inbox: Inbox, on_exit: ExitCallback, on_loss: Callable[[], None]) -> None:
        """Report the exits of workers, and the loss of the nursery itself."""
        inbox.listen(self._channel, partial(self._read, inbox, on_exit, on_loss))

    def _read(self, inbox: Inbox, on_exit: ExitCallback, on_loss: Callable[[], None]) -> None:
        messages = self._channel.receive()
        if messages is None:
            inbox.ignore(self._channel)
            on_loss()
            return
        for message in messages:
            on_exit(message.fields["identity"], message.fields["status"])

    def start(self, identity: int, connection: socket.socket, assignment: Assignment) -> None:
        """Have a worker forked."""
        self._channel.send("fork", descriptors=[connection.fileno()], identity=identity, **asdict(assignment))

    def kill(self, identity: int) -> None:
        """Have a worker killed. The nursery does it, for it alone knows that the process has not been reaped."""
        self._channel.send("kill", identity=identity)

    def close(self) -> None:
        """End the nursery."""
        self._channel.close()
        deadline = time.monotonic() + CLOSE_SECONDS
        while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(_POLL_SECONDS)


def run_nursery(channel: Channel, plan: Plan, listener: socket.socket) -> None:
    """Fork workers as the supervisor asks for them, until it is gone."""
    ignore_terminal_signals()
    signal.signal(signal.SIGTERM, do_nothing)
    for name in WARM_MODULES:
        importlib.import_module(name)
    # What is alive now stays alive: taken out of the collector, its pages stay shared between the processes.
    gc.freeze()
    _Forker(channel, plan, listener).run()


class _Forker:
    """The nursery's own loop: requests to fork and kill come in, exits go out."""

    def __init__(self, channel: Channel, plan: Plan, listener: socket.socket) -> None:
        self._channel = channel
        self._plan = plan
        self._listener = listener
        self._identities: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._signals = socket.socketpair()

    def run(self) -> None:
        self._wake.setblocking(False)
        self._signals.setblocking(False)
        signal.set_wakeup_fd(self._signals.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, do_nothing)
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in self._selector.select()}
            if self._wake in ready:
                self._wake.recv(4096)
                self._reap()
            if self._channel in ready:
                messages = self._channel.receive()
                if messages is None:
                    return
                for message in messages:
                    self._obey(message)

    def _obey(self, message: Message) -> None:
        identity = message.fields["identity"]
        if message.kind == "fork":
            self._fork(identity, message)
        else:
            for pid in [pid for pid, known in self._identities.items() if known == identity]:
                os.kill(pid, signal.SIGKILL)

    def _fork(self, identity: int, message: Message) -> None:
        connection = socket.socket(fileno=message.descriptors[0])
        pid = os.fork()
        if pid == 0:
            del message.fields["identity"]
            assignment = Assignment(**message.fields)
            leave(partial(self._become_worker, connection, assignment))
        connection.close()
        self._identities[pid] = identity

    def _become_worker(self, connection: socket.socket, assignment: Assignment) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for inherited in (self._channel, self._selector, self._wake, self._signals):
            inherited.close()
        run_worker = importlib.import_module(WORKER_MODULE).run_worker
        run_worker(self._plan, self._listener, Channel(connection), assignment)

    def _reap(self) -> None:
        while self._identities:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            identity = self._identities.pop(pid)
            self._channel.send("exited", identity=identity, status=os.waitstatus_to_exitcode(status))
