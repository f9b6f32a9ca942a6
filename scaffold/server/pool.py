"""A bounded pool of threads that grows on demand."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["ThreadPool"]

Job = TypeVar("Job")

# Threads that compete for the interpreter lock cost more than they bring: one thread serves small requests faster than
# four do. So the pool grows only when its threads seem held up by something that is not Python: none of them has taken
# a job for a while, or a job has waited for long.
_STUCK_SECONDS = 0.005
_LONG_WAIT_SECONDS = 0.05

_logger = logging.getLogger("scaffold.server")


class _Worker(Generic[Job]):
    """A thread, the lock that it sleeps on, and the job that it was woken for."""

    def __init__(self, run: Callable[[_Worker[Job]], None], name: str) -> None:
        self.job: Job | None = None
        self.wake = threading.Lock()
        self.wake.acquire()
        # A thread that an application holds for ever must not keep the process from ending.
        self.thread = threading.Thread(target=run, args=(self,), name=name, daemon=True)


class ThreadPool(Generic[Job]):
    """Runs ``work(job)`` for each submitted job, with at most ``threads`` of them at the same time.

    The idle thread that worked last is woken first: its caches are warm, and the others stay asleep.
    """

    def __init__(self, work: Callable[[Job], None], *, threads: int, name: str = "scaffold-server") -> None:
        self._work = work
        self._most_threads = threads
        self._name = name
        self._lock = threading.Lock()
        self._workers: list[_Worker[Job]] = []
        self._idle: list[_Worker[Job]] = []
        self._queue: deque[tuple[float, Job]] = deque()
        self._last_start = 0.0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run ``job`` on a thread as soon as one is free; on a closed pool it is dropped."""
        now = time.monotonic()
        with self._lock:
            if self._closed:
                return
            if self._idle:
                worker = self._idle.pop()
                worker.job = job
                self._last_start = now
                worker.wake.release()
            elif not self._workers:
                self._start_thread(job, now)
            else:
                self._queue.append((now, job))

    def relieve(self) -> float | None:
        """Start a thread if jobs are held up, and return the seconds after which to look again.

        None means that there is nothing to look after: the queue is empty, or the pool is as large as it may become.
        """
        if not self._queue:
            return None
        now = time.monotonic()
        with self._lock:
            if not self._queue or len(self._workers) >= self._most_threads:
                return None
            if now - self._last_start >= _STUCK_SECONDS or now - self._queue[0][0] >= _LONG_WAIT_SECONDS:
                self._start_thread(self._queue.popleft()[1], now)
        return _STUCK_SECONDS

    @property
    def is_contended(self) -> bool:
        """Whether jobs wait for a thread."""
        return bool(self._queue)

    def close(self, *, join_seconds: float = 1.0) -> None:
        """Drop what is queued, end the idle threads and wait a while for the busy ones. A second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.clear()
            for worker in self._idle:
                worker.wake.release()
            self._idle.clear()
        deadline = time.monotonic() + join_seconds
        for worker in self._workers:
            worker.thread.join(max(0.0, deadline - time.monotonic()))

    def _start_thread(self, job: Job, now: float) -> None:
        self._last_start = now
        worker: _Worker[Job] = _Worker(self._run, f"{self._name}-{len(self._workers) + 1}")
        worker.job = job
        self._workers.append(worker)
        worker.thread.start()

    def _run(self, worker: _Worker[Job]) -> None:
        job = worker.job
        while job is not None:
            try:
                self._work(job)
            except Exception:
                _logger.exception("A job of the server failed")
            job = worker.job = None  # an idle thread keeps nothing alive
            job = self._next_job(worker)

    def _next_job(self, worker: _Worker[Job]) -> Job | None:
        """Return the next job, sleeping until there is one, or None when the pool was closed."""
        with self._lock:
            if self._closed:
                return None
            if self._queue:
                self._last_start = time.monotonic()
                return self._queue.popleft()[1]
            self._idle.append(worker)
        worker.wake.acquire()
        return worker.job
