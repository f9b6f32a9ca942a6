"""Which files matter, and what a change of each asks for."""

# Paths are texts in this module: they are compared and taken apart by the thousand.
# ruff: noqa: PTH110, PTH118, PTH119, PTH120, PTH206

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path

from scaffold.reload.gitignore import GitIgnore

__all__ = ["FileKind", "Filter", "python_files"]


class FileKind(Enum):
    """What a file is to the reloader."""

    SOURCE = "source"
    ENVIRONMENT = "environment"
    TEMPLATE = "template"
    STYLE = "style"
    STATIC = "static"
    OTHER = "other"
    IGNORED = "ignored"

    @property
    def replaces_worker(self) -> bool:
        """Whether a change asks for another worker.

        A template is read anew when it has changed, and a static file with each request: these do not.
        """
        return self in {FileKind.SOURCE, FileKind.ENVIRONMENT}

    @property
    def refreshes_pages(self) -> bool:
        """Whether a page that is open in a browser may look different after a change."""
        return self in {FileKind.TEMPLATE, FileKind.STYLE, FileKind.STATIC}


IGNORED_FOLDERS = frozenset(
    {
        "__pycache__",
        "node_modules",
        "site-packages",
        ".git",
        ".hg",
        ".svn",
        ".idea",
        ".vscode",
        ".cache",
        ".coverage",
        ".hypothesis",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
    }
)
# Where startapp writes before it gives the folder its name.
_STAGING_PREFIX = ".scaffold-"
# Small, and made anew all the time: watching them costs less than looking for them.
_LIGHT_FOLDERS = frozenset({"__pycache__"})
IGNORED_SUFFIXES = (
    ".pyc",
    ".pyo",
    ".db",
    ".sqlite",
    ".sqlite3",
    "-journal",
    "-wal",
    "-shm",
    ".log",
    ".swp",
    ".swx",
    ".swo",
)
IGNORED_ENDINGS = ("~", ".tmp", ".bak", ".orig", ".rej", "___jb_tmp___", "___jb_old___")
IGNORED_PREFIXES = (".#", "#", ".goutputstream-")
# Vim writes and removes a file of the first name to see whether it may, sed -i writes to one of the second kind.
_PASSING_NAME = re.compile(r"4913|sed[A-Za-z0-9]{6}")


class Filter:
    """Classifies the files under ``root``, and those of the packages outside that were added.

    What it learnt of ``.gitignore`` files is kept until `forget`.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._git = GitIgnore(self._root)
        self._outside: dict[str, bool] = {}
        self._ignored_folder = cache(self._is_ignored_folder)

    def forget(self) -> None:
        """Read the ``.gitignore`` files again, for one has changed."""
        self._git.forget()
        self._ignored_folder.cache_clear()

    def add(self, folder: str, *, is_tree: bool) -> None:
        """Let ``folder``, which is not under the root, matter too, and with ``is_tree`` all that is in it."""
        self._outside[folder] = is_tree
        self._ignored_folder.cache_clear()

    def knows(self, folder: str) -> bool:
        """Return whether ``folder`` is under the root or was added, be it ignored or not."""
        return self._base(folder) is not None

    def classify(self, path: str) -> FileKind:
        """Return what the file at ``path`` is; the path is absolute, and the file need not be there any more."""
        folder, name = os.path.split(path)
        kind = self.kind_by_name(folder, name)
        if kind in {FileKind.IGNORED, FileKind.ENVIRONMENT}:
            return kind
        return FileKind.IGNORED if self.ignores_folder(folder) or self._named_by_git(path) else kind

    def kind_by_name(self, folder: str, name: str) -> FileKind:
        """Return what the file ``name`` is if neither Git nor its folder has it ignored."""
        if name == ".env" and folder == self._root:
            return FileKind.ENVIRONMENT
        base = self._base(folder)
        if base is None or _is_noise(name):
            return FileKind.IGNORED
        return _kind_of(name, folder[len(base) :].split(os.sep))

    def ignores_folder(self, folder: str) -> bool:
        """Return whether nothing in ``folder`` matters."""
        base = self._base(folder)
        return base is None or (folder != base and self._ignored_folder(folder))

    def is_heavy(self, folder: str) -> bool:
        """Return whether ``folder`` is ignored and may be too large to be watched."""
        return os.path.basename(folder) not in _LIGHT_FOLDERS and self.ignores_folder(folder)

    def sources_in(self, folder: str) -> Iterator[str]:
        """Yield the Python files under ``folder`` that matter."""
        if self.ignores_folder(folder):
            return
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not self.ignores_folder(os.path.join(parent, name))]
            for path in (os.path.join(parent, name) for name in names):
                if self.classify(path) is FileKind.SOURCE:
                    yield path

    def _base(self, folder: str) -> str | None:
        """Return the root, or the folder outside, that ``folder`` belongs to."""
        if _is_under(folder, self._root):
            return self._root
        for base, is_tree in self._outside.items():
            if folder == base or (is_tree and _is_under(folder, base)):
                return base
        return None

    def _is_ignored_folder(self, folder: str) -> bool:
        name = os.path.basename(folder)
        return (
            name in IGNORED_FOLDERS
            or name.endswith(".egg-info")
            or name.startswith(_STAGING_PREFIX)
            or self.ignores_folder(os.path.dirname(folder))
            or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
            or self._named_by_git(folder + os.sep)
        )

    def _named_by_git(self, path: str) -> bool:
        return _is_under(path, self._root) and self._git.names(path)


def _is_under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _is_noise(name: str) -> bool:
    return (
        name.endswith((*IGNORED_SUFFIXES, *IGNORED_ENDINGS))
        or name.startswith(IGNORED_PREFIXES)
        or _PASSING_NAME.fullmatch(name) is not None
    )


def _kind_of(name: str, folders: list[str]) -> FileKind:
    if name.endswith(".py"):
        return FileKind.SOURCE
    if "templates" in folders:
        return FileKind.TEMPLATE
    if "static" in folders:
        return FileKind.STYLE if name.endswith(".css") else FileKind.STATIC
    return FileKind.OTHER


def python_files(root: Path) -> Iterator[Path]:
    """Yield the Python files under ``root`` that matter."""
    yield from map(Path, Filter(root).sources_in(str(root)))
