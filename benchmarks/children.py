"""Child processes of the benchmarks: run to their end, to their first answer or for a while, and never left behind."""

from __future__ import annotations

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import IO, NamedTuple

__all__ = [
    "BenchmarkError",
    "Dialogue",
    "Served",
    "console_script",
    "end_on_sigterm",
    "run",
    "seconds_to_end",
    "seconds_to_first_answer",
    "served",
    "talking",
]

COMMAND_TIMEOUT_SECONDS = 60.0
ANSWER_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.001
SHOWN_OUTPUT_BYTES = 8192

# What a user's shell rarely holds and what would change what is measured: PYTHONDONTWRITEBYTECODE is the worst of them,
# because without cached byte code the compiler is measured instead of the program.
_UNWANTED_PREFIXES = ("PYTHON", "FLASK_", "DJANGO_", "WERKZEUG_", "SCAFFOLD_", "TYPER_", "_TYPER_")
_UNWANTED_NAMES = {"PORT", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "FORCE_COLOR", "NO_COLOR", "COLUMNS"}


class BenchmarkError(Exception):
    """A command that is part of a benchmark did not do what it is for; the message holds its output."""


def console_script(name: str) -> str:
    """Return the path of a console script beside the running interpreter."""
    return str(Path(sys.executable).parent / name)


def normal_environment() -> dict[str, str]:
    """Return the environment without the variables that change how Python or a contestant starts."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _UNWANTED_NAMES and not name.startswith(_UNWANTED_PREFIXES)
    }


def run(command: Sequence[str], folder: Path, timeout_seconds: float = COMMAND_TIMEOUT_SECONDS) -> str:
    """Run a command in ``folder`` and return its standard output; `BenchmarkError` when it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=normal_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"{' '.join(command)}: no end after {timeout_seconds:.0f} s") from error
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def seconds_to_end(command: Sequence[str], folder: Path) -> float:
    """Return the whole-process time of a command, in seconds; `BenchmarkError` when it fails."""
    began = perf_counter()
    run(command, folder)
    return perf_counter() - began


class Served(NamedTuple):
    """A server that runs: its port, and the seconds from its start to the end of its first answer."""

    port: int
    seconds: float


@contextmanager
def served(command_for: Callable[[int], Sequence[str]], folder: Path, path: str = "/") -> Iterator[Served]:
    """Run a server for as long as the context lasts, from its first answer to ``GET path`` with status 200.

    ``command_for`` makes the command from a port. Raises `BenchmarkError` when the server ends early, answers with
    another status, or answers nothing in time; one raised inside the context gets the server's output as well. The
    server and its children are gone when the context ends.
    """
    port = free_port()
    command = command_for(port)
    with tempfile.TemporaryFile() as output:
        began = perf_counter()
        process = _started(command, folder, output)
        try:
            _await_answer(process, port, path, began + ANSWER_TIMEOUT_SECONDS)
            yield Served(port, perf_counter() - began)
        except BenchmarkError as error:
            raise BenchmarkError(f"{' '.join(command)}: {error}\n{_text(output)}") from error
        finally:
            _stop(process)


def seconds_to_first_answer(command_for: Callable[[int], Sequence[str]], folder: Path) -> float:
    """Return the seconds from starting a server to the end of its first answer with status 200; see `served`."""
    with served(command_for, folder) as server:
        return server.seconds


class Dialogue:
    """A child process that answers each line of its input with a line of output."""

    def __init__(self, process: subprocess.Popen[bytes], command: Sequence[str], errors: IO[bytes]) -> None:
        self._process = process
        self._command = command
        self._errors = errors

    def ask(self, line: str) -> str:
        """Return the answer to ``line``; `BenchmarkError` when the child has ended, or ends over it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise BenchmarkError(f"{' '.join(self._command)}: nothing to talk through")
        with suppress(BrokenPipeError):
            stdin.write(f"{line}\n".encode())
            stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise BenchmarkError(f"{' '.join(self._command)}: ended at {line!r}\n{_text(self._errors)}")
        return answer.decode().rstrip("\n")


@contextmanager
def talking(command: Sequence[str], folder: Path) -> Iterator[Dialogue]:
    """Run a command in ``folder`` and talk to it line by line for as long as the context lasts."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=normal_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        try:
            yield Dialogue(process, command, errors)
        finally:
            _stop(process)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as an exception does, so that contexts are left and no child stays behind."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def free_port() -> int:
    """Return a port that the kernel has just called free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _started(command: Sequence[str], folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=normal_environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _await_answer(process: subprocess.Popen[bytes], port: int, path: str, deadline: float) -> None:
    while perf_counter() < deadline:
        status = _ask(port, path)
        if status == http.client.OK:
            return
        if status is not None:
            raise BenchmarkError(f"answered {status}")
        if process.poll() is not None:
            raise BenchmarkError(f"ended with status {process.returncode} before it answered")
        select.select([], [], [], POLL_SECONDS)
    raise BenchmarkError(f"no answer after {ANSWER_TIMEOUT_SECONDS:.0f} s")


def _ask(port: int, path: str) -> int | None:
    """Return the status of ``GET path``, or None while nobody answers at the port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        connection.connect()
        # A port that the kernel hands out can be handed out again for this very connection, which then meets itself.
        if connection.sock.getsockname() == connection.sock.getpeername():
            return None
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status
    except ConnectionError:
        return None
    except (OSError, http.client.HTTPException) as error:
        raise BenchmarkError(f"asked for a page: {error!r}") from error
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server politely, then whatever is left of its process group, and reap it."""
    _signal_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_SECONDS)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait(STOP_TIMEOUT_SECONDS)


def _signal_group(group: int, number: signal.Signals) -> None:
    # Nobody is left in the group once all of its processes have ended.
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _text(output: IO[bytes]) -> str:
    """Return the end of what was written: a server under load may have repeated itself for long."""
    end = output.seek(0, os.SEEK_END)
    output.seek(max(0, end - SHOWN_OUTPUT_BYTES))
    return output.read().decode(errors="replace")
