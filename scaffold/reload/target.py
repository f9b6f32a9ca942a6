"""What a worker serves, as a value that travels between processes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from scaffold.exceptions import UsageError

__all__ = ["Target", "TargetKind"]

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_SPECIFICATION = re.compile(rf"(?P<module>{_NAME})(?::(?P<attribute>{_NAME})(?P<call>\(\))?)?")


class TargetKind(Enum):
    """The ways in which an application is found."""

    PROJECT = "project"
    FILE = "file"
    CALLABLE = "callable"


@dataclass(frozen=True, slots=True)
class Target:
    """A project folder, a Python file that holds an application named ``app``, or any WSGI callable in a module.

    ``path`` is the folder or the file; for a callable it is the folder from which ``module`` is imported, and ``name``
    is its name there, with ``()`` behind it when it makes the application.
    """

    kind: TargetKind
    path: Path
    module: str = ""
    name: str = ""

    @classmethod
    def project(cls, path: Path) -> Target:
        """Return the target for a project's folder (the one with ``manage.py``)."""
        return cls(TargetKind.PROJECT, path.resolve())

    @classmethod
    def file(cls, path: Path) -> Target:
        """Return the target for one Python file; the file is imported under its stem, not as ``__main__``."""
        return cls(TargetKind.FILE, path.resolve())

    @classmethod
    def callable(cls, specification: str, folder: Path) -> Target:
        """Return the target for ``module:name`` or ``module:function()`` as seen from ``folder``.

        Without a name it is ``application``, as in PEP 3333, or ``app``. Raises ``UsageError`` for what is neither.
        """
        match = _SPECIFICATION.fullmatch(specification)
        if match is None:
            hint = "Write module:name, such as mysite.wsgi:application, or module:function() for one that makes it."
            raise UsageError(f"{specification!r} names no application", hint=hint)
        name = (match["attribute"] or "") + (match["call"] or "")
        return cls(TargetKind.CALLABLE, folder.resolve(), match["module"], name)

    @property
    def root(self) -> Path:
        """The folder that is watched."""
        return self.path.parent if self.kind is TargetKind.FILE else self.path
