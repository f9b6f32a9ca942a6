"""What a worker serves, as a value that travels between processes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

__all__ = ["Target", "TargetKind"]


class TargetKind(Enum):
    """The ways in which an application is found."""

    PROJECT = "project"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Target:
    """A project folder, or a single Python file that holds an application named ``app``."""

    kind: TargetKind
    path: Path

    @classmethod
    def project(cls, path: Path) -> Target:
        """Return the target for a project's folder (the one with ``manage.py``)."""
        return cls(TargetKind.PROJECT, path.resolve())

    @classmethod
    def file(cls, path: Path) -> Target:
        """Return the target for one Python file; the file is imported under its stem, not as ``__main__``."""
        return cls(TargetKind.FILE, path.resolve())

    @property
    def root(self) -> Path:
        """The folder that is watched."""
        return self.path if self.kind is TargetKind.PROJECT else self.path.parent
