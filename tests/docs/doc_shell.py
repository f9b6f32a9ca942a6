"""The terminal that a page's commands run in, and the servers that they start: real processes, a real folder."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from doc_output import HOME, fits, normal

SHOWN_ADDRESS = "127.0.0.1:8000"
PATIENCE_SECONDS = 20
_SERVING = re.compile(r"Serving at http://(?P<address>\S+?)/ ")
_WRITES = re.compile(r" -[dX] ")
_UNWANTED = ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "FORCE_COLOR", "PYTHONPATH")


def environment(home: Path, tools: Path) -> dict[str, str]:
    """Return the variables for a page's processes: the port is the kernel's choice, and nothing is coloured."""
    kept = {key: value for key, value in os.environ.items() if key not in _UNWANTED and not key.startswith("PYTEST_")}
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {"PATH": path, "HOME": str(home), "PORT": "0", "COLUMNS": "80", "NO_COLOR": "1"}
    return {**kept, **own, "PYTHONDONTWRITEBYTECODE": "1"}


class RunningServer:
    """A server started by a command of a page. `stop` ends it with Ctrl-C and says what it printed."""

    def __init__(self, command: str, folder: Path, variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._announced = threading.Event()
        self.address = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._announced.wait(PATIENCE_SECONDS) or not self.address:
            raise AssertionError(f"{command!r} does not serve; it printed:\n{self.stop()}")

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line)
            found = _SERVING.search(line)
            if found is not None and not self.address:
                self.address = found["address"]
                self._announced.set()
        self._announced.set()

    def stop(self) -> str:
        """Press Ctrl-C, wait for the end, and return all that was printed."""
        try:
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(PATIENCE_SECONDS)
        except ProcessLookupError:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE_SECONDS)
            raise
        finally:
            self._reader.join(PATIENCE_SECONDS)
            if self._process.stdout is not None:
                self._process.stdout.close()
        return self.output

    @property
    def output(self) -> str:
        """What was printed until now."""
        return "".join(self._lines).replace(self.address or SHOWN_ADDRESS, SHOWN_ADDRESS)

    @property
    def status(self) -> int | None:
        """The exit status, after `stop`."""
        return self._process.returncode


class Shell:
    """Runs commands one after the other, each where the last ``cd`` led."""

    def __init__(self, home: Path, tools: Path, start: Path) -> None:
        self.home = home
        self.folder = start
        self.variables = environment(home, tools)
        self.address = SHOWN_ADDRESS

    def check(self, command: str, expected: str, status: int) -> None:
        """Run ``command`` and raise when its output or its exit status is not what was expected.

        A ``curl`` that only reads is repeated for a while: an edit is served a moment after it was made.
        """
        if command.startswith("cd "):
            self.folder = (self.folder / shlex.split(command)[1]).resolve()
            return
        repeats = command.startswith("curl ") and not _WRITES.search(command)
        deadline = time.monotonic() + (PATIENCE_SECONDS if repeats else 0)
        pause = threading.Event()
        while True:
            output, ended = self._run(command)
            good = ended == status and fits(output, normal(expected))
            if good or time.monotonic() > deadline:
                break
            pause.wait(0.05)
        if not good:
            printed = f"--- exit status {ended}, expected {status}; printed:\n{output}"
            raise AssertionError(f"$ {command}\n{printed}\n--- expected:\n{expected}")

    def real(self, text: str) -> str:
        """Return the ``text`` of a page with the folder and the address of this run."""
        return text.replace(SHOWN_ADDRESS, self.address).replace(HOME, str(self.home))

    def _run(self, command: str) -> tuple[str, int]:
        done = subprocess.run(
            ["sh", "-c", self.real(command)],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return normal(done.stdout.replace(self.address, SHOWN_ADDRESS), self.home), done.returncode
