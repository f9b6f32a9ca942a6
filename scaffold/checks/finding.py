"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scaffold.exceptions import ScaffoldError

__all__ = ["LEVELS", "Finding", "Fix", "Level", "finding_of"]

Level = Literal["error", "warning", "note"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""The levels, the worst first."""

REFERENCE_PAGE = "reference/checks.md"


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that is safe: in ``file``, on its ``line`` (from 1), the text ``old`` becomes ``new``.

    It is made only where ``old`` stands on that line exactly once. ``old`` may hold line ends, and begins on ``line``.
    """

    file: str
    line: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a project that is wrong or doubtful.

    ``id`` names the check (``views.parameters``), ``source`` is the place (``file:line``, or a file), ``message`` says
    what is wrong, ``hint`` what to do. ``fix`` is there when one mend is certain to be the wanted one.
    """

    level: Level
    id: str
    source: str
    message: str
    hint: str
    fix: Fix | None = None

    @property
    def page(self) -> str:
        """Where the documentation tells of this id, seen from its folder: ``reference/checks.md#views-parameters``."""
        return f"{REFERENCE_PAGE}#{self.id.replace('.', '-')}"

    @property
    def place(self) -> tuple[str, int]:
        """The file and the line (from 1) of ``source``; the line is 0 where there is none."""
        file, colon, line = self.source.rpartition(":")
        return (file, int(line)) if colon and line.isascii() and line.isdigit() else (self.source, 0)


def finding_of(error: ScaffoldError, id: str) -> Finding:  # noqa: A002 - the field's name
    """Return the finding that an error amounts to."""
    return Finding("error", id, error.source, error.cause, error.hint)
