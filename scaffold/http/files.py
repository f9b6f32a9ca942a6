"""Files as responses: from the disk or from memory, whole or in ranges, and nothing for a client that has them."""

from __future__ import annotations

import errno
import io
import mimetypes
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from scaffold.exceptions import HTTPError
from scaffold.http.conditional import etag_of, etag_of_bytes, http_date, may_send_range, parse_http_date
from scaffold.http.ranges import ByteRange, Part, content_range, make_parts, parse_ranges
from scaffold.http.request import Request
from scaffold.http.response import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["BLOCK_BYTES", "FileResponse", "content_disposition", "guess_type"]

BLOCK_BYTES = 64 * 1024

_UNKNOWN_TYPE = "application/octet-stream"
_NO_SUCH_FILE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO, errno.EINVAL}
)
# Without O_NONBLOCK, opening a named pipe would wait for somebody who writes to it.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class FileResponse(Response):
    """A file, with ``ETag`` and ``Last-Modified``: 304 to a client that has it, 206 to one that wants ranges of it.

    ``file`` is a path, bytes, or a binary file that can seek, which is sent from where it stands and closed in the end.
    The content type follows the name unless it is given. ``download_name`` makes browsers save it under that name, or,
    with ``inline``, show it and offer the name when it is saved (RFC 6266).

    Raises `HTTPError` 404 when there is no such file, and ``ValueError`` for what is no binary file.
    """

    is_streamed = True

    def __init__(
        self,
        file: str | os.PathLike[str] | bytes | IO[bytes],
        *,
        content_type: str | None = None,
        download_name: str | None = None,
        inline: bool = False,
    ) -> None:
        name = os.fspath(file) if isinstance(file, str | os.PathLike) else download_name or ""
        super().__init__(content_type=content_type or guess_type(name.rpartition("/")[2]))
        self._ranges: Sequence[ByteRange] = ()
        self._parts: Sequence[Part] = ()
        self._end = b""
        if isinstance(file, str | os.PathLike):
            self._open(name)
        else:
            self._take(io.BytesIO(file) if isinstance(file, bytes) else file)
        self.headers["Accept-Ranges"] = "bytes"
        if download_name is not None or inline:
            self.headers["Content-Disposition"] = content_disposition(download_name or "", inline=inline)

    def _open(self, path: str) -> None:
        file, status = _open_regular(path)
        self._file: IO[bytes] = file
        self._start = 0
        self.size = status.st_size
        self.call_on_close(file.close)
        self.headers["ETag"] = etag_of(status)
        self.headers["Last-Modified"] = http_date(int(status.st_mtime))

    def _take(self, file: IO[bytes]) -> None:
        """Take an open file; its tag is known for bytes in memory, and for a regular file that stands at its start."""
        try:
            if not isinstance(file.read(0), bytes):
                raise ValueError(f"{file!r} is no binary file; open it with 'rb'")
            self._start = file.tell()
            self.size = max(0, file.seek(0, os.SEEK_END) - self._start)
            file.seek(self._start)
        except (AttributeError, OSError) as error:
            raise ValueError(f"{file!r} is no file that can seek; send it with StreamingResponse") from error
        self._file = file
        self.call_on_close(file.close)
        if isinstance(file, io.BytesIO):
            self.headers["ETag"] = etag_of_bytes(file.getbuffer()[self._start :])

    def prepare(self, request: Request) -> None:
        """Become a 304, a 206 or an error where the request asks for that (RFC 9110 sections 13 and 14)."""
        self.make_conditional(request)
        if self.status != 200 or request.method != "GET":  # section 14.2: ranges are defined for GET alone
            return
        field = request.environ.get("HTTP_RANGE")
        if field is None or "Accept-Ranges" not in self.headers:
            return
        date = self.headers.get("Last-Modified", "")
        if may_send_range(request, etag=self.headers.get("ETag", ""), last_modified=parse_http_date(date)):
            ranges = parse_ranges(field, self.size)
            if ranges is not None:
                self._send_only(ranges)

    def _send_only(self, ranges: Sequence[ByteRange]) -> None:
        if not ranges:
            self._refuse(416, f"The file has {self.size} bytes, and none of those that were asked for.")
            self.headers["Content-Range"] = f"bytes */{self.size}"
            return
        self.status = 206
        self._ranges = ranges
        if len(ranges) == 1:
            self.headers["Content-Range"] = content_range(ranges[0], self.size)
            return
        kind, self._parts, self._end = make_parts(ranges, self.size, self.headers.get("Content-Type", _UNKNOWN_TYPE))
        self.headers["Content-Type"] = kind

    def blocks(self) -> Iterator[bytes]:
        """Yield what is sent in blocks of 64 KiB; what was written to the file after it was opened is not sent."""
        if self._is_refused:
            yield self.body
        elif self._parts:
            for part in self._parts:
                yield part.head
                yield from self._read(part.range)
            yield self._end
        else:
            yield from self._read(self._only_range())

    def _only_range(self) -> ByteRange:
        return self._ranges[0] if self._ranges else ByteRange(0, self.size)

    def _read(self, part: ByteRange) -> Iterator[bytes]:
        self._file.seek(self._start + part.start)
        left = part.length
        while left > 0 and (block := self._file.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the file, where it can be by the server's own ``wsgi.file_wrapper``.

        PEP 3333 has it start at the file's position and stop at ``Content-Length``, so it sends single ranges too.
        """
        sent = super().__call__(environ, start_response)
        wrapper, file = environ.get("wsgi.file_wrapper"), self._file
        if wrapper is None or sent == () or self._parts or self._is_refused or not isinstance(file, _RegularFile):
            return sent
        if self._ranges:
            if "uwsgi.version" in environ:
                return sent  # uWSGI sends the whole file, wherever it stands
            file.seek(self._ranges[0].start)
        file.at_close = self.close
        wrapped: Iterable[bytes] = wrapper(file, BLOCK_BYTES)
        return wrapped

    def _finish_head(self) -> None:
        if self.status == 304 or self._is_refused:
            super()._finish_head()
        elif self._parts:
            length = sum(len(part.head) + part.range.length for part in self._parts) + len(self._end)
            self.headers["Content-Length"] = str(length)
        else:
            self.headers["Content-Length"] = str(self._only_range().length)


class _RegularFile(io.FileIO):
    """A file that tells its response when it is closed, since a server closes nothing but the file that it sends."""

    at_close: Callable[[], object] | None = None

    def close(self) -> None:
        super().close()
        function, self.at_close = self.at_close, None
        if function is not None:
            function()


def _open_regular(path: str) -> tuple[_RegularFile, os.stat_result]:
    """Return a regular file, opened and not buffered, with its status; `HTTPError` 404 when there is none."""
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except ValueError:  # a NUL in the name
        raise HTTPError(404) from None
    except OSError as error:
        if error.errno in _NO_SUCH_FILE:
            raise HTTPError(404) from None
        raise  # such as no permission, or no descriptors left: somebody has to know
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise HTTPError(404)
    return _RegularFile(descriptor, "rb"), status


_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_TEXT_TYPES = {"application/javascript", "application/json", "application/xml", "image/svg+xml"}


@lru_cache(maxsize=1024)
def guess_type(name: str) -> str:
    """Return the content type that the file's name suggests; texts are taken to be UTF-8."""
    kind, encoding = mimetypes.guess_type(name)
    if encoding is not None:
        return _COMPRESSED.get(encoding, _UNKNOWN_TYPE)
    if kind is None:
        return _UNKNOWN_TYPE
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind in _TEXT_TYPES else kind


def content_disposition(name: str, *, inline: bool = False) -> str:
    """Return the text of a ``Content-Disposition`` field (RFC 6266), with ``filename*`` where it is needed (RFC 8187).

    A percent sign is among what ``filename`` does not hold, since some clients decode it there (RFC 6266 appendix D).
    """
    kind = "inline" if inline else "attachment"
    if not name:
        return kind
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\/%' else "_" for char in name)
    extended = f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}" if plain != name else ""
    return f'{kind}; filename="{plain}"{extended}'
