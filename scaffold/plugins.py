"""Plug-ins: what installed distributions offer by their entry points, read off the disk without importing any.

`importlib.metadata` does the same in ten times the time, which the Tab key of a shell does not have. What is not
installed as files, such as a zip file on ``sys.path``, offers nothing here.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["APPS", "COMMANDS", "Plugin", "entry_points", "offered"]

COMMANDS = "scaffold.commands"
APPS = "scaffold.apps"
"""The groups of entry points."""

_OURS = b"[scaffold."
_ENDINGS = (".dist-info", ".egg-info")


class Plugin:
    """An entry point of a ``group``: its ``name``, the ``value`` that it stands for, and its ``distribution``."""

    __slots__ = ("distribution", "group", "name", "value")

    def __init__(self, group: str, name: str, value: str, distribution: str) -> None:
        self.group = group
        self.name = name
        self.value = value
        self.distribution = distribution


def offered(group: str, disabled: Iterable[str] = (), installed: Sequence[Plugin] | None = None) -> list[Plugin]:
    """Return the entry points of ``group`` by name; the distributions named in ``disabled`` are left out.

    ``installed`` is what `entry_points` has returned before, so that it need not look again.
    """
    without = {_normal(name) for name in disabled}
    found = [
        plugin
        for plugin in (entry_points() if installed is None else installed)
        if plugin.group == group and _normal(plugin.distribution) not in without
    ]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.distribution))


def entry_points() -> list[Plugin]:
    """Return the entry points of all groups of ours."""
    found = []
    for folder in _distributions():
        data = _bytes(os.path.join(folder, "entry_points.txt"))
        if _OURS in data:
            distribution = _name_of(folder)
            found += [
                Plugin(group, name, value, distribution)
                for group, name, value in _entries(data.decode("utf-8", "replace"))
                if group in (APPS, COMMANDS)
            ]
    return found


def _distributions() -> Iterator[str]:
    """Yield the folder of each distribution's metadata; one that comes first on ``sys.path`` hides later ones."""
    seen = set()
    library = os.path.dirname(os.__file__)
    for place in dict.fromkeys(sys.path):
        if place in (library, os.path.join(library, "lib-dynload")):
            continue  # nobody installs anything there
        try:
            names = sorted(entry.name for entry in os.scandir(place or os.curdir) if entry.name.endswith(_ENDINGS))
        except OSError:
            continue
        for name in names:
            key = _normal(name.rpartition(".")[0].partition("-")[0])
            if key not in seen:
                seen.add(key)
                yield os.path.join(place, name)


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield group, name and value of each entry in the text of an ``entry_points.txt``."""
    group = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield group, name.strip(), value.partition("[")[0].strip()


def _name_of(folder: str) -> str:
    """Return the distribution's name as its maker writes it."""
    for file in ("METADATA", "PKG-INFO"):
        for line in _bytes(os.path.join(folder, file)).decode("utf-8", "replace").splitlines():
            if line.startswith("Name:"):
                return line[len("Name:") :].strip()
            if not line:
                break
    return os.path.basename(folder).rpartition(".")[0].partition("-")[0]


def _bytes(file: str) -> bytes:
    try:
        with open(file, "rb", buffering=0) as stream:
            return stream.read()
    except OSError:
        return b""


def _normal(name: str) -> str:
    """Return a distribution's name as all its spellings are compared."""
    return name.lower().replace("-", "_").replace(".", "_")
