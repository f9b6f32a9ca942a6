"""Loading a project's own modules from their source alone, and knowing whether any of it has changed since.

Byte code in ``__pycache__`` is trusted by whole seconds and size; two saves within a second may agree in both. So a
project's modules are compiled afresh in each worker and nothing is written; installed packages keep their byte code.
"""

# Paths are texts in this module: they are compared and taken apart by the thousand.
# ruff: noqa: PTH100, PTH110, PTH112, PTH116, PTH117, PTH118, PTH120, PTH206

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import CodeType
from typing import Any

__all__ = ["CLOCK_TICK_NS", "Snapshot", "SourceLoader", "digest_of_file", "is_local", "is_own", "load_from_source"]

# File systems stamp with the kernel's coarse clock: a change may be up to this much later than its stamp says.
CLOCK_TICK_NS = 20_000_000
_MISSING = (0, -1, 0)
_INSTALLED = frozenset({"site-packages", "dist-packages", "node_modules"})
# Python's own modules, and this package, which workers get from the process that forks them.
_FIXED = tuple(
    os.path.join(folder, "")
    for folder in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")),
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    )
)

Stamp = tuple[int, int, int]


def is_local(path: str, root: str) -> bool:
    """Return whether ``path`` is under ``root``, and in no virtual environment or site-packages."""
    return (path == root or path.startswith(os.path.join(root, ""))) and not _is_installed(path, root)


def is_own(path: str, root: str) -> bool:
    """Return whether ``path`` may be edited with the project: it is under ``root``, or in a local package elsewhere.

    Such a package is neither Python's own nor installed, as one that is installed as editable.
    """
    if path == root or path.startswith(os.path.join(root, "")):
        return not _is_installed(path, root)
    return os.path.isabs(path) and not os.path.join(path, "").startswith(_FIXED) and not _is_installed(path, os.sep)


def _is_installed(path: str, top: str) -> bool:
    """Return whether ``path`` is in a virtual environment or site-packages below ``top``."""
    if not _INSTALLED.isdisjoint(path[len(top) :].split(os.sep)):
        return True
    folder = path
    while len(folder) > len(top):
        if os.path.exists(f"{folder}/pyvenv.cfg"):
            return True
        folder = os.path.dirname(folder)
    return False


def digest_of_file(path: str) -> str:
    """Return a digest of the bytes of ``path``, or an empty text when it can't be read."""
    try:
        return _digest(Path(path).read_bytes())
    except OSError:
        return ""


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _stamp(path: str) -> Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return _MISSING
    return status.st_mtime_ns, status.st_size, status.st_ino


