"""How commands print: results to stdout, messages to stderr, colours on a terminal alone."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Container, Sequence
from pathlib import Path
from typing import TextIO

import typer

from scaffold.exceptions import ScaffoldError, TargetExistsError

__all__ = [
    "columns",
    "print_error",
    "print_line",
    "print_lines",
    "print_message",
    "print_traceback",
    "relative",
    "styled",
    "width",
]

_STYLES = {"error": "31;1", "warning": "33", "note": "36", "bold": "1", "dim": "2"}
PACKAGE_PARENT = Path(__file__).parents[2]
_OUR_FOLDERS = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, typer.__file__))
_MIN_COLUMN = 6
_GAP = 2

DEFAULT_PAGER = "less -FRX"
"""What shows a long list on a terminal unless the variable PAGER says otherwise: colours pass, short lists end."""


def print_line(text: str = "") -> None:
    """Print a line of a command's result."""
    print(text, flush=True)  # noqa: T201 - the one place that prints results


def print_message(text: str) -> None:
    """Print a line that is no part of a command's result."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the one place that prints messages


def print_lines(lines: Sequence[str], *, paged: bool = True) -> None:
    """Print a listing; one that is longer than the terminal goes through its pager, unless it is not to be ``paged``.

    What is no terminal on both ends is never paged, and neither is a dumb one.
    """
    text = "\n".join(lines)
    if not (paged and len(lines) >= _height() and _show_in_pager(text)) and lines:
        print_line(text)


def _height() -> float:
    """Return the lines of the terminal; without one there is no limit."""
    is_terminal = sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM") != "dumb"
    return shutil.get_terminal_size().lines if is_terminal else float("inf")


def _show_in_pager(text: str) -> bool:
    """Show ``text`` in the pager of the variable PAGER; say False when there is none that can be run."""
    import shlex
    import signal
    import subprocess

    try:
        command = shlex.split(os.environ.get("PAGER") or DEFAULT_PAGER)
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
    except (OSError, ValueError):  # it is not installed, or its quotes are open
        return False
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a pager is the pager's
    try:
        process.communicate(f"{text}\n".encode("utf-8", "backslashreplace"))
    except BrokenPipeError:  # it was left before its end
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return True


def print_error(error: ScaffoldError) -> None:
    """Print what is wrong, where, and what to do."""
    lines = [f"{styled('error:', 'error', sys.stderr)} {error.cause}"]
    if isinstance(error, TargetExistsError):
        lines += [f"  {path}" for path in error.paths]
    if error.source:
        lines.append(f"  at {error.source}")
    if error.hint:
        lines.append(f"  {error.hint}")
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - the one place that prints errors


def print_traceback(error: Exception) -> None:
    """Print the traceback of what a project's own code raised, without the frames that lead to it."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OUR_FOLDERS):
        frames = frames.tb_next
    traceback.print_exception(error.with_traceback(frames or error.__traceback__))


def styled(text: str, style: str, stream: TextIO) -> str:
    """Return ``text`` in a style, where ``stream`` is a terminal that wants it (NO_COLOR, FORCE_COLOR, TERM=dumb)."""
    wanted = bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
    if not wanted or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def width(stream: TextIO) -> int | None:
    """Return the columns of a terminal, or None for what is no terminal and gets lines of any length."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def relative(source: str, root: Path | None) -> str:
    """Return ``file:line`` relative to ``root`` where it lies below, or to where Scaffold itself is installed."""
    for folder in (root, PACKAGE_PARENT):
        prefix = f"{folder}{os.sep}"
        if folder is not None and source.startswith(prefix):
            return source[len(prefix) :]
    return source


def columns(
    rows: Sequence[Sequence[str]], total: int | None, *, shrink: Sequence[int] = (), keep_end: Container[int] = ()
) -> list[str]:
    """Return ``rows`` as lines of aligned columns, at most ``total`` wide.

    The columns whose numbers are in ``shrink`` are shortened in that order, each before the next. A cell loses its
    end, or its beginning in the columns of ``keep_end``.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    surplus = 0 if total is None else sum(widths) + _GAP * (len(widths) - 1) - total
    for number in shrink:
        cut = min(max(surplus, 0), max(widths[number] - _MIN_COLUMN, 0))
        widths[number] -= cut
        surplus -= cut
    return [
        (" " * _GAP)
        .join(
            _fit(cell, size, keep_end=number in keep_end).ljust(size)
            for number, (cell, size) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in rows
    ]


def _fit(text: str, size: int, *, keep_end: bool) -> str:
    if len(text) <= size:
        return text
    return f"…{text[len(text) - size + 1 :]}" if keep_end else f"{text[: size - 1]}…"
