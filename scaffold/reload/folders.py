"""The folders that are watched for events."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver, ObservedWatch

from scaffold.reload.filters import Filter

__all__ = ["Folders"]


class Folders:
    """Has ``observer`` watch what ``rules`` let matter, and nothing that may be large besides.

    Folders that are ignored and may be large are not watched at all. A folder that holds one of them is watched by
    itself alone, and so are its other subfolders in turn; a folder without any is watched as a whole.
    """

    def __init__(
        self,
        rules: Filter,
        observer: BaseObserver,
        handler: FileSystemEventHandler,
        events: Iterable[type[FileSystemEvent]],
    ) -> None:
        self._rules = rules
        self._observer = observer
        self._handler = handler
        self._events = list(events)
        self._watches: dict[str, ObservedWatch] = {}

    @property
    def alone(self) -> frozenset[str]:
        """The folders that are watched without their subfolders."""
        return frozenset(path for path, watch in self._watches.items() if not watch.is_recursive)

    def is_alone(self, folder: str) -> bool:
        """Return whether ``folder`` is watched without its subfolders."""
        return folder in self._watches and not self._watches[folder].is_recursive

    def watch(self, folder: str, *, is_top: bool = False) -> None:
        """Watch ``folder`` and what is in it, but for what is watched already. Raises ``OSError`` when that fails.

        A ``is_top`` folder has no other above it that would notice a new subfolder that is to be left out.
        """
        alone, whole = self._plan(folder, is_top)
        for path in alone:
            self._add(path, is_recursive=False)
        for path in whole:
            self._add(path, is_recursive=True)

    def forget(self, folder: str) -> None:
        """Watch ``folder`` no more, for it has gone or is another one now."""
        below = os.path.join(folder, "")  # noqa: PTH118
        for path in [path for path in self._watches if path == folder or path.startswith(below)]:
            with suppress(OSError, KeyError):
                self._observer.unschedule(self._watches.pop(path))

    def _add(self, path: str, *, is_recursive: bool) -> None:
        known = self._watches.get(path)
        if known is not None and known.is_recursive == is_recursive:
            return
        self._watches[path] = self._observer.schedule(
            self._handler, path, recursive=is_recursive, event_filter=self._events
        )
        if known is not None:
            self._observer.unschedule(known)

    def _plan(self, folder: str, is_top: bool) -> tuple[list[str], list[str]]:
        """Return the folders to watch alone, and those to watch with all that is in them."""
        alone: list[str] = []
        whole: list[str] = []
        is_mixed = is_top
        for child in _subfolders(folder):
            if self._rules.ignores_folder(child):
                is_mixed = is_mixed or self._rules.is_heavy(child)
                continue
            inner_alone, inner_whole = self._plan(child, False)
            is_mixed = is_mixed or bool(inner_alone)
            alone += inner_alone
            whole += inner_whole
        return ([folder, *alone], whole) if is_mixed else ([], [folder])


def _subfolders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
