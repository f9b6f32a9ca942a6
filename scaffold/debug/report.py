"""A report: what is known about an error, as data. Pages and texts are made of it elsewhere."""

from __future__ import annotations

import itertools
import linecache
import os
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, TracebackType

from scaffold.debug.values import MASK, Masker, shown_values
from scaffold.exceptions import ScaffoldError

__all__ = ["Fault", "Frame", "Report", "error_files"]

CONTEXT_LINES = 4
_MAX_CHAIN = 20
# A secret that is written into the settings, as it should not be.
_SECRET_LITERAL = re.compile(
    r"(\b\w*(?:SECRET|PASSWORD|TOKEN|KEY)\w*[\"']?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\")", re.IGNORECASE
)
_TO_THE_END = 1_000_000
_MOST_CHARACTERS = 10_000
_MOST_FRAMES = 60
_MOST_WITH_VALUES = 20

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_FOREIGN = tuple({f"{Path(folder).resolve()}{os.sep}" for folder in (_PACKAGE, *_LIBRARIES)})


@dataclass(frozen=True, slots=True)
class Frame:
    """One place that the error went through: a file, a line (counted from 1), and the lines around it with numbers.

    ``mark`` are the first column and the one behind the last of what failed in the line (PEP 657), counted from 0; it
    is empty where that is not known. ``values`` are the local variables by name, as texts without secrets.
    """

    file: str
    line: int
    function: str
    lines: tuple[tuple[int, str], ...]
    is_own: bool
    mark: tuple[int, int] = (0, 0)
    values: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        """The place as ``file:line``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One exception of a chain, with its frames from the outermost to the innermost.

    ``relation`` says what it is to the one before it, and is empty for the first. ``own_frames`` are the frames in the
    user's own files; the root cause shows its innermost frame when it has none. ``notes`` were added to the exception
    (PEP 678).
    """

    kind: str
    message: str
    hint: str
    frames: tuple[Frame, ...]
    own_frames: tuple[Frame, ...]
    notes: tuple[str, ...] = ()
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """An error with its causes and, for a group (PEP 654), its members: the one that was raised last comes first."""

    faults: tuple[Fault, ...]

    @classmethod
    def from_exception(cls, error: BaseException, masker: Masker | None = None) -> Report:
        """Gather the report of ``error``; files that are gone leave frames without lines.

        Local variables are shown when there is a ``masker``.
        """
        linecache.checkcache()
        chain = list(_chain(error))
        return cls(tuple(_fault(item, relation, masker, is_root=item is chain[-1][0]) for item, relation in chain))


