"""Processes, signals and descriptors: nothing is left behind, nothing leaks."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from reload_helpers import PATIENCE, RUNNER, Site, children_of, is_alive, poll, serving, view

VIEWS = "apps/home/views.py"
ENDLESS = """
import pathlib

def index(request):
    pathlib.Path(__file__).with_name("begun").touch()
    while True:
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_processes_with_status_0(project: Path, number: int) -> None:
    with serving(project) as site:
        site.get()
        poll(lambda: len(children_of(site.process.pid)) == 2, "a nursery and a worker, and no probe any more")
        below = children_of(site.process.pid)
        assert site.end(number) == 0
        assert not any(is_alive(pid) for pid in below)
        poll(site.port_is_free, "the port to be free")


def test_ctrl_c_for_the_whole_group_ends_it_quietly(project: Path, mode: tuple[str, ...]) -> None:
    with serving(project, *mode) as site:
        site.get()
        os.killpg(site.process.pid, signal.SIGINT)
        assert site.process.wait(PATIENCE) == 0
        assert site.count("Traceback") == 0
        assert site.count("KeyboardInterrupt") == 0


def limit_grace(project: Path, seconds: float) -> None:
    with (project / "config/settings.py").open("a") as settings:
        settings.write(f"SERVER_LIMITS = {{'grace_seconds': {seconds}}}\n")


def begin_endless_request(site: Site, pool: ThreadPoolExecutor) -> None:
    def ask() -> None:
        try:
            site.get()
        except requests.RequestException:
            return

    pool.submit(ask)
    poll((site.root / "apps/home/begun").exists, "the endless loop to begin")


def test_killing_the_supervisor_leaves_no_process_and_a_free_port(project: Path, mode: tuple[str, ...]) -> None:
    (project / VIEWS).write_text(ENDLESS)
    with serving(project, *mode) as site, ThreadPoolExecutor(1) as pool:
        begin_endless_request(site, pool)
        below = children_of(site.process.pid)
        site.process.kill()
        site.process.wait(PATIENCE)
        poll(lambda: not any(is_alive(pid) for pid in below), "all processes to end")
        poll(site.port_is_free, "the port to be free")


def test_a_worker_in_an_endless_loop_is_ended_at_its_deadline(project: Path) -> None:
    (project / VIEWS).write_text(ENDLESS)
    limit_grace(project, 0.1)
    with serving(project) as site, ThreadPoolExecutor(1) as pool:
        begin_endless_request(site, pool)
        before = set(children_of(site.process.pid))
        site.save(VIEWS, view("new"))
        assert site.text() == "new"
        poll(lambda: len(children_of(site.process.pid)) == 2, "the old worker to end")
        assert len(before & set(children_of(site.process.pid))) == 1


def test_a_second_signal_ends_at_once(project: Path, mode: tuple[str, ...]) -> None:
    (project / VIEWS).write_text(ENDLESS)
    limit_grace(project, 600)
    with serving(project, *mode) as site, ThreadPoolExecutor(1) as pool:
        begin_endless_request(site, pool)
        below = children_of(site.process.pid)
        site.process.send_signal(signal.SIGTERM)
        site.process.send_signal(signal.SIGINT)
        assert site.process.wait(PATIENCE) == 0
        poll(lambda: not any(is_alive(pid) for pid in below), "all processes to end")


def test_closing_the_terminal_leaves_nothing_behind(project: Path, mode: tuple[str, ...]) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, str(RUNNER), str(project), "--terminal", *mode]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    while b"ready" not in shown:
        assert select.select([ours], [], [], PATIENCE)[0], shown
        shown += os.read(ours, 4096)
    below = children_of(process.pid)
    assert below
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    poll(lambda: not any(is_alive(pid) for pid in below), "all processes to end")


def test_the_loss_of_the_nursery_is_survived(project: Path) -> None:
    with serving(project) as site:
        site.get()
        parents = {pid: children_of(pid) for pid in children_of(site.process.pid)}
        nursery = next(pid for pid, below in parents.items() if below)
        os.kill(nursery, signal.SIGKILL)
        site.wait_for("started afresh")
        assert site.text() == "first"
        site.save(VIEWS, view("second"))
        assert site.text() == "second"
        assert site.end() == 0


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_thirty_reloads_leak_neither_descriptors_nor_processes(project: Path) -> None:
    with serving(project) as site, requests.Session() as session:

        def reload(number: int) -> None:
            site.save(VIEWS, view(f"text {number}"))
            assert site.get(session=session).text == f"text {number}"
            poll(lambda: len(children_of(site.process.pid)) == 2, "the old worker to end")

        reload(0)
        site.wait_for_watcher()
        nursery = next(pid for pid in children_of(site.process.pid) if children_of(pid))
        before = descriptors(site.process.pid), descriptors(nursery)
        for number in range(1, 31):
            reload(number)
        poll(lambda: (descriptors(site.process.pid), descriptors(nursery)) == before, "all to be closed")


def test_a_worker_inherits_no_descriptor_of_the_nursery(project: Path) -> None:
    (project / VIEWS).write_text("import os\n\ndef index(request):\n    return str(os.getpid())\n")
    with serving(project) as site:
        before = descriptors(int(site.text()))
        for number in range(3):
            site.save("config/other.py", f"x = {number}\n")
            site.wait_for("reloaded in")
        # The connection that asked may be closed a moment after it was answered.
        poll(lambda: descriptors(int(site.text())) <= before, "no more descriptors than at first")
