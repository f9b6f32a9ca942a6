"""The supervisor: owns the socket, the watcher and the terminal, and replaces the worker; it imports no user code."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from scaffold.reload.checking import shown_findings
from scaffold.reload.inbox import EventInbox
from scaffold.reload.keys import Keys, terminal_input
from scaffold.reload.messages import Channel, Message
from scaffold.reload.nursery import Nursery
from scaffold.reload.processes import EXIT_MARGIN_SECONDS, Assignment, Launcher, Plan, describe_exit
from scaffold.reload.sources import CLOCK_TICK_NS, digest_of_file
from scaffold.reload.spawner import Spawner
from scaffold.reload.target import Target
from scaffold.server import Limits

if TYPE_CHECKING:
    from scaffold.reload.watcher import Batch, Watcher

__all__ = ["supervise"]

# A worker that dies while it serves is replaced, unless the one before it died less than this before.
CRASH_LOOP_SECONDS = 10.0
_BY_HAND = "by hand"
# So many of the last reloads are shown to developers.
MOST_RELOADS = 50
_HELP = "Type r and Enter to reload, q and Enter to quit."
WATCHER_MODULE = "scaffold.reload.watcher"
WATCHER_WARNINGS = r"watchdog|scaffold\.reload\.inotify"


def supervise(
    target: Target,
    listener: socket.socket,
    *,
    reload: bool | None,
    stream: TextIO = sys.stderr,
    on_ready: Callable[[], None] | None = None,
    refresh: bool = True,
    poll: bool = False,
    spawn: bool = not hasattr(os, "fork"),
) -> int:
    """Serve ``target`` from workers that are replaced when its files change; return the exit status.

    ``reload`` is None for "when the project's DEBUG is on". ``on_ready`` is called once, when the first worker serves.
    With ``refresh`` the pages in browsers follow what is saved, when DEBUG is on. With ``poll`` files are looked at
    every now and then, and the system is not asked to tell of changes.
    With ``spawn`` workers are fresh interpreters and not forks. Call it on the main thread before any other is started.
    It ends by SIGINT, SIGTERM or SIGHUP with status 0; without reloading, a project that can't be loaded or whose
    worker keeps dying ends it with status 1.
    """
    plan = Plan(target, refresh)
    with ExitStack() as stack:
        launcher: Launcher = Spawner(plan, listener) if spawn else Nursery(plan, listener)
        stack.callback(launcher.close)
        inbox = stack.enter_context(EventInbox())
        terminal = _Terminal(stream, target.root)
        supervisor = _Supervisor(plan, listener, launcher, inbox, terminal, reload, on_ready, poll=poll)
        stack.callback(supervisor.close)
        stack.enter_context(inbox.signals(supervisor.on_signal))
        return supervisor.run()


class _State(Enum):
    LOADING = "loading"
    SERVING = "serving"
    RETIRING = "retiring"


@dataclass(slots=True)
class _Worker:
    """What the supervisor knows of a worker; ``files`` has the digest of each file that it said it loaded."""

    identity: int
    channel: Channel
    reason: Sequence[str]
    notice: str
    began: float = field(default_factory=time.perf_counter)
    began_ns: int = field(default_factory=time.time_ns)
    loaded_ns: int = 0
    state: _State = _State.LOADING
    is_broken: bool = False
    deadline: float = float("inf")
    files: Mapping[str, str] = field(default_factory=dict)
    shows_history: bool = False
    grace_seconds: float = Limits().grace_seconds

    def has_missed(self, path: str) -> bool:
        """Return whether ``path``, which changed, may have been loaded before it did."""
        if path in self.files:
            return digest_of_file(path) != self.files[path]
        try:
            changed_ns = Path(path).stat().st_ctime_ns
        except OSError:
            return self.is_broken or any(file.startswith(path + os.sep) for file in self.files)
        # What the project itself writes while it loads must not make it load again, for ever.
        since_ns = self.loaded_ns if path in self.reason else self.loaded_ns - CLOCK_TICK_NS
        return changed_ns > since_ns

    def began_before(self, path: str) -> bool:
        """Return whether ``path`` changed after this worker was begun, beyond doubt."""
        with contextlib.suppress(OSError):
            return Path(path).stat().st_ctime_ns - CLOCK_TICK_NS > self.began_ns
        return False


class _Terminal:
    """What the supervisor prints: one line a reload, a report once."""

    def __init__(self, stream: TextIO, root: Path) -> None:
        self._stream = stream
        self._root = root
        self._shown: frozenset[str] = frozenset()
        self._findings: frozenset[tuple[str, ...]] = frozenset()

    def say(self, text: str) -> None:
        # A terminal that was closed is no reason to leave processes behind.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()

    def report(self, reports: Collection[str]) -> None:
        """Print those reports that were not there after the load before this one."""
        for report in reports:
            if report not in self._shown:
                self.say(report)
        self._shown = frozenset(reports)

    def findings(self, findings: Sequence[dict[str, Any]], error: str) -> None:
        """Print those findings that the checks before these did not have."""
        if error:
            self.say(f"The checks failed: {error}")
            return
        lines, self._findings = shown_findings(findings, self._findings, partial(_relative_to, self._root))
        for line in lines:
            self.say(line)

    def reloaded(self, paths: Sequence[str], seconds: float, outcome: str) -> None:
        first, *others = _shown_paths(paths, self._root)
        more = f" and {len(others)} more" if others else ""
        self.say(f"{outcome} {seconds * 1000:.0f} ms: {first}{more}")


def _relative_to(root: Path, path: str) -> str:
    return os.path.relpath(path, root) if path.startswith(f"{root}{os.sep}") else path


def _shown_paths(paths: Sequence[str], root: Path) -> list[str]:
    return [path if path == _BY_HAND else os.path.relpath(path, root) for path in paths]


class _Supervisor:
    """The state machine: at most one worker loads or serves, those before it finish what they have in flight."""

    def __init__(
        self,
        plan: Plan,
        listener: socket.socket,
        launcher: Launcher,
        inbox: EventInbox,
        terminal: _Terminal,
        reload: bool | None,
        on_ready: Callable[[], None] | None,
        *,
        poll: bool,
    ) -> None:
        self._plan = plan
        self._listener = listener
        self._launcher = launcher
        self._inbox = inbox
        self._terminal = terminal
        self._on_ready = on_ready
        self._workers: dict[int, _Worker] = {}
        self._channels: set[Channel] = set()
        self._current: _Worker | None = None
        self._started = 0
        self._connections: list[int] = []
        self._pending: set[str] = set()
        self._known: Mapping[str, str] = {}
        self._reloads: deque[dict[str, Any]] = deque(maxlen=MOST_RELOADS)
        self._records = ""
        self._last_death = float("-inf")
        self._reload = reload
        self._polls = poll
        self._watcher: Watcher | None = None
        self._watcher_thread: threading.Thread | None = None
        self._is_stopping = False
        self._status = 0
        descriptor = terminal_input()
        actions = {"r": self.reload_by_hand, "q": self.on_signal}
        self._keys = None if descriptor is None else Keys(descriptor, inbox, actions)

    def run(self) -> int:
        """Serve until a signal or a failure ends it; return the exit status."""
        self._launcher.attach(self._inbox, self._on_exit, self._on_loss)
        self._start(())
        if self._reload is not False:
            self._watcher_thread = threading.Thread(target=self._start_watcher, daemon=True)
            self._watcher_thread.start()
        while self._workers or not self._is_stopping:
            self._inbox.wait(self._next_timeout())
            self._kill_overdue()
        return self._status

    def close(self) -> None:
        """Give back what is held; the workers have ended."""
        self._stop_watcher()
        for channel in self._channels:
            channel.close()
        for descriptor in self._connections:
            os.close(descriptor)

    # --- workers -----------------------------------------------------------------------------------------------------

    def _start(self, reason: Sequence[str], notice: str = "") -> None:
        self._started += 1
        channel, other = Channel.pair()
        worker = _Worker(self._started, channel, reason, notice)
        assignment = Assignment(self._reload, notice, tells_of_input=self._keys is not None)
        with other:
            self._launcher.start(worker.identity, other, assignment)
        self._workers[worker.identity] = self._current = worker
        self._channels.add(channel)
        self._pending.clear()
        self._inbox.listen(channel, partial(self._read, worker))

    def _retire(self, worker: _Worker) -> None:
        worker.state = _State.RETIRING
        worker.deadline = time.monotonic() + worker.grace_seconds + EXIT_MARGIN_SECONDS
        worker.channel.send("stop")
        if worker is self._current:
            self._current = None

    def _replace(self, paths: Sequence[str]) -> None:
        # What started a load that was given up is still news when the next one is done.
        old = self._current
        if old is not None:
            if old.state is _State.LOADING:
                paths = tuple(dict.fromkeys([*old.reason, *paths]))
            self._retire(old)
        self._start(paths)

    def _yield_terminal(self, begins: bool) -> None:
        if self._keys is not None:
            (self._keys.pause if begins else self._keys.resume)()

    def reload_by_hand(self) -> None:
        """Replace the worker although nothing has changed."""
        if not self._is_stopping:
            self._replace((_BY_HAND,))

    def _next_timeout(self) -> float | None:
        deadline = min((worker.deadline for worker in self._workers.values()), default=float("inf"))
        return None if deadline == float("inf") else max(0.0, deadline - time.monotonic())

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for worker in self._workers.values():
            if worker.deadline <= now:
                worker.deadline = float("inf")
                self._launcher.kill(worker.identity)

    # --- what workers say --------------------------------------------------------------------------------------------

    def _read(self, worker: _Worker) -> None:
        messages = worker.channel.receive()
        if messages is None:
            self._inbox.ignore(worker.channel)
            self._channels.discard(worker.channel)
            worker.channel.close()
            return
        for message in messages:
            if message.kind == "connection":
                self._connections += message.descriptors
                self._pass_connections()
            elif message.kind == "input":
                self._yield_terminal(message.fields["begins"])
            elif message.kind == "requests":
                self._records = message.fields["records"]
                self._pass_history()
            elif message.kind == "findings":
                if worker is self._current:
                    self._terminal.findings(message.fields["findings"], message.fields["error"])
            elif worker is self._current and message.kind == "stale":
                self._replace(message.fields["paths"])
            elif worker is self._current:
                self._on_loaded(worker, message)

    def _on_loaded(self, worker: _Worker, message: Message) -> None:
        worker.state = _State.SERVING
        worker.is_broken = message.kind == "failed"
        worker.grace_seconds = message.fields["grace_seconds"]
        worker.loaded_ns = message.fields["loaded_ns"]
        worker.files = self._known = message.fields["files"]
        worker.shows_history = message.fields["shows_history"]
        if self._watcher is not None:
            self._watcher.admit(self._known)
        self._reload = message.fields["watching"]
        self._terminal.report(message.fields["reports"])
        if not self._reload:
            self._stop_watcher()
            if worker.is_broken:
                self._end(1)
                return
        self._note_reload(worker, message.fields["reports"])
        if self._on_ready is not None:
            self._on_ready()
            self._on_ready = None
            if self._keys is not None:
                self._terminal.say(_HELP)
        self._pass_connections()
        self._pass_history()
        self._launcher.warm(message.fields["modules"])
        self._reload_for(sorted(self._pending))

    def _note_reload(self, worker: _Worker, reports: Sequence[str]) -> None:
        seconds = time.perf_counter() - worker.began
        outcome = "failed to load" if worker.is_broken else "reloaded with errors" if reports else "reloaded"
        if worker.reason:
            self._terminal.reloaded(worker.reason, seconds, f"{outcome} {'after' if worker.is_broken else 'in'}")
        elif outcome == "reloaded":
            outcome = "started"
        files = _shown_paths(worker.reason, self._plan.target.root)
        self._reloads.append({"time": time.time(), "outcome": outcome, "seconds": seconds, "files": files})

    def _pass_history(self) -> None:
        """Tell the worker that serves of the reloads, and of the requests that another one has answered."""
        worker = self._current
        if worker is not None and worker.state is _State.SERVING and worker.shows_history:
            records, self._records = self._records, ""
            worker.channel.send("history", reloads=list(self._reloads), records=records)

    def _pass_connections(self) -> None:
        """Give idle connections of workers that retired to the one that serves, as soon as it does."""
        worker = self._current
        if worker is None or worker.state is not _State.SERVING:
            return
        for descriptor in self._connections:
            worker.channel.send("adopt", descriptors=[descriptor])
            os.close(descriptor)
        self._connections.clear()

    # --- how workers end ---------------------------------------------------------------------------------------------

    def _on_exit(self, identity: int, status: int) -> None:
        worker = self._workers.pop(identity, None)
        if worker is not None and worker is self._current and not self._is_stopping:
            self._current = None
            self._on_death(worker, status)

    def _on_death(self, worker: _Worker, status: int) -> None:
        now = time.monotonic()
        is_repeated = worker.state is _State.LOADING or now - self._last_death < CRASH_LOOP_SECONDS
        self._last_death = now
        when = "while it loaded the project" if worker.state is _State.LOADING else "while it served"
        cause = f"The worker {describe_exit(status)} {when}."
        if not is_repeated:
            self._terminal.say(f"{cause} It is started again.")
            self._start(())
        elif self._reload is not False and not worker.notice:
            self._terminal.say(f"{cause} The site shows an error page until the next save.")
            self._start((), notice=cause)
        else:
            self._terminal.say(cause)
            self._end(1)

    def _on_loss(self) -> None:
        """Go on with spawned workers: the nursery is gone, and a process with threads must not fork another."""
        for worker in self._workers.values():
            worker.channel.send("stop")
        self._workers.clear()
        self._current = None
        if self._is_stopping:
            return
        self._terminal.say("The process that forks the workers has ended. From now on workers are started afresh.")
        self._launcher = Spawner(self._plan, self._listener)
        self._launcher.attach(self._inbox, self._on_exit, self._on_loss)
        self._start(())

    # --- changes -----------------------------------------------------------------------------------------------------

    def _start_watcher(self) -> None:
        # A folder that was moved away and back is watched anew; watchdog warns that this replaces the old watch.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=WATCHER_WARNINGS)
        # An event that arrives while watching ends is an error to watchdog, and to nobody else.
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        # Loading watchdog takes longer than forking a worker: it is done beside it.
        module = importlib.import_module(WATCHER_MODULE)
        root = self._plan.target.root
        watcher: Watcher = module.Watcher(root, self._post_batch, self._terminal.say, poll=self._polls)
        try:
            watcher.start()
        except OSError as error:
            hint = "A change is noticed when the next request comes."
            self._terminal.say(f"The folder {self._plan.target.root} can't be watched: {error.strerror}.\n  {hint}")
        else:
            self._watcher = watcher
            watcher.admit(self._known)

    def _stop_watcher(self) -> None:
        if self._watcher_thread is not None:
            self._watcher_thread.join()
            self._watcher_thread = None
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None

    def _post_batch(self, batch: Batch) -> None:
        self._inbox.post(partial(self._on_batch, batch))

    def _on_batch(self, batch: Batch) -> None:
        paths = [path for path, kind in batch.items() if kind.replaces_worker]
        if self._reload is not False and not self._is_stopping:
            self._reload_for(paths)
            self._refresh_for({path: kind.value for path, kind in batch.items() if kind.refreshes_pages})

    def _refresh_for(self, files: Mapping[str, str]) -> None:
        """Have the pages told of files that changed; those of a worker that is not there yet learn more than that."""
        worker = self._current
        if files and worker is not None and worker.state is _State.SERVING:
            worker.channel.send("changed", files=files)

    def _reload_for(self, paths: Sequence[str]) -> None:
        worker = self._current
        if worker is None:
            return
        if worker.state is _State.LOADING:
            # Whether it has read these files before or after they changed is known when it is done.
            self._pending.update(paths)
            missed = [path for path in paths if self._is_news(path) and worker.began_before(path)]
        else:
            missed = [path for path in paths if worker.has_missed(path)]
        if missed:
            self._replace(missed)

    def _is_news(self, path: str) -> bool:
        """Return whether ``path`` was loaded by the last worker that could say so, and is not the same any more."""
        return path in self._known and digest_of_file(path) != self._known[path]

    # --- the end -----------------------------------------------------------------------------------------------------

    def on_signal(self) -> None:
        """End gracefully at the first signal, at once at the second."""
        if self._is_stopping:
            for worker in self._workers.values():
                self._launcher.kill(worker.identity)
        self._end(0)

    def _end(self, status: int) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        self._status = status
        for worker in self._workers.values():
            if worker.state is not _State.RETIRING:
                self._retire(worker)
