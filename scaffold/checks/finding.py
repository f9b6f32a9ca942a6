"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scaffold.exceptions import ScaffoldError

__all__ = ["Finding", "Level", "finding_of"]

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a project that is wrong or doubtful.

    ``id`` names the check (``views.parameters``), ``source`` is the place (``file:line``, or a file), ``message`` says
    what is wrong, ``hint`` what to do.
    """

    level: Level
    id: str
    source: str
    message: str
    hint: str


def finding_of(error: ScaffoldError, id: str) -> Finding:  # noqa: A002 - the field's name
    """Return the finding that an error amounts to."""
    return Finding("error", id, error.source, error.cause, error.hint)
