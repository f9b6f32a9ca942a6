"""The process behind a nursery: it imports what every worker needs but the project, and forks.

Run as a program (``python -m scaffold.reload.forking``) it is a nursery that was spawned, and reads its order from its
standard input.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
from collections import deque
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

from scaffold.reload.messages import Channel, Message
from scaffold.reload.processes import Assignment, Plan, do_nothing, ignore_terminal_signals, leave
from scaffold.reload.spawner import open_handle, read_order
from scaffold.reload.warming import SpoiltError, import_checked

__all__ = ["run_nursery"]

# Imported once, in the nursery; a worker that was forked has them at once.
WARM_MODULES = (
    "scaffold.reload.worker",
    "scaffold.shortcuts",
    "jinja2.ext",
    "jinja2.loaders",
)
WORKER_MODULE = "scaffold.reload.worker"
# So often a probe may be spoilt by a module before the nursery is warm enough.
_MOST_PROBES = 20
_PROBE_SECONDS = 60
_RECEIVE_BYTES = 65536


def run_nursery(channel: Channel, plan: Plan, listener: socket.socket) -> None:
    """Fork workers as the supervisor asks for them, until it is gone."""
    ignore_terminal_signals()
    for name in WARM_MODULES:
        importlib.import_module(name)
    # What is alive now stays alive: taken out of the collector, its pages stay shared between the processes.
    gc.freeze()
    _Forker(channel, plan, listener).run()


class _Forker:
    """The nursery's own loop: requests to fork and kill come in, exits go out, and modules are imported in between."""

    def __init__(self, channel: Channel, plan: Plan, listener: socket.socket) -> None:
        self._channel = channel
        self._plan = plan
        self._listener = listener
        self._identities: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._signals = socket.socketpair()
        self._is_retired = False
        self._unproved: list[str] = []
        self._proved: deque[str] = deque()
        self._probe: int | None = None
        self._report = b""
        self._probes = 0

    def run(self) -> None:
        self._wake.setblocking(False)
        self._signals.setblocking(False)
        signal.set_wakeup_fd(self._signals.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, do_nothing)
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        try:
            self._serve()
        finally:
            signal.set_wakeup_fd(-1)  # the end of a child is told also when nobody hears of it any more

    def _serve(self) -> None:
        while not (self._is_retired and not self._identities):
            ready = {key.fileobj for key, _ in self._selector.select(0 if self._proved else None)}
            if self._wake in ready:
                self._wake.recv(4096)
                self._reap()
            if self._channel in ready:
                messages = self._channel.receive()
                if messages is None:
                    return
                for message in messages:
                    self._obey(message)
            if self._probe is not None and self._probe in ready:
                self._read_probe(self._probe)
            if self._proved:
                self._import_next()

    def _obey(self, message: Message) -> None:
        if message.kind == "fork":
            self._fork(message.fields.pop("identity"), message)
        elif message.kind == "kill":
            for pid in [pid for pid, known in self._identities.items() if known == message.fields["identity"]]:
                os.kill(pid, signal.SIGKILL)
        elif message.kind == "warm":
            self._unproved = message.fields["modules"]
            self._start_probe()
        else:
            self._is_retired = True

    # --- workers -------------------------------------------------------------------------------------------------

    def _fork(self, identity: int, message: Message) -> None:
        connection = socket.socket(fileno=message.descriptors[0])
        pid = os.fork()
        if pid == 0:
            leave(partial(self._become_worker, connection, Assignment(**message.fields)))
        connection.close()
        self._identities[pid] = identity

    def _become_worker(self, connection: socket.socket, assignment: Assignment) -> None:
        self._leave_nursery()
        run_worker = importlib.import_module(WORKER_MODULE).run_worker
        run_worker(self._plan, self._listener, Channel(connection), assignment)

    def _leave_nursery(self) -> None:
        """Give up, in a process that was forked, what belongs to the nursery alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for inherited in (self._channel, self._selector, self._wake, self._signals):
            inherited.close()
        if self._probe is not None:
            os.close(self._probe)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._identities:
                identity = self._identities.pop(pid)
                self._channel.send("exited", identity=identity, status=os.waitstatus_to_exitcode(status))

    # --- modules -------------------------------------------------------------------------------------------------

    def _start_probe(self) -> None:
        """Have a child find out which of the modules leave a process fit to fork."""
        if self._probe is not None or not self._unproved or self._probes >= _MOST_PROBES:
            return
        self._probes += 1
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            leave(partial(self._become_probe, writer))
        os.close(writer)
        self._probe, self._report = reader, b""
        self._selector.register(reader, selectors.EVENT_READ)

    def _become_probe(self, writer: int) -> None:
        self._leave_nursery()
        self._listener.close()
        signal.alarm(_PROBE_SECONDS)
        # What modules print as they are imported is the workers' to print.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.close(nothing)
        spoiler = ""
        try:
            done = import_checked(self._unproved)
        except SpoiltError as error:
            spoiler, done = error.args
        with os.fdopen(writer, "w") as report:
            json.dump({"done": done, "spoiler": spoiler}, report)

    def _read_probe(self, reader: int) -> None:
        data = os.read(reader, _RECEIVE_BYTES)
        if data:
            self._report += data
            return
        self._selector.unregister(reader)
        os.close(reader)
        self._probe = None
        try:
            report = json.loads(self._report)
        except ValueError:  # the probe was ended by what it imported
            self._unproved = []
            return
        self._proved.extend(report["done"])
        spoiler = report["spoiler"]
        # Behind the module that spoilt the probe the search goes on, once the nursery has what is in front of it.
        self._unproved = self._unproved[self._unproved.index(spoiler) + 1 :] if spoiler else []
        if not self._proved:
            self._start_probe()

    def _import_next(self) -> None:
        """Import one module, so that a request to fork waits for no more than one."""
        with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
            import_checked([self._proved.popleft()])
        if not self._proved:
            gc.freeze()
            self._start_probe()


def _run_spawned() -> None:
    order = read_order()
    with open_handle(order.listener) as listener:
        run_nursery(Channel(open_handle(order.connection)), order.plan, listener)


if __name__ == "__main__":
    leave(_run_spawned)
