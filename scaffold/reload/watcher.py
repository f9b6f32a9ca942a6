"""Watching the project's folder: file events come in, batches of paths that matter go out.

Where the system does not tell of changes, or allows no more watches, files are looked at every now and then instead.
"""

# Paths are texts in this module: they are compared and taken apart by the thousand.
# ruff: noqa: PTH110, PTH112, PTH118, PTH119, PTH120

from __future__ import annotations

import errno
import importlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from enum import Enum
from functools import partial
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
from watchdog.observers.api import BaseObserver

from scaffold.reload.filters import FileKind, Filter
from scaffold.reload.folders import Folders
from scaffold.reload.gitignore import index_lock
from scaffold.reload.mounts import mount_type, tells_of_changes
from scaffold.reload.sources import is_own
from scaffold.reload.survey import Survey

__all__ = ["Watcher"]

# A save is a few events in a row, a branch switch some hundred: a batch ends when nothing came for the first time,
# or after the second, whichever is earlier.
QUIET_SECONDS = 0.005
LONGEST_BATCH_SECONDS = 0.5
# What is not complete is waited for: editors move a file away before they write it anew, Git writes one by one.
LONGEST_ABSENCE_SECONDS = 0.1
LONGEST_CHECKOUT_SECONDS = 3.0
# More events than these at once, and some may have been lost where that is not told.
LARGE_BATCH = 4000
# Without events, files are looked at so often; where that takes long, pauses are so many times as long as a look.
POLL_SECONDS = 0.5
POLL_REST = 30

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
_LIMIT_ERRORS = frozenset({errno.ENOSPC, errno.EMFILE})
_LIMIT = "the system allows no more watches. Raise fs.inotify.max_user_watches and max_user_instances"
_MOUNT = "{root} is on {kind}, which does not tell of all of them. Have the project on a local disk"

Batch = dict[str, FileKind]


class _Notice(Enum):
    """What is said to the watcher's thread beside events and the names of the files that a worker has loaded."""

    STOP = "stop"
    LOST = "events were lost"
    LIMIT = "a folder could not be watched"


_Item = FileSystemEvent | _Notice | frozenset[str]


