"""What Git is told to ignore: ``.gitignore`` files with their folders, and the repository's ``info/exclude``."""

# Paths are texts in this module: they are compared and taken apart by the thousand.
# ruff: noqa: PTH110, PTH112, PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pathspec

__all__ = ["GitIgnore", "index_lock"]

_Rules = pathspec.GitIgnoreSpec


class GitIgnore:
    """The rules of gitignore(5) for what is under ``root``. What it read is kept until `forget`.

    The files of the folders above ``root`` count too, up to the top of the repository, unless they name ``root``
    itself: a project that is ignored as a whole is not there to be ignored by its own server.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._rules = cache(_read_rules)
        self._top = cache(self._find_top)

    def forget(self) -> None:
        """Read everything again, for a file of rules has changed."""
        self._rules.cache_clear()
        self._top.cache_clear()

    def names(self, path: str) -> bool:
        """Return whether ``path``, which ends with a separator when it is a folder, is ignored by its own name."""
        return self._verdict(path, *self._top())

    def _verdict(self, path: str, top: str, exclude: _Rules) -> bool:
        """Return what the nearest file says that has a matching pattern; the repository's own list comes last."""
        bare = path.rstrip(os.sep)
        end = path[len(bare) :]
        folder = os.path.dirname(bare)
        while len(folder) >= len(top):
            verdict = self._rules(os.path.join(folder, ".gitignore")).check_file(_below(folder, bare) + end)
            if verdict.include is not None:
                return verdict.include
            folder = os.path.dirname(folder)
        return bool(exclude.check_file(_below(top, bare) + end).include)

    def _find_top(self) -> tuple[str, _Rules]:
        """Return the folder whose rules are the last to count, and the rules of the repository's ``info/exclude``."""
        none = _Rules.from_lines([])
        top = _top_of(self._root)
        if top is None:
            return self._root, none
        own = _git_folder(top)
        shared = os.path.join(own, _text(os.path.join(own, "commondir")).strip())  # by the work trees of one repository
        exclude = self._rules(os.path.join(shared, "info", "exclude"))
        between = [folder for folder in _upwards(self._root) if len(folder) > len(top)]
        if any(self._verdict(folder + os.sep, top, exclude) for folder in between):
            return self._root, none
        return top, exclude


def _below(folder: str, path: str) -> str:
    return path[len(folder) :].lstrip(os.sep)


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        yield folder


def index_lock(root: str) -> str | None:
    """Return the file that Git has while it changes the files of the repository that ``root`` is in."""
    top = _top_of(root)
    return None if top is None else os.path.join(_git_folder(top), "index.lock")


def _top_of(root: str) -> str | None:
    return next((folder for folder in _upwards(root) if os.path.exists(os.path.join(folder, ".git"))), None)


def _git_folder(top: str) -> str:
    """Return the folder with Git's own files; work trees and submodules have a file that leads to it."""
    entry = os.path.join(top, ".git")
    return entry if os.path.isdir(entry) else os.path.join(top, _text(entry).removeprefix("gitdir:").strip())


def _read_rules(path: str) -> _Rules:
    return _Rules.from_lines(_text(path).splitlines())


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
