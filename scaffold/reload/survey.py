"""What the files that matter were like when they were last looked at: for where no event tells of a change."""

# Paths are texts in this module: they are compared and taken apart by the thousand.
# ruff: noqa: PTH116

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from scaffold.reload.filters import FileKind, Filter
from scaffold.reload.sources import digest_of_file

__all__ = ["Survey"]

# So much is read at the start to know later whether a save has changed anything; more would take long.
DIGEST_BUDGET_BYTES = 32_000_000

Stamp = tuple[int, int, int, int]


class Survey:
    """The stamps and digests of what matters under folders that are given; it belongs to one thread."""

    def __init__(self, rules: Filter) -> None:
        self._rules = rules
        self._files: dict[str, Stamp] = {}
        self._folders: set[str] = set()
        self._digests: dict[str, str] = {}

    def begin(self, folders: Iterable[str]) -> None:
        """Look for the first time."""
        self._files, self._folders = self._look(folders)
        budget = DIGEST_BUDGET_BYTES
        for path, stamp in self._files.items():
            if stamp[1] <= budget:
                self._digests[path] = digest_of_file(path)
                budget -= stamp[1]

    def changes(self, folders: Iterable[str]) -> tuple[list[str], list[str]]:
        """Look again, and return the files that are new, gone or not as they were, and the folders new or gone."""
        files, seen = self._look(folders)
        changed = [path for path in self._files.keys() | files.keys() if self._files.get(path) != files.get(path)]
        moved = sorted(self._folders ^ seen)
        self._files, self._folders = files, seen
        return sorted(changed), moved

    def is_same(self, path: str) -> bool:
        """Return whether the file has the bytes that it had when this, or `begin`, last saw it."""
        before, now = self._digests.get(path), digest_of_file(path)
        if now:
            self._digests[path] = now
        else:
            self._digests.pop(path, None)
        return bool(now) and before == now

    def _look(self, folders: Iterable[str]) -> tuple[dict[str, Stamp], set[str]]:
        files: dict[str, Stamp] = {}
        seen: set[str] = set()
        for top in folders:
            for folder, entries in self._walk(top):
                seen.add(folder)
                for entry in entries:
                    if self._may_matter(folder, entry.name):
                        files[entry.path] = _stamp(entry.path)
        return files, seen

    def _may_matter(self, folder: str, name: str) -> bool:
        kind = self._rules.kind_by_name(folder, name)
        return kind not in {FileKind.IGNORED, FileKind.OTHER} or name == ".gitignore"

    def _walk(self, top: str) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
        """Yield the folders that matter, each with its files."""
        todo = [top]
        while todo:
            folder = todo.pop()
            files = []
            for entry in _entries(folder):
                if not entry.is_dir(follow_symlinks=False):
                    files.append(entry)
                elif not self._rules.ignores_folder(entry.path):
                    todo.append(entry.path)
            yield folder, files


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _stamp(path: str) -> Stamp:
    """Return what tells one state of a file from another; a link has the stamp of what it leads to."""
    try:
        status = os.stat(path)
    except OSError:
        return (0, -1, 0, 0)
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns
