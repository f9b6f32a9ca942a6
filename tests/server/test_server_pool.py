from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from scaffold.server.pool import ThreadPool

WAIT_SECONDS = 10


class Call:
    """A job that is a function."""

    def __init__(self, function: Callable[[], object]) -> None:
        self.function = function
        self.ready_since = 0.0


class Calls:
    """A reactor to which calls can be given; ``settled`` are those that were done and taken back."""

    def __init__(self, threads: int) -> None:
        self.pool: ThreadPool[Call] = ThreadPool(self, threads=threads, name="test")
        self.settled: list[Call] = []
        self.turned_by: list[str] = []
        self.failure: BaseException | None = None
        self._given: deque[Call] = deque()
        self._changed = threading.Condition()
        self._is_awake = False
        self.thread = threading.Thread(target=self._run, name="watch")

    def _run(self) -> None:
        try:
            self.pool.run()
        except ValueError as error:
            self.failure = error

    def give(self, *functions: Callable[[], object]) -> None:
        with self._changed:
            self._given.extend(Call(function) for function in functions)
            self._changed.notify_all()

    def turn(self, seconds: float | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._given or self._is_awake, seconds)
            self._is_awake = False
            self.turned_by.append(threading.current_thread().name)
            now = time.monotonic()
            while self._given:
                call = self._given.popleft()
                if call.function is fail:
                    raise ValueError("the reactor is broken")
                call.ready_since = now
                self.pool.ready.append(call)

    def work(self, job: Call) -> None:
        job.function()

    def settle(self, job: Call) -> None:
        with self._changed:
            self.settled.append(job)
            self._changed.notify_all()

    def wake(self) -> None:
        with self._changed:
            self._is_awake = True
            self._changed.notify_all()

    def wait_settled(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.settled) >= count, WAIT_SECONDS)

    def end(self) -> None:
        self.pool.stop()
        self.thread.join(WAIT_SECONDS)
        assert not self.thread.is_alive()


def fail() -> None:
    """Stands for a reactor that raises."""


@pytest.fixture
def start() -> Iterator[Callable[[int], Calls]]:
    started: list[Calls] = []

    def begin(threads: int) -> Calls:
        calls = Calls(threads)
        calls.thread.start()
        started.append(calls)
        return calls

    yield begin
    for calls in started:
        calls.end()
        calls.pool.close(join_seconds=WAIT_SECONDS)
        calls.pool.close(join_seconds=0)


class Held:
    """Calls that wait until they are let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.released = threading.Event()

    def __call__(self) -> None:
        self.entered.release()
        self.released.wait(WAIT_SECONDS)

    def wait_entered(self, count: int) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=WAIT_SECONDS)


def test_quick_jobs_are_all_done_by_the_thread_that_waits_for_them(start: Callable[[int], Calls]) -> None:
    calls, names = start(4), []
    for _ in range(20):
        calls.give(lambda: names.append(threading.current_thread().name))
        calls.wait_settled(len(names))
    calls.wait_settled(20)
    assert len(set(names)) <= 2  # a busy machine may hold one up
    assert set(calls.turned_by) <= set(names)


def test_jobs_that_are_held_up_get_a_thread_each_up_to_the_most(start: Callable[[int], Calls]) -> None:
    calls, held = start(6), Held()
    calls.give(*[held] * 8)
    held.wait_entered(6)
    assert not held.entered.acquire(blocking=False)
    held.released.set()
    calls.wait_settled(8)


def test_while_all_threads_are_held_up_the_watch_takes_the_turns(start: Callable[[int], Calls]) -> None:
    calls, held, done = start(1), Held(), threading.Event()
    calls.give(held)
    held.wait_entered(1)
    while "watch" not in calls.turned_by:
        calls.wake()
    calls.give(done.set)
    held.released.set()
    assert done.wait(WAIT_SECONDS)
    calls.wait_settled(2)


def test_jobs_that_wait_for_something_else_than_the_processor_get_more_threads(start: Callable[[int], Calls]) -> None:
    calls, names = start(8), set()

    def short_wait() -> None:
        names.add(threading.current_thread().name)
        threading.Event().wait(0.004)

    calls.give(*[short_wait] * 200)
    calls.wait_settled(200)
    assert len(names) > 1


def test_a_pool_that_has_slept_notices_a_job_that_is_held_up(start: Callable[[int], Calls]) -> None:
    calls, held, done = start(2), Held(), threading.Event()
    deadline = time.monotonic() + WAIT_SECONDS
    while not calls.pool._watch_sleeps:
        assert time.monotonic() < deadline
    calls.give(held)
    held.wait_entered(1)
    calls.give(done.set)
    assert done.wait(WAIT_SECONDS)
    held.released.set()


def test_after_the_stop_the_watch_leads_and_the_others_serve(start: Callable[[int], Calls]) -> None:
    calls, held = start(2), Held()
    calls.give(held)
    held.wait_entered(1)
    calls.end()
    names: list[str] = []
    calls.give(*[lambda: names.append(threading.current_thread().name)] * 3)
    held.released.set()
    deadline = time.monotonic() + WAIT_SECONDS
    while len(calls.settled) < 4:
        assert time.monotonic() < deadline
        calls.pool.lead(0.01)
    assert len(names) == 3
    assert threading.current_thread().name not in names


def test_what_the_reactor_raises_ends_the_pool(start: Callable[[int], Calls]) -> None:
    calls = start(2)
    calls.give(fail)
    calls.thread.join(WAIT_SECONDS)
    assert str(calls.failure) == "the reactor is broken"


def test_what_the_reactor_raises_to_the_watch_ends_the_pool_too(start: Callable[[int], Calls]) -> None:
    calls, held = start(1), Held()
    calls.give(held)
    held.wait_entered(1)
    while "watch" not in calls.turned_by:
        calls.wake()
    calls.give(fail)
    calls.thread.join(WAIT_SECONDS)
    held.released.set()
    assert str(calls.failure) == "the reactor is broken"


def test_a_pool_that_is_stopped_first_starts_nothing() -> None:
    calls = Calls(2)
    calls.pool.stop()
    calls.pool.run()
    calls.pool.close(join_seconds=0)
    assert calls.pool._workers == []


def test_closing_drops_what_waits_and_ends_what_idles(start: Callable[[int], Calls]) -> None:
    calls, held, dropped = start(1), Held(), threading.Event()
    calls.give(held, dropped.set)
    held.wait_entered(1)
    calls.end()
    calls.pool.close(join_seconds=0.01)
    held.released.set()
    for worker in calls.pool._workers:
        worker.thread.join(WAIT_SECONDS)
        assert not worker.thread.is_alive()
    assert not dropped.is_set()