def _modules_in(folder: str) -> frozenset[str]:
    """Return the names in ``folder`` that an import or the discovery of apps can see."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(
                entry.name
                for entry in entries
                if not entry.name.startswith((".", "__pycache__")) and (entry.name.endswith(".py") or entry.is_dir())
            )
    except OSError:
        return frozenset()


def _written_since(folder: str, time_ns: int) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            sources = [entry for entry in entries if entry.name.endswith(".py")]
            return [entry.path for entry in sources if entry.stat().st_ctime_ns > time_ns]
    except OSError:
        return []


@dataclass(slots=True)
class _File:
    stamp: Stamp
    digest: str
    read_ns: int

    @property
    def is_racy(self) -> bool:
        """Whether the file was read so soon after its change that another one could bear the same stamp."""
        return self.read_ns - self.stamp[0] < CLOCK_TICK_NS


@dataclass(slots=True)
class _Folder:
    stamp: Stamp
    names: frozenset[str]
    read_ns: int


class Snapshot:
    """The files and folders that a worker was made of, as they were when they were read. Any thread may use it."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._folders: dict[str, _Folder] = {}
        self._lock = threading.Lock()

    def read(self, path: str) -> bytes:
        """Return the bytes of ``path`` and remember them. The stamp is taken first, so a later change can't hide."""
        stamp = _stamp(path)
        data = Path(path).read_bytes()
        self._remember(path, stamp, _digest(data))
        return data

    def add(self, path: str) -> None:
        """Remember ``path``, be it there or not."""
        if path not in self._files:
            stamp = _stamp(path)
            self._remember(path, stamp, digest_of_file(path))

    def _remember(self, path: str, stamp: Stamp, digest: str) -> None:
        with self._lock:
            self._files[path] = _File(stamp, digest, time.time_ns())
        if path.endswith(".py"):
            self.add_folder(os.path.dirname(path))

    def add_folder(self, folder: str) -> None:
        """Remember which modules and folders ``folder`` holds."""
        if folder not in self._folders:
            found = _Folder(_stamp(folder), _modules_in(folder), time.time_ns())
            with self._lock:
                self._folders[folder] = found

    def add_modules(self, names: Iterable[str], root: str) -> None:
        """Remember the files of those imported modules that are the project's own."""
        for name in names:
            path = getattr(sys.modules.get(name), "__file__", None)
            if isinstance(path, str) and path not in self._files and is_own(path, root):
                self.add(path)

    def digests(self) -> dict[str, str]:
        """Return the digest of each file, by path; an empty one for a file that was not there."""
        with self._lock:
            return {path: file.digest for path, file in self._files.items()}

    def written_since(self, time_ns: int) -> dict[str, str]:
        """Return the digest of each Python file that changed after ``time_ns`` in a folder of the snapshot, by path."""
        with self._lock:
            folders = list(self._folders)
        return {path: digest_of_file(path) for folder in folders for path in _written_since(folder, time_ns)}

    def changed(self) -> list[str]:
        """Return the paths that are not as they were. Costs one ``stat`` for each."""
        with self._lock:
            paths = [path for path, file in self._files.items() if self._file_changed(path, file)]
            return paths or [path for folder in self._folders for path in self._changed_in(folder)]

    def _file_changed(self, path: str, file: _File) -> bool:
        stamp = _stamp(path)
        if stamp == file.stamp and not file.is_racy:
            return False
        read_ns = time.time_ns()
        if digest_of_file(path) != file.digest:
            return True
        file.stamp, file.read_ns = stamp, read_ns
        return False

    def _changed_in(self, path: str) -> list[str]:
        folder = self._folders[path]
        stamp = _stamp(path)
        if stamp == folder.stamp and folder.read_ns - stamp[0] >= CLOCK_TICK_NS:
            return []
        read_ns, names = time.time_ns(), _modules_in(path)
        if names == folder.names:
            self._folders[path] = _Folder(stamp, names, read_ns)
        return [os.path.join(path, name) for name in sorted(names ^ folder.names)]


class SourceLoader(SourceFileLoader):
    """Compiles a module from its source, whatever byte code there is, writes none, and remembers what it read."""

    def __init__(self, fullname: str, path: str, snapshot: Snapshot) -> None:
        super().__init__(fullname, path)
        self._snapshot = snapshot

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self._snapshot.read(path), path)
        return code


class _SourceFinder:
    """Stands for the ``finder`` of an editable install, and has the modules that it finds loaded from their source."""

    def __init__(self, finder: Any, root: str, snapshot: Snapshot) -> None:
        self.finder = finder
        self._root = root
        self._snapshot = snapshot

    def __getattr__(self, name: str) -> Any:
        return getattr(self.finder, name)

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """Return what the finder finds."""
        spec: ModuleSpec | None = self.finder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader and is_own(spec.loader.path, self._root):
            spec.loader = SourceLoader(fullname, spec.loader.path, self._snapshot)
        return spec


def _is_editable_finder(finder: Any) -> bool:
    # Named so by setuptools, where a package is not mapped to a folder of sys.path.
    return str(getattr(finder, "__module__", "")).startswith("__editable__")


def load_from_source(root: Path, snapshot: Snapshot) -> Callable[[], None]:
    """Make imports of the project's modules and of local packages use `SourceLoader`; return what undoes it."""
    own = str(root)

    def source_loader(fullname: str, path: str) -> SourceLoader:
        return SourceLoader(fullname, path, snapshot)

    def hook(path: str) -> FileFinder:
        folder = os.path.abspath(path)
        if not is_own(folder, own) or not os.path.isdir(folder):
            raise ImportError("not a folder of the project", path=path)
        return FileFinder(
            path,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (source_loader, SOURCE_SUFFIXES),  # type: ignore[arg-type]  # called as a factory, as loaders are
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )

    finders = list(sys.meta_path)
    sys.meta_path[:] = [_SourceFinder(item, own, snapshot) if _is_editable_finder(item) else item for item in finders]
    sys.path_hooks.insert(0, hook)
    _forget_finders(own)

    def undo() -> None:
        sys.meta_path[:] = [item.finder if isinstance(item, _SourceFinder) else item for item in sys.meta_path]
        sys.path_hooks.remove(hook)
        _forget_finders(own)

    return undo


def _forget_finders(root: str) -> None:
    for path in [path for path in sys.path_importer_cache if is_own(os.path.abspath(path), root)]:
        del sys.path_importer_cache[path]
