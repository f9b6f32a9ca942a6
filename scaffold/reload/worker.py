"""The worker: imports the project and serves it, until the supervisor has something newer.

Run as a program (``python -m scaffold.reload.worker``) it is a worker that was spawned, and reads its order from its
standard input.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from scaffold.application import Application
from scaffold.debug import error_application, error_files, report_text
from scaffold.exceptions import ServerError
from scaffold.reload.checking import Checking
from scaffold.reload.developing import Observation
from scaffold.reload.filters import python_files
from scaffold.reload.keys import tell_of_input
from scaffold.reload.loading import LoadedApplication, debug_by_environment, load, shows_debug
from scaffold.reload.messages import CAN_PASS_DESCRIPTORS, Channel, Message
from scaffold.reload.processes import EXIT_MARGIN_SECONDS, Assignment, Plan, ignore_terminal_signals, leave
from scaffold.reload.refresh import Refresh
from scaffold.reload.sources import CLOCK_TICK_NS, Snapshot, load_from_source
from scaffold.reload.spawner import open_handle, read_order
from scaffold.reload.target import Target
from scaffold.reload.warming import installed_folders, installed_modules
from scaffold.server import Server, console_log, stop_on_signals

if TYPE_CHECKING:
    from scaffold.developer import DeveloperPage

__all__ = ["run_worker", "serve"]


def serve(
    target: Target,
    listener: socket.socket,
    *,
    stream: TextIO = sys.stderr,
    on_ready: Callable[[], None] | None = None,
) -> int:
    """Serve ``target`` in this process, without reloading, until a signal ends it; return the exit status.

    A target that can't be loaded is reported on ``stream``, and the status is 1. ``on_ready`` is called before the
    first request is taken.
    """
    observation = Observation()
    try:
        loaded = observation.load(partial(load, target))
    except (Exception, SystemExit) as error:
        stream.write(report_text(error) + "\n")
        return 1
    for failure in loaded.failures:
        stream.write(report_text(failure) + "\n")
    access_log = console_log(stream, as_json=loaded.logs_json)
    application = observation.page(loaded, target.root) if loaded.debug else loaded.application
    server = Server(application, listener, limits=loaded.limits, access_log=access_log)
    try:
        with stop_on_signals(server):
            if on_ready is not None:
                on_ready()
            server.serve_forever()
    finally:
        server.server_close()
    return 0


def run_worker(plan: Plan, listener: socket.socket, channel: Channel, assignment: Assignment) -> None:
    """Load and serve what ``plan`` says, report to the supervisor over ``channel``, and return when told to stop."""
    ignore_terminal_signals()
    link = _Link(channel)
    link.start()
    if assignment.tells_of_input:
        tell_of_input(lambda begins: channel.send("input", begins=begins))
    known = set(sys.modules)
    snapshot = Snapshot()
    observation = Observation()
    loaded = observation.load(partial(_load_or_explain, plan.target, snapshot, assignment))
    watching = loaded.debug if assignment.reload is None else assignment.reload
    shown = shows_debug(loaded, plan.target.root)
    page = observation.page(loaded, plan.target.root) if shown else None
    refresh = Refresh(page or loaded.application) if plan.refresh and watching and shown else None
    gate = _Gate(snapshot, channel) if watching else None
    server = Server(
        refresh or page or loaded.application,
        listener,
        limits=loaded.limits,
        access_log=console_log(sys.stderr, as_json=loaded.logs_json),
        may_accept=gate,
        hand_over=partial(_hand_over, channel) if CAN_PASS_DESCRIPTORS else None,
        ends_streams=watching,
    )
    link.serves(server, refresh, page)
    loaded_ns = time.time_ns()
    # What the project itself wrote a moment ago bears the same stamp as what is saved in a moment: the bytes tell.
    written = snapshot.written_since(loaded_ns - CLOCK_TICK_NS) if watching else {}
    channel.send(
        "failed" if loaded.is_broken else "ready",
        watching=watching,
        grace_seconds=loaded.limits.grace_seconds,
        loaded_ns=loaded_ns,
        modules=installed_modules(known) if watching else [],
        files={**written, **snapshot.digests()} if watching else {},
        shows_history=page is not None,
        reports=[] if assignment.notice else [report_text(failure) for failure in loaded.failures],
    )
    if gate is not None and page is not None and isinstance(loaded.application, Application):
        checking = Checking(loaded.application, page, channel, lambda: gate.last_asked)
        link.checks(checking)
        checking.start()
    try:
        server.serve_forever()
    finally:
        server.server_close()


def _load_or_explain(target: Target, snapshot: Snapshot, assignment: Assignment) -> LoadedApplication:
    """Return the application, or one that shows why there is none; ``snapshot`` gets the files that had a part."""
    root = target.root
    installed = set(sys.modules)
    try:
        loaded = _load_noting(target, snapshot, assignment.notice)
    except (Exception, SystemExit) as error:
        # The settings may be what is broken. Who asked for reloading is a developer, unless DEBUG is said to be off.
        shown = debug_by_environment(root, default=bool(assignment.reload))
        application = error_application(error, debug=shown)
        loaded = LoadedApplication(application, debug_by_environment(root), (error,), is_broken=True)
    snapshot.add_modules(sys.modules.keys() - installed, str(root))
    for failure in loaded.failures:
        for file in error_files(failure):
            snapshot.add(str(file))
    return loaded


def _load_noting(target: Target, snapshot: Snapshot, notice: str) -> LoadedApplication:
    root = target.root
    if notice:
        for file in python_files(root):
            snapshot.add(str(file))
        raise ServerError(notice, hint="The next save of a file starts it again.")
    snapshot.add(str(root / ".env"))
    for installed in installed_folders():  # what is installed may mend a project, or break it
        snapshot.add_folder(installed)
    snapshot.add_folder(str(root / "apps"))
    for folder in _folders(root / "apps"):
        snapshot.add_folder(str(folder))
    load_from_source(root, snapshot)
    return load(target, snapshot)


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return [path for path in parent.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]


def _hand_over(channel: Channel, connection: socket.socket) -> None:
    channel.send("connection", descriptors=[connection.fileno()])
    connection.close()


class _Gate:
    """Says whether a worker may take one more request: it may not when what it was made of has changed since."""

    def __init__(self, snapshot: Snapshot, channel: Channel) -> None:
        self._snapshot = snapshot
        self._channel = channel
        self._is_shut = False
        self._lock = threading.Lock()
        self.last_asked = time.monotonic()

    def __call__(self) -> bool:
        self.last_asked = time.monotonic()
        with self._lock:
            if not self._is_shut:
                changed = self._snapshot.changed()
                if changed:
                    self._is_shut = True
                    self._channel.send("stale", paths=changed)
            return not self._is_shut


class _Link(threading.Thread):
    """Obeys the supervisor, and ends this process when the supervisor is gone or the process can't end by itself."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(name="supervisor", daemon=True)
        self._channel = channel
        self._server: Server | None = None
        self._refresh: Refresh | None = None
        self._checking: Checking | None = None
        self._page: DeveloperPage | None = None
        self._lock = threading.Lock()

    def serves(self, server: Server, refresh: Refresh | None, page: DeveloperPage | None) -> None:
        """Give these the messages from now on; until then, a worker that is told to stop just ends."""
        with self._lock:
            self._server = server
            self._refresh = refresh
            self._page = page

    def checks(self, checking: Checking) -> None:
        """Have it check again what changes from now on without a new worker."""
        with self._lock:
            self._checking = checking

    def run(self) -> None:
        """Read the channel to its end."""
        messages = self._channel.receive()
        while messages is not None:
            for message in messages:
                with self._lock:
                    self._take(message)
            messages = self._channel.receive()
        # Nothing is flushed here: who would have read it may be gone, and this process must not wait for them.
        os._exit(0)

    def _take(self, message: Message) -> None:
        server = self._server
        if server is None:
            os._exit(0)
        if message.kind == "changed" and self._checking is not None:
            self._checking.again()
        if message.kind == "changed" and self._refresh is not None:
            self._refresh.changed(message.fields["files"])
        if message.kind == "history" and self._page is not None:
            self._page.take_history(message.fields)
        if message.kind == "stop":
            if self._refresh is not None:
                self._refresh.close()
            seconds = server.limits.grace_seconds + EXIT_MARGIN_SECONDS
            threading.Thread(target=self._end_after, args=(seconds,), daemon=True).start()
            if self._page is not None:  # before stop(), after which this process may end any moment
                self._channel.send("requests", records=self._page.records())
            server.stop()
        for descriptor in message.descriptors:
            server.adopt(socket.socket(fileno=descriptor))

    def _end_after(self, seconds: float) -> None:
        time.sleep(seconds)
        os._exit(0)


def _run_spawned() -> None:
    ignore_terminal_signals()
    order = read_order()
    with open_handle(order.listener) as listener:
        run_worker(order.plan, listener, Channel(open_handle(order.connection)), order.assignment)


if __name__ == "__main__":
    leave(_run_spawned)
