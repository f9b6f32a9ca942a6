"""A project on the disk, and the process that serves it with reload."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

RUNNER = Path(__file__).with_name("reload_runner.py")
PATIENCE = 15.0

SETTINGS = """
DEBUG = True
SECRET_KEY = "a" * 50
ALLOWED_HOSTS = ["127.0.0.1"]
"""
URLS = """
from scaffold import path

from . import views

prefix = ""
urlpatterns = [path("", views.index)]
"""


def view(text: str) -> str:
    """The source of a view that answers with ``text``."""
    return f'def index(request):\n    return "{text}"\n'


PROJECT = {
    "manage.py": "",
    "config/__init__.py": "",
    "config/settings.py": SETTINGS,
    "apps/__init__.py": "",
    "apps/home/__init__.py": "",
    "apps/home/urls.py": URLS,
    "apps/home/views.py": view("first"),
}


def write_tree(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def new_app(name: str, text: str) -> dict[str, str]:
    """The files of an app, relative to its own folder."""
    return {
        "__init__.py": "",
        "urls.py": URLS.replace('prefix = ""', f'prefix = "{name}/"'),
        "views.py": view(text),
    }


def poll(condition: Callable[[], bool], what: str) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        pause.wait(0.01)


def children_of(pid: int) -> list[int]:
    """All processes below ``pid``, from /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(status[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Site:
    """A process that serves ``path`` with reload. All that it prints is in ``lines``."""

    announcement = "port "

    def __init__(self, path: Path, *options: str, environ: Mapping[str, str] | None = None) -> None:
        self.root = path if path.is_dir() else path.parent
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.process = subprocess.Popen(
            [sys.executable, *self.command(path), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.root,
            text=True,
            env={**environment, **(environ or {})},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._unread: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = int(re.findall(r"[0-9]+", self.wait_for(self.announcement))[-1])

    def command(self, path: Path) -> list[str]:
        """What the interpreter is told to run."""
        return [str(RUNNER), str(path)]

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))
                self._unread.put(line.rstrip("\n"))
        self._unread.put(None)

    def wait_for(self, text: str) -> str:
        """Return the next line that holds ``text``."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._unread.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"no {text!r} in:\n" + "\n".join(self.lines)
            if text in line:
                return line

    def count(self, text: str) -> int:
        return sum(text in line for line in self.lines)

    def wait_for_watcher(self) -> None:
        """Wait until all folders are watched, which the kernel shows."""
        descriptors = Path(f"/proc/{self.process.pid}/fdinfo")
        ignored = {"generated", ".git"}
        folders = [path for path in self.root.rglob("*") if path.is_dir() and ignored.isdisjoint(path.parts)]

        def is_watching() -> bool:
            with contextlib.suppress(OSError):
                return sum(info.read_text().count("inotify wd") for info in descriptors.iterdir()) > len(folders)
            return False

        poll(is_watching, "the watcher to start")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str = "", session: requests.Session | None = None) -> requests.Response:
        if session is not None:
            return session.get(self.url + path, timeout=PATIENCE)
        return requests.get(self.url + path, timeout=PATIENCE)

    def text(self, path: str = "") -> str:
        return self.get(path).text

    def save(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the supervisor and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def port_is_free(self) -> bool:
        with socket.socket() as probe:
            # Connections that linger are allowed, another listener is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            below = children_of(self.process.pid)
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                for pid in [self.process.pid, *below]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "a process of the site is left behind"


class CommandSite(Site):
    """A process of ``scaffold runserver``, in the project's folder."""

    announcement = "Serving at"

    def command(self, path: Path) -> list[str]:
        return ["-m", "scaffold", "runserver", ":0"]


@contextlib.contextmanager
def serving(path: Path, *options: str, environ: Mapping[str, str] | None = None) -> Iterator[Site]:
    """A site that is ready."""
    with Site(path, *options, environ=environ) as site:
        site.wait_for("ready")
        yield site
