"""A bounded pool of threads after the leader/followers pattern.

Threads that compete for the interpreter lock cost more than they bring. So while requests are quick a single thread,
the *leader*, does all of it, from waiting for the sockets to the answer, and the others sleep. While it serves a job,
the leadership is open: whoever is done with a job may take it. The thread that runs `ThreadPool.run` looks at it a few
times in a blink, and when it has been open for too long, another thread is promoted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

__all__ = ["Reactor", "ThreadPool"]

# A job that takes so long is held up, by something that is no Python or by too much of it: others go on without it.
STUCK_SECONDS = 0.005
# Jobs that wait so long want more threads, unless the processor is what they wait for.
LONG_WAIT_SECONDS = 0.02
SATURATED = 0.9
# After so many looks at nothing the watch sleeps, until the next job wakes it.
_QUIET_LOOKS = 20


class Job(Protocol):
    """Something to serve; ``ready_since`` is when it became ready, on the monotonic clock."""

    ready_since: float


J = TypeVar("J", bound=Job)
J_contra = TypeVar("J_contra", bound=Job, contravariant=True)


class Reactor(Protocol[J_contra]):
    """What a pool serves. Only the leader calls `turn` and `settle`; `work` runs in any thread."""

    def turn(self, seconds: float | None) -> None:
        """Wait for something to happen, ``seconds`` at most (None: without an end), and see to it."""

    def work(self, job: J_contra) -> None:
        """Serve a job; nothing is raised."""

    def settle(self, job: J_contra) -> None:
        """Take back a job that was served."""

    def wake(self) -> None:
        """Make `turn` return; safe from any thread and from a signal handler."""


class _Worker:
    """A thread, the lock that it sleeps on, and whether it leads when it wakes."""

    def __init__(self, run: Callable[[_Worker], None], name: str, *, leads: bool) -> None:
        self.leads = leads
        self.bell = threading.Lock()
        self.bell.acquire()
        # A thread that an application holds for ever must not keep the process from ending.
        self.thread = threading.Thread(target=run, args=(self,), name=name, daemon=True)


class _Meter:
    """Tells whether this process had the processor for itself since it was asked last."""

    def __init__(self) -> None:
        self._clock = time.monotonic()
        self._used = time.process_time()

    def is_saturated(self) -> bool:
        clock, used = time.monotonic(), time.process_time()
        saturated = used - self._used >= SATURATED * (clock - self._clock)
        self._clock, self._used = clock, used
        return saturated


class ThreadPool(Generic[J]):
    """Serves jobs with at most ``threads`` threads. The idle one that worked last is woken first: its caches are warm.

    ``ready`` holds the jobs that nobody serves yet; `Reactor.turn` and `Reactor.settle` append to it.
    """

    def __init__(self, reactor: Reactor[J], *, threads: int, name: str = "scaffold-server") -> None:
        self.ready: deque[J] = deque()
        self._reactor = reactor
        self._most_threads = threads
        self._name = name
        self._lock = threading.Lock()
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._returned: deque[J] = deque()
        # Holds one entry while the leadership is open: to append and to pop are atomic, and cheaper than a lock.
        self._open: deque[None] = deque()
        self._bell = threading.Lock()
        self._bell.acquire()
        self._watch_sleeps = False
        self._served = 0
        self._is_crowded = False  # whether threads that do not lead take jobs too
        self._is_watch_leading = False
        self._is_stopped = False
        self._is_closed = False
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """Make `run` return; safe from any thread and from a signal handler."""
        self._is_stopped = True
        self._reactor.wake()
        self._ring()

    def close(self, *, join_seconds: float) -> None:
        """Drop what is ready, end the idle threads and wait a while for the busy ones. A second call does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = self._is_stopped = True
            self.ready.clear()
            for worker in self._idle:
                worker.bell.release()
            self._idle.clear()
        deadline = time.monotonic() + join_seconds
        for worker in self._workers:
            worker.thread.join(max(0.0, deadline - time.monotonic()))

    # --- the watch: the thread that calls run() ------------------------------------------------------------------

    def run(self) -> None:
        """Have jobs served until `stop`; then the calling thread leads. Raises what `Reactor.turn` raised."""
        if not self._is_stopped:
            self._start(leads=True)
        while not self._is_stopped:
            self._watch()
        while self._workers and not self._took_lead():
            self._bell.acquire(timeout=STUCK_SECONDS)
        if self._failure is not None:
            raise self._failure
        self._is_crowded = self._is_watch_leading = True

    def lead(self, seconds: float | None) -> None:
        """Take a turn, after `run`, and have the other threads serve what is ready."""
        for _ in range(len(self.ready)):
            if not self._sent_help():
                break
        self._turn(seconds)

    def _watch(self) -> None:
        """Look at the leadership again and again until there was nothing to see for long; then sleep."""
        quiet, seen, meter = 0, self._served, _Meter()
        while not self._is_stopped and quiet < _QUIET_LOOKS:
            self._bell.acquire(timeout=STUCK_SECONDS)
            is_saturated = meter.is_saturated()
            self._is_crowded = not is_saturated and self._are_jobs_late()
            is_open = bool(self._open)
            if is_open and (self._is_crowded or self._served == seen):
                self._promote()
            quiet = 0 if is_open or self._served != seen else quiet + 1
            seen = self._served
        # Who opens the leadership looks at the flag afterwards: one of the two sees the other.
        self._watch_sleeps = True
        if not self._open and not self._is_stopped:
            self._bell.acquire()
        self._watch_sleeps = False

    def _are_jobs_late(self) -> bool:
        with suppress(IndexError):
            return time.monotonic() - self.ready[0].ready_since > LONG_WAIT_SECONDS
        return False

    def _promote(self) -> None:
        """Give the leadership, if it is still open, to another thread."""
        if not self._took_lead() or self._gave_lead():
            return
        # All threads are held up. What happens is seen to, but nothing more is served until one is back.
        self._is_crowded = self._is_watch_leading = True
        try:
            while not self._is_stopped and not self._gave_lead():
                self._turn(None)
        except BaseException as error:
            self._fail(error)
        self._is_watch_leading = False
        if self._is_stopped:
            self._open.append(None)

    def _gave_lead(self) -> bool:
        with self._lock:
            if not self._idle:
                return self._start(leads=True)
            worker = self._idle.pop()
        worker.leads = True
        worker.bell.release()
        return True

    def _sent_help(self) -> bool:
        with self._lock:
            if not self._idle:
                return self._start(leads=False)
            self._idle.pop().bell.release()
        return True

    def _start(self, *, leads: bool) -> bool:
        """Start a thread, unless there are as many as there may be."""
        if len(self._workers) >= self._most_threads:
            return False
        worker = _Worker(self._run, f"{self._name}-{len(self._workers) + 1}", leads=leads)
        self._workers.append(worker)
        worker.thread.start()
        return True

    def _ring(self) -> None:
        # A bell that has rung already stays so.
        with suppress(RuntimeError):
            self._bell.release()

    # --- the workers ---------------------------------------------------------------------------------------------

    def _run(self, worker: _Worker) -> None:
        while not self._is_closed:
            if worker.leads:
                self._lead(worker)
            elif not self._helped(worker):
                with self._lock:
                    if self._is_closed:
                        return
                    self._idle.append(worker)
                if self._is_watch_leading:
                    self._reactor.wake()
                worker.bell.acquire()

    def _lead(self, worker: _Worker) -> None:
        """Wait and serve in turn, until the leadership is lost or asked for."""
        try:
            batch = 0
            while not self._is_stopped:
                if batch <= 0 or not self.ready:
                    self._turn(0 if self.ready else None)
                    batch = len(self.ready)
                elif self._has_served_next():
                    batch -= 1
                else:
                    worker.leads = False
                    return
        except BaseException as error:
            self._fail(error)
        worker.leads = False
        self._open.append(None)
        self._ring()

    def _has_served_next(self) -> bool:
        """Serve a job as the leader; return whether this thread still leads."""
        try:
            job = self.ready.popleft()
        except IndexError:  # somebody helped
            return True
        self._open.append(None)
        if self._watch_sleeps:
            self._ring()
        self._reactor.work(job)
        self._served += 1
        if self._took_lead():
            self._reactor.settle(job)
            return True
        self._hand_back(job)
        return False

    def _helped(self, worker: _Worker) -> bool:
        """Serve a job without leading, where that is wanted; return whether there was one."""
        if not self._is_crowded:
            return False
        try:
            job = self.ready.popleft()
        except IndexError:
            return False
        self._reactor.work(job)
        self._served += 1
        worker.leads = not self._is_stopped and self._took_lead()
        self._hand_back(job)
        return True

    def _hand_back(self, job: J) -> None:
        self._returned.append(job)
        self._reactor.wake()

    def _turn(self, seconds: float | None) -> None:
        self._reactor.turn(seconds)
        while self._returned:
            self._reactor.settle(self._returned.popleft())

    def _took_lead(self) -> bool:
        try:
            self._open.pop()
        except IndexError:
            return False
        return True

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._is_stopped = True
