from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from scaffold.server.pool import ThreadPool

WAIT_SECONDS = 10


def run(job: Callable[[], None]) -> None:
    job()


def test_idle_threads_are_used_again() -> None:
    pool = ThreadPool(run, threads=4)
    names = []
    for _ in range(20):
        done = threading.Event()

        def job(done: threading.Event = done) -> None:
            names.append(threading.current_thread().name)
            done.set()

        pool.submit(job)
        assert done.wait(WAIT_SECONDS)
    pool.close()
    assert len(names) == 20
    assert len(set(names)) <= 4


def test_more_jobs_than_threads_wait_and_are_all_done() -> None:
    pool = ThreadPool(run, threads=6)
    started, release = threading.Semaphore(0), threading.Event()
    finished = threading.Semaphore(0)

    def job() -> None:
        started.release()
        release.wait(WAIT_SECONDS)
        finished.release()

    for _ in range(8):
        pool.submit(job)
    patience = threading.Event()
    for _ in range(1000):
        again = pool.relieve()
        if again is None:
            break
        patience.wait(again)
    for _ in range(6):
        assert started.acquire(timeout=WAIT_SECONDS)
    assert pool.is_contended
    assert pool.relieve() is None
    release.set()
    for _ in range(8):
        assert finished.acquire(timeout=WAIT_SECONDS)
    assert not pool.is_contended
    pool.close()


def test_a_job_that_has_waited_long_gets_a_thread_though_others_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaffold.server.pool._STUCK_SECONDS", 1000.0)
    monkeypatch.setattr("scaffold.server.pool._LONG_WAIT_SECONDS", 0.0)
    pool = ThreadPool(run, threads=2)
    release, done = threading.Event(), threading.Event()
    pool.submit(lambda: release.wait(WAIT_SECONDS) and None)
    pool.submit(done.set)
    assert pool.relieve() == 1000.0
    assert done.wait(WAIT_SECONDS)
    release.set()
    pool.close()


def test_a_job_that_raises_costs_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    pool = ThreadPool(run, threads=1)
    done = threading.Event()

    def fail() -> None:
        raise ValueError("a mistake")

    pool.submit(fail)
    pool.submit(done.set)
    assert done.wait(WAIT_SECONDS)
    pool.close()
    assert "a mistake" in caplog.text


def test_closing_drops_what_waits_and_ends_what_idles() -> None:
    pool = ThreadPool(run, threads=1)
    started, release, dropped = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        started.set()
        release.wait(WAIT_SECONDS)

    pool.submit(job)
    assert started.wait(WAIT_SECONDS)
    pool.submit(dropped.set)
    pool.close(join_seconds=0.01)
    release.set()
    pool.close()
    pool.submit(dropped.set)
    assert not dropped.is_set()
