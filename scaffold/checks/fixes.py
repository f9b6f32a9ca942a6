"""Safe mends: making them of a slip, showing them as a diff, writing them."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scaffold.checks.finding import Finding, Fix

__all__ = ["Edit", "literal_fix", "only_near", "plan_edits", "word_fix", "write_edit"]

# Nearer than what a hint suggests: "indx" for "index" is near, "list" for "last" is not.
NEAR_RATIO = 0.8
# Python and Jinja2 count these as ends of lines, and none of the others that str.splitlines knows.
_SEPARATOR = re.compile(r"([/:.])")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Edit:
    """All mends of one file: what it holds, what it will, and the findings that are gone then."""

    path: Path
    before: str
    after: str
    findings: tuple[Finding, ...]

    def diff(self, root: Path) -> str:
        """Return the unified diff, with paths relative to ``root`` where they lie below."""
        name = os.path.relpath(self.path, root) if self.path.is_relative_to(root) else str(self.path)
        lines = difflib.unified_diff(_LINE.findall(self.before), _LINE.findall(self.after), f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def only_near(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is near to ``word``, where there is exactly one.

    Each part of a path or a dotted name must be near by itself, for what two names share is no sign of a slip in the
    rest; and a style sheet is no script.
    """
    near = difflib.get_close_matches(word, set(known), n=10, cutoff=NEAR_RATIO)
    slips = [other for other in near if _is_slip(_parts(word), _parts(other))]
    return slips[0] if len(slips) == 1 else None


def _parts(word: str) -> list[str]:
    return _SEPARATOR.split(word)


def _is_slip(parts: list[str], others: list[str]) -> bool:
    if len(parts) != len(others) or ("." in parts and parts[-1] != others[-1]):
        return False
    pairs = zip(parts, others, strict=True)
    return all(difflib.SequenceMatcher(None, one, two).ratio() >= NEAR_RATIO for one, two in pairs)


def literal_fix(file: str, line: int, old: str, new: str | None) -> Fix | None:
    """Return the mend that writes the text ``new`` for ``old``, where that stands in quotes on the line, once."""
    if new is None or not old or any(char in new for char in "'\"\\\n"):
        return None
    text = _line_of(file, line)
    quoted = [f"{quote}{old}{quote}" for quote in "'\"" if f"{quote}{old}{quote}" in text]
    if len(quoted) != 1 or text.count(quoted[0]) != 1:
        return None
    quote = quoted[0][0]
    return Fix(file, line, quoted[0], f"{quote}{new}{quote}")


def word_fix(file: str, line: int, old: str, new: str | None) -> Fix | None:
    """Return the mend that writes the name ``new`` for ``old``, where that stands on the line once."""
    if new is None or _line_of(file, line).count(old) != 1:
        return None
    return Fix(file, line, old, new)


def _line_of(file: str, line: int) -> str:
    try:
        lines = _LINE.findall(_read(Path(file)))
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _read(path: Path) -> str:
    """Return the text of the file with the ends of its lines as they are."""
    return path.read_bytes().decode("utf-8")


def plan_edits(findings: Iterable[Finding], root: Path) -> list[Edit]:
    """Return what the mends of ``findings`` make of their files; those that don't fit any more are left out.

    A file outside of ``root`` is never touched.
    """
    by_file: defaultdict[Path, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.fix is not None:
            path = Path(finding.fix.file).resolve()
            if path.is_relative_to(root.resolve()):
                by_file[path].append(finding)
    edits = (_edit_of(path, items) for path, items in sorted(by_file.items()))
    return [edit for edit in edits if edit is not None]


def _edit_of(path: Path, findings: Iterable[Finding]) -> Edit | None:
    try:
        before = _read(path)
    except (OSError, UnicodeDecodeError):
        return None
    changes: dict[int, tuple[int, str]] = {}  # where a text begins: where it ends, and what comes instead
    mended = []
    for finding in findings:
        fix = finding.fix
        start = _start_of(before, fix) if fix is not None else None
        if fix is None or start is None:
            continue
        end = start + len(fix.old)
        if changes.get(start, (end, fix.new)) != (end, fix.new) or _overlaps(changes, start, end):
            continue
        changes[start] = (end, fix.new)
        mended.append(finding)
    after = _changed(before, changes)
    return Edit(path, before, after, tuple(mended)) if after != before else None


def _start_of(text: str, fix: Fix) -> int | None:
    lines = _LINE.findall(text)
    if not 0 < fix.line <= len(lines):
        return None
    start = sum(map(len, lines[: fix.line - 1]))
    end = start + len(lines[fix.line - 1])
    first = text.find(fix.old, start)
    if not fix.old or not start <= first < end:
        return None
    again = text.find(fix.old, first + 1)
    return None if first < again < end else first


def _overlaps(changes: Mapping[int, tuple[int, str]], start: int, end: int) -> bool:
    return any(start < other_end and other < end and other != start for other, (other_end, _) in changes.items())


def _changed(text: str, changes: Mapping[int, tuple[int, str]]) -> str:
    for start in sorted(changes, reverse=True):
        end, new = changes[start]
        text = text[:start] + new + text[end:]
    return text


def write_edit(edit: Edit) -> bool:
    """Write the file whole or not at all; return False, and write nothing, when it has changed meanwhile.

    Raises ``OSError``.
    """
    path = edit.path
    mode = path.stat().st_mode
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - mkstemp has opened it
            stream.write(edit.after.encode("utf-8"))
        Path(temporary).chmod(mode & 0o7777)
        if _read(path) != edit.before:
            return False
        Path(temporary).replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
    return True