def error_files(error: BaseException) -> tuple[Path, ...]:
    """Return the user's own files that the error and its causes name, also those that were never imported."""
    frames = [frame for item, _ in _chain(error) for frame in _frames(item, None) if frame.is_own]
    return tuple(dict.fromkeys(Path(frame.file) for frame in frames))


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield the error and what led to it, each with what it is to the one before."""
    todo: list[tuple[BaseException, str]] = [(error, "")]
    seen: set[int] = set()
    while todo and len(seen) < _MAX_CHAIN:
        current, relation = todo.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current, relation
        if current.__cause__ is not None:
            todo.insert(0, (current.__cause__, "caused by"))
        elif current.__context__ is not None and not current.__suppress_context__:
            todo.insert(0, (current.__context__, "raised while handling"))
        if isinstance(current, BaseExceptionGroup):
            todo += [(member, "a member of the group") for member in current.exceptions]


def _fault(error: BaseException, relation: str, masker: Masker | None, *, is_root: bool) -> Fault:
    clean = masker.text if masker is not None else str
    frames = tuple(_frames(error, masker))
    own = tuple(frame for frame in frames if frame.is_own)
    given = getattr(error, "__notes__", ())
    notes = tuple(clean(_bounded(_text(note))) for note in given) if isinstance(given, list | tuple) else ()
    kind = type(error).__name__
    if isinstance(error, ScaffoldError):  # whose text says all, so that no line of the framework's is of use
        cause, hint = clean(_bounded(error.cause)), clean(_bounded(error.hint))
        return Fault(kind, cause, hint, frames, own, notes, relation)
    own = own or (frames[-1:] if is_root else ())
    message = (error.msg if isinstance(error, SyntaxError) else _text(error)) or ""
    return Fault(kind, clean(_bounded(message)), "", frames, own, notes, relation)


def _bounded(text: str) -> str:
    """Return so much of ``text`` as a reader wants, with lone surrogates, which UTF-8 has no form for, as escapes."""
    shown = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}... ({len(text):,} characters)"
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as failure:
        return f"(its text can't be had: {type(failure).__name__})"


def _frames(error: BaseException, masker: Masker | None) -> Iterator[Frame]:
    steps = _steps(error)
    with_values = [step for step in steps if masker is not None and _is_own(step.tb_frame.f_code.co_filename)]
    with_values = with_values[-_MOST_WITH_VALUES:]
    for step in steps:
        code = step.tb_frame.f_code
        values = shown_values(step.tb_frame.f_locals, masker) if masker is not None and step in with_values else {}
        mark = _position(code, step.tb_lasti, step.tb_lineno)
        yield _frame(code.co_filename, step.tb_lineno, code.co_name, mark, tuple(values.items()))
    if isinstance(error, SyntaxError) and error.filename:
        start = max(0, (error.offset or 1) - 1)
        end = (error.end_offset or 0) - 1 if error.end_lineno in (None, error.lineno) else _TO_THE_END
        yield _frame(error.filename, error.lineno or 1, "", (start, max(start, end)) if error.offset else (0, 0))
    elif isinstance(error, ScaffoldError) and error.__cause__ is None:
        file, colon, line_text = error.source.rpartition(":")
        if colon and line_text.isdecimal():
            yield _frame(file, int(line_text), "")
        elif error.source.endswith(".py"):
            yield _frame(error.source, 1, "")


def _steps(error: BaseException) -> list[TracebackType]:
    """Return the traceback's steps, without the middle of one that is very long."""
    steps = []
    traceback = error.__traceback__
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    return steps if len(steps) <= _MOST_FRAMES else steps[: _MOST_FRAMES // 4] + steps[-3 * _MOST_FRAMES // 4 :]


def _position(code: CodeType, instruction: int, line: int) -> tuple[int, int]:
    """Return the columns, in bytes of UTF-8, of what the instruction was made from (PEP 657)."""
    positions = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    if instruction < 0 or positions is None:
        return 0, 0
    first, last, start, end = positions
    if first != line or start is None or end is None:
        return 0, 0
    return start, end if last == line else _TO_THE_END


def _frame(
    file: str, line: int, function: str, mark: tuple[int, int] = (0, 0), values: tuple[tuple[str, str], ...] = ()
) -> Frame:
    first, last = max(1, line - CONTEXT_LINES), line + CONTEXT_LINES
    lines = [text.rstrip("\n") for text in linecache.getlines(file)[first - 1 : last]]
    if Path(file).name.startswith(".env"):  # whose values are secrets
        lines = [re.sub(r"=.*", f"={MASK}", text) for text in lines]
        mark = (0, 0)
    elif Path(file).name == "settings.py":
        lines = [_SECRET_LITERAL.sub(rf"\1'{MASK}'", text) for text in lines]
    numbered = tuple(enumerate(lines, first))
    here = next((text for number, text in numbered if number == line), "")
    return Frame(file, line, function, numbered, _is_own(file), _columns(here, mark, in_bytes=bool(function)), values)


def _columns(text: str, mark: tuple[int, int], *, in_bytes: bool) -> tuple[int, int]:
    """Return the mark in characters, or nothing where it would be all of the line."""
    start, end = mark
    if in_bytes and not text.isascii():
        data = text.encode("utf-8")
        start, end = (len(data[:column].decode("utf-8", "ignore")) for column in (start, min(end, len(data))))
    end = min(end, len(text))
    is_all = text[start:end].strip() == text.strip()
    return (start, end) if 0 <= start < end and not is_all else (0, 0)


def _is_own(file: str) -> bool:
    if file.startswith("<"):
        return False
    path = str(Path(file).resolve())
    return not path.startswith(_FOREIGN) and "site-packages" not in path
