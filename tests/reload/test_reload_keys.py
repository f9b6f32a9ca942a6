"""A letter and Enter, typed into the terminal of the supervisor."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
import requests
from reload_helpers import PATIENCE, RUNNER, children_of, is_alive, poll, view

from scaffold.reload import keys
from scaffold.reload.keys import Keys

VIEWS = "apps/home/views.py"
ASKING = """
def index(request):
    return "got " + input("who? ")
"""


class Terminal:
    """A pseudo-terminal with the supervisor in it; ``shown`` is all that was written on it."""

    def __init__(self, project: Path, *options: str) -> None:
        self.ours, theirs = os.openpty()
        command = [sys.executable, str(RUNNER), str(project), "--terminal", *options]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.shown = ""
        self._seen = 0
        self.port = int(self.wait_for("port ").split()[0])

    def wait_for(self, text: str) -> str:
        """Return what stands behind the next ``text``, to the end of its line."""
        deadline = time.monotonic() + PATIENCE
        while (place := self.shown.find(text, self._seen)) < 0 or "\n" not in self.shown[place:]:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no {text!r} in:\n{self.shown}"
            self.shown += os.read(self.ours, 4096).decode()
        self._seen = self.shown.index("\n", place)
        return self.shown[place + len(text) : self._seen].strip()

    def wait_for_prompt(self, text: str) -> None:
        """Wait for a text that no line ends."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown[self._seen :]:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no {text!r} in:\n{self.shown}"
            self.shown += os.read(self.ours, 4096).decode()

    def type(self, text: str) -> None:
        os.write(self.ours, f"{text}\n".encode())

    def get(self) -> str:
        return requests.get(f"http://127.0.0.1:{self.port}/", timeout=PATIENCE).text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        below = children_of(self.process.pid)
        self.process.kill()
        self.process.wait(PATIENCE)
        poll(lambda: not any(is_alive(pid) for pid in below), "the processes to end")
        os.close(self.ours)


def test_r_reloads_and_q_quits(project: Path, mode: tuple[str, ...]) -> None:
    with Terminal(project, *mode) as terminal:
        assert "q and Enter" in terminal.wait_for("Type r and Enter to reload")
        assert terminal.get() == "first"
        terminal.type(" R ")
        assert terminal.wait_for("reloaded in").endswith("by hand")
        terminal.type("something else")
        assert terminal.get() == "first"
        terminal.type("q")
        assert terminal.process.wait(PATIENCE) == 0


def test_what_is_typed_for_a_view_is_left_to_it(project: Path) -> None:
    (project / VIEWS).write_text(ASKING)
    with Terminal(project) as terminal, ThreadPoolExecutor(1) as pool:
        terminal.wait_for("Type r and Enter")
        answer = pool.submit(terminal.get)
        terminal.wait_for_prompt("who? ")
        terminal.type("q")
        assert answer.result(PATIENCE) == "got q"
        (project / VIEWS).write_text(view("second"))
        terminal.wait_for("reloaded in")
        terminal.type("r")
        assert terminal.wait_for("reloaded in").endswith("by hand")


class Descriptors:
    """An inbox that notes what is listened to."""

    def __init__(self) -> None:
        self.listening: set[int] = set()

    def listen(self, channel: int, callback: object) -> None:
        self.listening.add(channel)

    def ignore(self, channel: int) -> None:
        self.listening.remove(channel)


@contextmanager
def typed(text: bytes) -> Iterator[int]:
    reader, writer = os.pipe()
    os.write(writer, text)
    os.close(writer)
    yield reader
    os.close(reader)


def test_the_end_of_the_terminal_and_the_background_end_the_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox, called = Descriptors(), []
    with typed(b"r\nx\n") as descriptor:
        listener = Keys(descriptor, inbox, {"r": lambda: called.append("r")})
        listener._read()  # a pipe is no terminal, and nobody is in its foreground
        assert (called, inbox.listening) == ([], set())
        listener.pause()
        listener.resume()
        monkeypatch.setattr(keys, "is_in_foreground", lambda descriptor: True)
        listener._read()
        assert (called, inbox.listening) == (["r"], {descriptor})
        listener._read()
        assert inbox.listening == set()


def test_without_a_terminal_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys.terminal_input() is None
    monkeypatch.setattr(sys, "stdin", None)
    assert keys.terminal_input() is None
