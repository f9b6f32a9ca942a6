"""Places in a project's files, as they are shown and as they open in an editor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from scaffold.debug import editor_link

__all__ = ["Place", "Places"]

# Where packages are installed, or Scaffold's own repository.
_PACKAGES = Path(__file__).parents[2]


class Place(NamedTuple):
    """A place as a text, seen from the project's folder where it is inside, and the link that opens it, if any."""

    text: str
    url: str


class Places:
    """Makes places of the project in ``root``, with links after the pattern EDITOR_URL."""

    def __init__(self, root: Path, pattern: str) -> None:
        self._root = root
        self._pattern = pattern

    def of(self, source: str) -> Place:
        """Return the place ``file:line``, or a file alone; what is no file that exists has no link."""
        file, colon, number = source.rpartition(":")
        line = int(number) if colon and number.isascii() and number.isdigit() else None
        path = self._root / (source if line is None else file)
        if not source or not path.exists():
            return Place(source, "")
        home = next((folder for folder in (self._root, _PACKAGES) if path.is_relative_to(folder)), None)
        shown = str(path) if home is None else os.path.relpath(path, home)
        return Place(shown if line is None else f"{shown}:{line}", editor_link(self._pattern, str(path), line))
