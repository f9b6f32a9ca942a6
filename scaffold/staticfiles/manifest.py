"""The manifest of collected files: which name each has, and what else lies beside it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scaffold.exceptions import StaticFilesError
from scaffold.staticfiles.finding import is_public_path

__all__ = ["ENDINGS", "MANIFEST_NAME", "TEMPORARY_PREFIX", "Entry", "Manifest", "read_manifest", "write_atomically"]

MANIFEST_NAME = "staticfiles.json"
"""No ``manifest.json``: web applications have a file of that name of their own."""
TEMPORARY_PREFIX = ".scaffold-"
ENDINGS = {"br": ".br", "gzip": ".gz"}
"""The ending of a compressed file, by its content coding (RFC 9110 section 8.4.1)."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A collected file: its hashed ``name``, the hash in it, its size in bytes, and those of its compressed forms."""

    name: str
    digest: str
    size: int
    encodings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `scaffold collectstatic` wrote.

    ``files`` are the entries by plain path, ``previous`` those hashed names of the collection before that pages which
    are still open may ask for. ``static_url`` is what references were written for, ``compressors`` what was at hand.
    """

    static_url: str
    compressors: tuple[str, ...] = ()
    files: Mapping[str, Entry] = field(default_factory=dict)
    previous: Mapping[str, Entry] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Yield the name of each file that belongs to the collection, relative to its folder."""
        for plain, entry in self.files.items():
            for name in (plain, entry.name):
                yield name
                yield from (name + ENDINGS[encoding] for encoding in entry.encodings)
        for entry in self.previous.values():
            yield entry.name
            yield from (entry.name + ENDINGS[encoding] for encoding in entry.encodings)

    def write(self, folder: Path) -> None:
        """Write the manifest into ``folder``, at once and for good."""
        data = {"version": _VERSION, **asdict(self)}
        text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=True)
        write_atomically(folder / MANIFEST_NAME, f"{text}\n".encode(), durable=True)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest in ``folder``, None when there is none; `StaticFilesError` for one that can't be read."""
    file = folder / MANIFEST_NAME
    try:
        data = json.loads(file.read_bytes())
        if data["version"] != _VERSION:
            raise ValueError(f"its version is {data['version']!r}, not {_VERSION}")
        return Manifest(
            _text(data["static_url"]),
            tuple(_text(item) for item in data["compressors"]),
            {_path(plain): _entry(item) for plain, item in data["files"].items()},
            {_path(name): _entry(item) for name, item in data["previous"].items()},
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StaticFilesError(
            f"the manifest of the static files can't be read: {error}",
            source=str(file),
            hint=f"Remove the folder {folder}, and run: scaffold collectstatic",
        ) from error


def write_atomically(file: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file that appears whole or not at all; when ``durable``, it also outlives a power failure."""
    temporary = file.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable and os.name != "nt":  # the rename itself is in the folder
        descriptor = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _entry(data: Any) -> Entry:
    sizes = {_encoding(name): _size(size) for name, size in data["encodings"].items()}
    return Entry(_path(data["name"]), _text(data["digest"]), _size(data["size"]), sizes)


def _path(value: object) -> str:
    """Return a path that can't leave the folder: a manifest decides which files are removed."""
    if not isinstance(value, str) or not is_public_path(value):
        raise ValueError(f"{value!r} is no path of a static file")
    return value


def _encoding(value: object) -> str:
    if value not in ENDINGS:
        raise ValueError(f"{value!r} is no content coding that is written")
    return str(value)


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value
