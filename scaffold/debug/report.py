"""A report: what is known about an error, as data. Pages and texts are made of it elsewhere."""

from __future__ import annotations

import linecache
import os
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from scaffold.exceptions import ScaffoldError

__all__ = ["Fault", "Frame", "Report", "error_files"]

CONTEXT_LINES = 4
_MAX_CHAIN = 20

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_FOREIGN = tuple({f"{Path(folder).resolve()}{os.sep}" for folder in (_PACKAGE, *_LIBRARIES)})


@dataclass(frozen=True, slots=True)
class Frame:
    """One place that the error went through: a file, a line (counted from 1), and the lines around it with numbers."""

    file: str
    line: int
    function: str
    lines: tuple[tuple[int, str], ...]
    is_own: bool

    @property
    def source(self) -> str:
        """The place as ``file:line``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One exception of a chain, with its frames from the outermost to the innermost.

    ``own_frames`` are those in the user's own files; the root cause shows its innermost frame when it has none.
    """

    kind: str
    message: str
    hint: str
    frames: tuple[Frame, ...]
    own_frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """An error with its causes: the one that was raised last comes first."""

    faults: tuple[Fault, ...]

    @classmethod
    def from_exception(cls, error: BaseException) -> Report:
        """Gather the report of ``error``; files that are gone leave frames without lines."""
        linecache.checkcache()
        chain = list(_chain(error))
        return cls(tuple(_fault(item, is_root=item is chain[-1]) for item in chain))


def error_files(error: BaseException) -> tuple[Path, ...]:
    """Return the user's own files that the error and its causes name, also those that were never imported."""
    frames = [frame for item in _chain(error) for frame in _frames(item) if frame.is_own]
    return tuple(dict.fromkeys(Path(frame.file) for frame in frames))


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen and len(seen) < _MAX_CHAIN:
        seen.add(id(current))
        yield current
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)


def _fault(error: BaseException, *, is_root: bool) -> Fault:
    frames = tuple(_frames(error))
    own = tuple(frame for frame in frames if frame.is_own)
    if isinstance(error, ScaffoldError):  # whose text says all, so that no line of the framework's is of use
        return Fault(type(error).__name__, _sendable(error.cause), _sendable(error.hint), frames, own)
    own = own or (frames[-1:] if is_root else ())
    message = (error.msg if isinstance(error, SyntaxError) else _text(error)) or ""
    return Fault(type(error).__name__, _sendable(message), "", frames, own)


def _sendable(text: str) -> str:
    """Return ``text`` with lone surrogates, which UTF-8 has no form for, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:
        return f"(its text can't be had: {type(failure).__name__})"


def _frames(error: BaseException) -> Iterator[Frame]:
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield _frame(code.co_filename, traceback.tb_lineno, code.co_name)
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        yield _frame(error.filename, error.lineno or 1, "")
    elif isinstance(error, ScaffoldError) and error.__cause__ is None:
        file, colon, line = error.source.rpartition(":")
        if colon and line.isdecimal():
            yield _frame(file, int(line), "")
        elif error.source.endswith(".py"):
            yield _frame(error.source, 1, "")


def _frame(file: str, line: int, function: str) -> Frame:
    first, last = max(1, line - CONTEXT_LINES), line + CONTEXT_LINES
    lines = linecache.getlines(file)[first - 1 : last]
    numbered = tuple((number, text.rstrip("\n")) for number, text in enumerate(lines, first))
    return Frame(file, line, function, numbered, _is_own(file))


def _is_own(file: str) -> bool:
    if file.startswith("<"):
        return False
    path = str(Path(file).resolve())
    return not path.startswith(_FOREIGN) and "site-packages" not in path
