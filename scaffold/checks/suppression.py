"""Comments that say that a finding is meant: ``# scaffold: ignore[views.none] the view always aborts``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scaffold.checks.finding import Finding
from scaffold.checks.ids import IDS
from scaffold.exceptions import did_you_mean

__all__ = ["Suppression", "Suppressions"]

MARK = "scaffold: ignore["
SUPPRESSION_ID = "check.suppression"
_COMMENT = re.compile(r"#\s*scaffold: ignore\[(?P<ids>[^\]]*)\](?P<reason>[^\r\n]*)")
_TEMPLATE_COMMENT = re.compile(r"\{#-?\s*scaffold: ignore\[(?P<ids>[^\]]*)\](?P<reason>.*?)-?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment in ``file``: it speaks for the findings of these ``ids`` on the ``lines`` (from 1)."""

    file: str
    line: int
    lines: range
    ids: tuple[str, ...]
    reason: str

    @property
    def source(self) -> str:
        """The comment's place, ``file:line``."""
        return f"{self.file}:{self.line}"


class Suppressions:
    """All such comments in ``texts`` by file, and in the files of the findings that they are asked about.

    ``apps`` are the names of the apps, whose own checks have ids that begin with them.
    """

    def __init__(self, texts: Mapping[str, str], apps: Collection[str]) -> None:
        self._apps = apps
        self._by_file = {file: [*_comments(file, text)] for file, text in texts.items() if MARK in text}
        self._read = set(texts)

    def apply(self, findings: Iterable[Finding], *, is_checked: Callable[[str], bool]) -> list[Finding]:
        """Return those findings that no comment speaks for, and what is wrong with the comments.

        A comment without a reason, or with an id that there is not, is an error and speaks for nothing. One that is
        not needed is a note, where ``is_checked`` says that its id was looked for.
        """
        used: set[tuple[str, int, str]] = set()
        kept = [finding for finding in findings if not self._speaks_for(finding, used)]
        for comment in (item for items in self._by_file.values() for item in items):
            fault = self._fault(comment)
            if fault is not None:
                kept.append(fault)
            else:
                kept += _unneeded(comment, used, is_checked)
        return kept

    def _speaks_for(self, finding: Finding, used: set[tuple[str, int, str]]) -> bool:
        file, line = finding.place
        if file not in self._read:
            self._read.add(file)
            text = _text_of(file)
            if MARK in text:
                self._by_file[file] = [*_comments(file, text)]
        for comment in self._by_file.get(file, ()):
            if finding.id in comment.ids and max(line, 1) in comment.lines and self._fault(comment) is None:
                used.add((comment.file, comment.line, finding.id))
                return True
        return False

    def _fault(self, comment: Suppression) -> Finding | None:
        unknown = [name for name in comment.ids if name not in IDS and name.partition(".")[0] not in self._apps]
        if not comment.ids:
            message, hint = "the comment names no id", "Write: scaffold: ignore[views.none] and the reason."
        elif unknown:
            message = f"there is no check {unknown[0]!r}"
            hint = did_you_mean(unknown[0], IDS) or "Take the id from the finding."
        elif not comment.reason:
            message, hint = "the comment gives no reason", "Write behind the bracket why the finding is meant."
        else:
            return None
        return Finding("error", SUPPRESSION_ID, comment.source, message, hint)


def _unneeded(
    comment: Suppression, used: set[tuple[str, int, str]], is_checked: Callable[[str], bool]
) -> Iterator[Finding]:
    for name in comment.ids:
        if (comment.file, comment.line, name) not in used and is_checked(name):
            message = f"there is no finding {name!r} here that the comment would speak for"
            yield Finding("note", SUPPRESSION_ID, comment.source, message, "Take the comment out.")


def _text_of(file: str) -> str:
    try:
        return Path(file).read_bytes().decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _comments(file: str, text: str) -> Iterator[Suppression]:
    if file.endswith(".py"):
        yield from _python_comments(file, text)
    elif Path(file).name.startswith(".env"):
        for number, row in enumerate(text.splitlines(), 1):
            if row.lstrip().startswith("#") and (found := _COMMENT.search(row)):
                yield _suppression(file, number, found, is_alone=True)
    else:
        for found in _TEMPLATE_COMMENT.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            start = text.rfind("\n", 0, found.start()) + 1
            end = text.find("\n", found.end())
            around = text[start : found.start()] + text[found.end() : end if end >= 0 else len(text)]
            last = text.count("\n", 0, found.end()) + 1
            yield _suppression(file, line, found, is_alone=not around.strip(), last=last)


def _python_comments(file: str, text: str) -> Iterator[Suppression]:
    try:
        tokens = [*tokenize.generate_tokens(io.StringIO(text).readline)]
    except (tokenize.TokenError, SyntaxError):
        return  # a finding of another check
    for token in tokens:
        found = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        if found is not None:
            number, column = token.start
            yield _suppression(file, number, found, is_alone=not token.line[:column].strip())


def _suppression(file: str, line: int, found: re.Match[str], *, is_alone: bool, last: int = 0) -> Suppression:
    """Return what the comment says; one that stands alone on its line speaks for the next line as well."""
    ids = tuple(name for name in re.split(r"[\s,]+", found["ids"]) if name)
    end = max(line, last) + (1 if is_alone else 0)
    return Suppression(file, line, range(line, end + 1), ids, found["reason"].strip(" \t-:\r\n"))
