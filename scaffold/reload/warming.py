"""Which installed modules a nursery may import for its workers, found out in a process that may be spoilt by it.

A fork takes no threads along, and shares what is open. So a module whose import starts a thread or opens a descriptor
is left to the workers.
"""

# ruff: noqa: PTH208

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["SpoiltError", "environment_stamp", "import_checked", "installed_folders", "installed_modules"]

_TASKS = "/proc/self/task"
_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")
_PACKAGE = __name__.partition(".")[0]


class SpoiltError(Exception):
    """The import of a module left something behind that no fork should have; the argument is its name."""


def installed_folders() -> tuple[str, ...]:
    """Return the folders of ``sys.path`` that hold installed packages."""
    return tuple(path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"})


def environment_stamp() -> frozenset[tuple[str, int]]:
    """Return what changes when a package is installed, removed or upgraded, or the environment is made anew.

    Those are the names in the folders of packages, and the times of what tells of one package (``*.dist-info``) or of
    more folders (``*.pth``): installers write these anew. What packages write there themselves does not count.
    """
    stamps: set[tuple[str, int]] = set()
    for path in (f"{sys.prefix}/pyvenv.cfg", sys.executable):
        with suppress(OSError):
            stamps.add((path, os.stat(path).st_mtime_ns))  # noqa: PTH116 - paths are texts here
    for folder in installed_folders():
        with suppress(OSError), os.scandir(folder) as entries:
            stamps.update(_stamp(entry) for entry in entries if _is_part(entry))
    return frozenset(stamps)


def _is_part(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith((".py", ".pth")) or (entry.name != "__pycache__" and entry.is_dir())


def _stamp(entry: os.DirEntry[str]) -> tuple[str, int]:
    return entry.path, entry.stat().st_mtime_ns if entry.name.endswith((".dist-info", ".egg-info", ".pth")) else 0


def installed_modules(known: Collection[str]) -> list[str]:
    """Return the loaded modules that are installed, ours or the standard library's, but for those that are ``known``.

    The last one imported comes first: a module stands behind those that it needed, and is of use without it.
    """
    library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    folders = tuple(os.path.join(folder, "") for folder in {*installed_folders(), *library})  # noqa: PTH118
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        is_named = getattr(getattr(module, "__spec__", None), "name", None) == name
        if name in known or name == "__main__" or not is_named or not isinstance(file, str):
            continue
        if file.startswith(folders) or name.partition(".")[0] == _PACKAGE:  # which may be installed from a clone
            found.append(name)
    return found[::-1]


def import_checked(names: Iterable[str]) -> list[str]:
    """Import the modules that can be imported and return their names.

    Raises `SpoiltError` at the first one that starts a thread or leaves something open; what came before it is imported
    as well.
    """
    done: list[str] = []
    for name in names:
        before = _belongings()
        try:
            importlib.import_module(name)
        except Exception:  # it needs what only the project can give it
            continue
        if _belongings() != before:
            raise SpoiltError(name, done)
        done.append(name)
    return done


def _belongings() -> tuple[int, frozenset[str]]:
    """Return the number of threads, those that Python does not know included, and the open descriptors."""
    threads = threading.active_count()
    with suppress(OSError):
        threads = len(os.listdir(_TASKS))
    for folder in _DESCRIPTORS:
        with suppress(OSError):
            return threads, frozenset(os.listdir(folder))
    return threads, frozenset()
