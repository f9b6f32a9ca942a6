"""The command line as its users see it: a real process each."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 30.0

GREET = '''
"""A command."""


def command(name: str, loud: bool = False) -> None:
    """Greet somebody."""
    text = f"Hello, {name}"
    print(text.upper() if loud else text)
'''


def environment(**changes: str) -> dict[str, str]:
    """The environment of a user's machine: byte code is written, nothing of a project or a terminal is set."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "PORT", "FORCE_COLOR", "NO_COLOR"}
    return {**{name: value for name, value in os.environ.items() if name not in unwanted}, **changes}


def scaffold(*arguments: str, cwd: Path, text: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m scaffold`` to its end."""
    return run([sys.executable, "-m", "scaffold", *arguments], cwd=cwd, text=text, **changes)


def run(command: list[str], *, cwd: Path, text: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with ``text`` as its input."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(**changes),
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def add_command(project: Path, app: str, name: str, source: str) -> Path:
    file = project / "apps" / app / "commands" / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(source)
    return file


class Serving:
    """A command that serves. ``url`` is where; ``lines`` are all lines that it has printed."""

    def __init__(self, *command: str, cwd: Path, **changes: str) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._unread: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        found = re.search(r"http://\S+", self.wait_for("http://"))
        assert found is not None
        self.url = found[0]

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))
                self._unread.put(self.lines[-1])
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

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal as the terminal does, to the whole group, and return the exit status."""
        os.killpg(self.process.pid, number)
        status = self.process.wait(timeout=PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=PATIENCE)
        self._reader.join(PATIENCE)


def serving_project(project: Path, *arguments: str, **changes: str) -> Serving:
    """Serve a project on a port of the kernel's choice."""
    return Serving(sys.executable, "-m", "scaffold", "runserver", ":0", *arguments, cwd=project, **changes)


def group_members(pid: int) -> list[str]:
    """The processes of the group ``pid`` that still run, from /proc."""
    members = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if len(fields) > 2 and int(fields[2]) == pid and fields[0] != "Z":
            members.append(entry.name)
    return members