class Watcher(FileSystemEventHandler):
    """Calls ``on_batch`` with the changed paths under ``root`` and their kinds, from a thread of its own.

    With ``poll`` it never asks the system to tell of changes. When it must do without by itself, it calls ``say`` with
    a line about it.
    """

    def __init__(
        self, root: Path, on_batch: Callable[[Batch], None], say: Callable[[str], None], *, poll: bool = False
    ) -> None:
        self._root = root
        self._on_batch = on_batch
        self._say = say
        self._is_polling = poll
        self._rules = Filter(root)
        self._lock = index_lock(str(root))
        self._survey = Survey(self._rules)
        self._tops = [str(root)]
        self._loaded: frozenset[str] = frozenset()
        self._observer: BaseObserver | None = None
        self._folders: Folders | None = None
        self._pause = POLL_SECONDS
        self._items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    @property
    def is_polling(self) -> bool:
        """Whether files are looked at every now and then, for no events are had."""
        return self._is_polling

    def start(self) -> None:
        """Begin to watch; what changes from now on is reported. Raises ``OSError`` when there is nothing to watch."""
        os.stat(self._root)  # noqa: PTH116
        self._survey.begin(self._tops)
        if not self._is_polling and not tells_of_changes(self._root):
            self._poll_because(_MOUNT.format(root=self._root, kind=mount_type(self._root)))
        if not self._is_polling:
            self._ask_for_events()
        self._items.put(_Notice.LOST)  # what changed while watching began
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; `start` has been called."""
        self._items.put(_Notice.STOP)
        self._thread.join()
        self._end_events()

    def admit(self, files: Collection[str]) -> None:
        """Watch what a worker has loaded outside of the root too; safe to use from any thread."""
        self._items.put(frozenset(files))

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take an event from watchdog; it is looked at later, for the queue of the system must be emptied quickly."""
        if isinstance(event, COUNTED_EVENTS):
            self._items.put(event)

    # --- where changes are known from --------------------------------------------------------------------------------

    def _ask_for_events(self) -> None:
        try:
            self._observer = _make_observer(self._items.put)
            self._folders = Folders(self._rules, self._observer, self, COUNTED_EVENTS)
            self._folders.watch(str(self._root), is_top=True)
            self._observer.start()
        except OSError as error:
            self._end_events()
            if error.errno not in _LIMIT_ERRORS:
                raise
            self._poll_because(_LIMIT)

    def _end_events(self) -> None:
        observer, self._observer, self._folders = self._observer, None, None
        if observer is not None:
            observer.stop()
            with suppress(RuntimeError):  # it has not been started
                observer.join()

    def _poll_because(self, cause: str) -> None:
        if not self._is_polling:
            self._is_polling = True
            self._say(f"Looking for changes every {POLL_SECONDS} s: {cause}, or say --reload=poll.")

    def _watch(self, folder: str, *, is_top: bool = False) -> None:
        """Watch one more folder; that it is gone already, or one too many, is told by an event or a notice."""
        if self._folders is not None:
            with suppress(OSError):
                self._folders.watch(folder, is_top=is_top)

    def _admit(self, files: frozenset[str]) -> bool:
        """Watch the folders of ``files`` that are not yet; return whether there are any."""
        self._loaded = files
        known = len(self._tops)
        for path in sorted(files):
            folder = os.path.dirname(path)
            if path.endswith(".py") and not self._rules.knows(folder) and is_own(path, str(self._root)):
                package = _package_of(folder)
                self._rules.add(package or folder, is_tree=package is not None)
                self._tops.append(package or folder)
                self._watch(package or folder, is_top=True)
        return len(self._tops) > known

    # --- what has changed --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            items = self._next_items()
            if _Notice.STOP in items:
                return
            if _Notice.LIMIT in items:
                self._end_events()
                self._poll_because(_LIMIT)
            has_more = [self._admit(item) for item in items if isinstance(item, frozenset)]
            batch = self._batch(item for item in items if isinstance(item, FileSystemEvent))
            is_due = self._is_polling and not self._git_is_at_work()
            if is_due or any(has_more) or _Notice.LOST in items or len(items) > LARGE_BATCH:
                batch |= self._look()
            if batch:
                self._on_batch(batch)

    def _next_items(self) -> list[_Item]:
        items: list[_Item] = []
        with suppress(queue.Empty):
            items.append(self._items.get(timeout=self._pause if self._is_polling else None))
            began = time.monotonic()
            is_complete = False
            while items[-1] is not _Notice.STOP and not is_complete:
                is_quiet = False
                try:
                    items.append(self._items.get(timeout=QUIET_SECONDS))
                except queue.Empty:
                    is_quiet = True
                waited = time.monotonic() - began
                is_complete = (is_quiet or waited > LONGEST_BATCH_SECONDS) and not self._is_unfinished(items, waited)
        return items

    def _is_unfinished(self, items: Iterable[_Item], waited: float) -> bool:
        if waited < LONGEST_CHECKOUT_SECONDS and self._git_is_at_work():
            return True
        return waited < LONGEST_ABSENCE_SECONDS and any(
            os.fsdecode(item.src_path) in self._loaded and not os.path.exists(item.src_path)
            for item in items
            if isinstance(item, FileDeletedEvent | FileMovedEvent)
        )

    def _git_is_at_work(self) -> bool:
        """Return whether Git changes files right now; a lock that is old was left behind."""
        if self._lock is not None:
            with suppress(OSError):
                return abs(time.time() - os.stat(self._lock).st_mtime) < LONGEST_CHECKOUT_SECONDS  # noqa: PTH116
        return False

    def _look(self) -> Batch:
        """Return what has changed since the last look, by what files are like now."""
        began = time.monotonic()
        for top in self._tops:
            self._watch(top, is_top=True)
        files, folders = self._survey.changes(self._tops)
        self._pause = max(POLL_SECONDS, POLL_REST * (time.monotonic() - began))
        return self._changes(files, folders)

    def _batch(self, events: Iterable[FileSystemEvent]) -> Batch:
        files: dict[str, None] = {}
        folders: dict[str, None] = {}
        for event in events:
            for path in filter(None, (os.fsdecode(event.src_path), os.fsdecode(event.dest_path))):
                (folders if event.is_directory else files)[path] = None
        return self._changes(files, folders)

    def _changes(self, files: Iterable[str], folders: Iterable[str]) -> Batch:
        """Return those of the paths that matter."""
        batch: Batch = {}
        for path in files:
            if os.path.basename(path) == ".gitignore":
                self._rules.forget()
                self._watch(str(self._root), is_top=True)
            batch[path] = self._rules.classify(path)
        for path in folders:
            batch.update(self._folder_changes(path))
        return {
            path: kind
            for path, kind in batch.items()
            if kind not in {FileKind.IGNORED, FileKind.OTHER} and not self._is_only_touched(path)
        }

    def _is_only_touched(self, path: str) -> bool:
        """Return whether the file is as it was; of one that a worker has loaded, the supervisor knows more."""
        return path not in self._loaded and self._survey.is_same(path)

    def _folder_changes(self, folder: str) -> Batch:
        """Return what the coming or going of ``folder`` means; its files may have come before it was watched."""
        if self._rules.ignores_folder(folder):
            return {}
        if self._folders is not None and folder not in self._tops:
            self._folders.forget(folder)
        if not os.path.isdir(folder):
            return {folder: FileKind.SOURCE}
        if self._folders is not None and self._folders.is_alone(os.path.dirname(folder)):
            self._watch(folder)
        sources = dict.fromkeys(self._rules.sources_in(folder), FileKind.SOURCE)
        return {folder: FileKind.SOURCE, **sources} if sources else {}


def _make_observer(put: Callable[[_Item], None]) -> BaseObserver:
    if sys.platform != "linux":
        return Observer()
    observer: BaseObserver = importlib.import_module("scaffold.reload.inotify").Observer(
        partial(put, _Notice.LOST), partial(put, _Notice.LIMIT)
    )
    return observer


def _package_of(folder: str) -> str | None:
    """Return the topmost of the packages that ``folder`` is in, if it is one."""
    package = None
    while os.path.exists(os.path.join(folder, "__init__.py")):
        package, folder = folder, os.path.dirname(folder)
    return package
