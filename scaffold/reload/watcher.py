"""Watching the project's folder: file events come in, batches of paths that matter go out."""

# Paths are texts in this module: they are compared and taken apart by the thousand.
# ruff: noqa: PTH112, PTH119, PTH120

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from scaffold.reload.filters import FileKind, Filter

__all__ = ["Watcher"]

# A save is a few events in a row, a branch switch some hundred: a batch ends when nothing came for the first time,
# or after the second, whichever is earlier.
QUIET_SECONDS = 0.005
LONGEST_BATCH_SECONDS = 0.5

# Reading a file makes events too, so those that count are named. Where the end of a write is told apart, a write that
# has only begun does not count.
_WRITTEN: type[FileSystemEvent] = FileClosedEvent if sys.platform == "linux" else FileModifiedEvent
COUNTED_EVENTS: tuple[type[FileSystemEvent], ...] = (
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    _WRITTEN,
)

Batch = dict[str, FileKind]


class Watcher(FileSystemEventHandler):
    """Calls ``on_batch`` with the changed paths under ``root`` and their kinds, from a thread of its own.

    Folders that are ignored and may be large are not watched at all. A folder that holds one of them is watched by
    itself alone, and so are its other subfolders in turn; a folder without any is watched as a whole.
    """

    def __init__(self, root: Path, on_batch: Callable[[Batch], None]) -> None:
        self._root = str(root)
        self._on_batch = on_batch
        self._filter = Filter(root)
        self._observer = Observer()
        self._events: queue.SimpleQueue[FileSystemEvent | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._alone: set[str] = set()

    def start(self) -> None:
        """Begin to watch; what changes from now on is reported. Raises ``OSError`` when the system allows no watch."""
        self._watch(self._root)
        try:
            self._observer.start()
        except OSError:
            self._observer.unschedule_all()
            raise
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; `start` has been called."""
        self._observer.stop()
        self._observer.join()
        self._events.put(None)
        self._thread.join()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take an event from watchdog; it is looked at later, for the queue of the system must be emptied quickly."""
        if isinstance(event, COUNTED_EVENTS):
            self._events.put(event)

    def _watch(self, folder: str) -> None:
        alone, whole = self._plan(folder)
        for path in alone:
            self._alone.add(path)
            self._observer.schedule(self, path, recursive=False, event_filter=list(COUNTED_EVENTS))
        for path in whole:
            self._observer.schedule(self, path, recursive=True, event_filter=list(COUNTED_EVENTS))

    def _plan(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the folders to watch alone, and those to watch with all that is in them."""
        alone: list[str] = []
        whole: list[str] = []
        is_mixed = folder == self._root
        for child in _subfolders(folder):
            if self._filter.ignores_folder(child):
                is_mixed = is_mixed or self._filter.is_heavy(child)
                continue
            inner_alone, inner_whole = self._plan(child)
            is_mixed = is_mixed or bool(inner_alone)
            alone += inner_alone
            whole += inner_whole
        return ([folder, *alone], whole) if is_mixed else ([], [folder])

    def _run(self) -> None:
        while True:
            events = self._next_events()
            if None in events:
                return
            batch = self._batch(event for event in events if event is not None)
            if batch:
                self._on_batch(batch)

    def _next_events(self) -> list[FileSystemEvent | None]:
        events = [self._events.get()]
        deadline = time.monotonic() + LONGEST_BATCH_SECONDS
        with suppress(queue.Empty):
            while events[-1] is not None and time.monotonic() < deadline:
                events.append(self._events.get(timeout=QUIET_SECONDS))
        return events

    def _batch(self, events: Iterable[FileSystemEvent]) -> Batch:
        batch: Batch = {}
        for event in events:
            for path in filter(None, (os.fsdecode(event.src_path), os.fsdecode(event.dest_path))):
                if os.path.basename(path) == ".gitignore":
                    self._filter.forget()
                if event.is_directory:
                    batch.update(self._folder_changes(path))
                else:
                    batch[path] = self._filter.classify(path)
        return {path: kind for path, kind in batch.items() if kind not in {FileKind.IGNORED, FileKind.OTHER}}

    def _folder_changes(self, folder: str) -> Batch:
        """Return what the coming or going of ``folder`` means; its files may have come before it was watched."""
        if self._filter.ignores_folder(folder):
            return {}
        if not os.path.isdir(folder):
            return {folder: FileKind.SOURCE}
        if os.path.dirname(folder) in self._alone:
            with suppress(OSError):
                self._watch(folder)
        sources = dict.fromkeys(self._filter.sources_in(folder), FileKind.SOURCE)
        return {folder: FileKind.SOURCE, **sources} if sources else {}


def _subfolders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
