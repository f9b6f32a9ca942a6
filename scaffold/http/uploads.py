"""Uploaded files: where they lie while the request lasts, and how they are kept for longer."""

from __future__ import annotations

import errno
import io
import os
import secrets
import tempfile
import threading
import unicodedata
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any

from scaffold.http.headers import Headers

__all__ = ["UploadStore", "UploadedFile", "safe_filename"]

BLOCK_BYTES = 256 * 1024
_MAX_NAME_BYTES = 150  # with what may be added to it, below the 255 of nearly all file systems
_MAX_SUFFIX_BYTES = 20
_NAME_TRIES = 20
_MODE = 0o644
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}  # a file system without links
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{name}{number}" for name in ("COM", "LPT") for number in range(10))}


class UploadStore:
    """Where the files of one form lie behind one another: in memory, or in a temporary file without a name.

    One descriptor serves all of them, however many there are, and the system frees the room whatever becomes of the
    process. ``memory_bytes`` is what stays in memory.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._file = tempfile.SpooledTemporaryFile(memory_bytes)  # noqa: SIM115 - closed with the request
        if not memory_bytes:  # which means no limit to a SpooledTemporaryFile
            self._file.rollover()
        self._lock = threading.Lock()
        self.size = 0
        # For a form that is read so late that nobody is left to close the request.
        self._finalizer = weakref.finalize(self, self._file.close)

    def append(self, data: bytes) -> None:
        """Add to the end; nothing is read before everything is written."""
        self._file.write(data)
        self.size += len(data)

    def read_at(self, position: int, count: int) -> bytes:
        """Return up to ``count`` bytes; threads may do so at the same time. ``ValueError`` once it is closed."""
        with self._lock:
            if self._file.closed:
                raise ValueError("the uploaded file is gone with its request; save it, or read it before")
            self._file.seek(position)
            return self._file.read(count)

    def close(self) -> None:
        """Give back the memory or the temporary file."""
        with self._lock:
            self._finalizer()


class _Window(io.RawIOBase):
    """A part of a store as a file."""

    def __init__(self, store: UploadStore, start: int, size: int) -> None:
        self._store = store
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        position = bases[whence] + offset
        if position < 0:
            raise ValueError(f"negative position {position}")
        self._position = position
        return position

    def readinto(self, view: Any) -> int:
        target = memoryview(view).cast("B")
        count = max(0, min(len(target), self._size - self._position))
        data = self._store.read_at(self._start + self._position, count)
        target[: len(data)] = data
        self._position += len(data)
        return len(data)


class UploadedFile:
    """A file of a form, there as long as its request.

    ``name`` is that of the form's field, ``size`` in bytes. ``filename`` and ``content_type`` are what the client
    says, which may be anything: of the name, only what stands behind the last slash or backslash is kept, and it may be
    empty. ``headers`` are those of its part.
    """

    def __init__(
        self,
        store: UploadStore,
        start: int,
        *,
        name: str = "",
        filename: str = "",
        content_type: str = "application/octet-stream",
        headers: Headers | None = None,
    ) -> None:
        self._store = store
        self._start = start
        self.size = store.size - start
        self.name = name
        self.filename = _last_part(filename)
        self.content_type = content_type
        self.headers = Headers() if headers is None else headers

    def __repr__(self) -> str:
        return f"<UploadedFile {self.filename!r} {self.content_type} {self.size} bytes>"

    @property
    def safe_filename(self) -> str:
        """The name made fit for a file system; see the function `safe_filename`."""
        return safe_filename(self.filename)

    def open(self) -> IO[bytes]:
        """Return a new binary file that reads the content from its start."""
        return io.BufferedReader(_Window(self._store, self._start, self.size), BLOCK_BYTES)

    @cached_property
    def stream(self) -> IO[bytes]:
        """One binary file of the content, whose place `read` moves on."""
        return self.open()

    def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes of `stream`, all that are left when it is negative."""
        return self.stream.read(size)

    def chunks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Yield the whole content in blocks of up to ``size`` bytes."""
        for position in range(0, self.size, size):
            yield self._store.read_at(self._start + position, min(size, self.size - position))

    def save(self, folder: str | os.PathLike[str], name: str = "", *, overwrite: bool = False) -> Path:
        """Keep the file in ``folder``, which must exist, and return its path.

        The file appears there at once and whole, with mode 0644 less the umask. Without ``name`` it is called by
        `safe_filename`, with something random added where that is taken. With ``name`` it is called just so: raises
        ``ValueError`` for what is no plain name of a file, and ``FileExistsError`` where it is taken, unless
        ``overwrite`` is on. A symbolic link of that name is never followed.
        """
        wanted = name or self.safe_filename
        if wanted in {".", ".."} or any(char in "/\\\0" for char in wanted):
            raise ValueError(f"{name!r} is no name of a file in a folder")
        place = Path(folder)
        written = place / f".{secrets.token_hex(8)}.part"
        try:
            self._write(written)
            if overwrite:
                written.replace(place / wanted)
                return place / wanted
            for attempt in _candidates(wanted, 1 if name else _NAME_TRIES):
                with suppress(FileExistsError):
                    return _moved(written, place / attempt)
            raise FileExistsError(f"{place / wanted} exists already; say overwrite=True to replace it")
        finally:
            written.unlink(missing_ok=True)

    def _write(self, path: Path) -> None:
        # The kernel takes the umask off the mode, which nobody can ask for without setting it for all threads.
        with open(path, "xb", buffering=0, opener=partial(os.open, mode=_MODE)) as file:
            for block in self.chunks():
                rest = memoryview(block)
                while rest:
                    rest = rest[file.write(rest) :]
            os.fsync(file.fileno())


def safe_filename(name: str) -> str:
    """Return a name for a file that any system takes, near to ``name``, from which it may be told by a person.

    What is left are letters and digits of any script, dots, hyphens and underscores, up to 150 bytes in UTF-8 with the
    ending kept. It has no dot, hyphen or underscore at its ends, is no device of Windows, and is ``file`` where nothing
    remains.
    """
    last = _last_part(unicodedata.normalize("NFKC", name[-1000:]))
    kept = "".join("_" if char.isspace() else char for char in last if char.isspace() or _is_safe(char)).strip("._-")
    stem, dot, suffix = kept.rpartition(".")
    ending = f"{dot}{suffix}" if stem and len(suffix.encode()) <= _MAX_SUFFIX_BYTES else ""
    room = _MAX_NAME_BYTES - len(ending.encode())
    kept = kept.removesuffix(ending).encode()[:room].decode(errors="ignore").rstrip("._-") + ending
    return f"file-{kept}" if kept.partition(".")[0].upper() in _DEVICES else kept or "file"


def _is_safe(char: str) -> bool:
    return char in "._-" or unicodedata.category(char)[0] in "LMN"


def _last_part(name: str) -> str:
    """Return what stands behind the last slash or backslash, without control characters; some clients send paths."""
    last = name.replace("\\", "/").rpartition("/")[2]
    last = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cs"})
    return "" if last in {".", ".."} else last


def _candidates(name: str, count: int) -> Iterator[str]:
    yield name
    stem, dot, suffix = name.partition(".")
    for _ in range(count - 1):
        yield f"{stem}-{secrets.token_hex(4)}{dot}{suffix}"


def _moved(written: Path, target: Path) -> Path:
    """Give a file its name if that is free, at once; raise ``FileExistsError`` if it is not."""
    try:
        target.hardlink_to(written)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        target.touch(_MODE, exist_ok=False)
        written.replace(target)
    return target
