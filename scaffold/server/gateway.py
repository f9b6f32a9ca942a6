"""WSGI (PEP 3333): from a request's head to an environ, and from an application's answer to bytes.

An application that knows which route it served may say so to the access log by setting ``environ["scaffold.route"]``
while it handles the request; any text will do.
"""

from __future__ import annotations

import io
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from scaffold.exceptions import HTTPError
from scaffold.server.body import RequestBody
from scaffold.server.limits import Limits
from scaffold.server.log import AccessRecord, escape
from scaffold.server.protocol import RequestHead
from scaffold.server.response import ResponseHead, plain_error
from scaffold.server.transport import ClientGoneError, Transport

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["Exchange", "FileWrapper", "base_environ", "build_environ"]

_logger = logging.getLogger("scaffold.server")

# Up to here a body is copied behind its head, so that one call to the kernel takes both.
_ONE_SEND_BYTES = 256 * 1024
_FILE_BLOCK_BYTES = 64 * 1024

_path_and_query = re.compile(r"[/?].*")


class FileWrapper:
    """``wsgi.file_wrapper``: a file as a body, which the kernel copies itself when the file is a regular one."""

    def __init__(self, file: Any, block_size: int = _FILE_BLOCK_BYTES) -> None:
        self.file = file
        self._block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        while block := self.file.read(self._block_size):
            yield block

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()

    def extent(self) -> tuple[int, int] | None:
        """Return the file's position and the bytes behind it, or None when it is not a regular file."""
        try:
            status = os.fstat(self.file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            position = int(self.file.tell())
        except (AttributeError, OSError, ValueError):
            return None
        return position, max(0, status.st_size - position)


def base_environ(server_name: str, server_port: int, errors: object) -> dict[str, Any]:
    """Return the part of the environ that is the same for every request of a server."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": server_name,
        "SERVER_PORT": str(server_port),
        "SERVER_SOFTWARE": "Scaffold",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
        "wsgi.input_terminated": True,
    }


def build_environ(base: dict[str, Any], head: RequestHead, remote: tuple[str, int]) -> dict[str, Any]:
    """Return the environ of a request from ``remote``, all but its ``wsgi.input``.

    Field names with an underscore are dropped: in the environ they would pose as the ones with a hyphen. Several fields
    of one name are joined as RFC 9110 section 5.3 says, cookies as RFC 6265 section 5.4 does.
    """
    environ = base.copy()
    path, _, query = _origin_form(head.target).partition("?")
    environ["REQUEST_METHOD"] = head.method
    environ["REQUEST_URI"] = head.target
    environ["PATH_INFO"] = unquote_to_bytes(path.encode("latin-1")).decode("latin-1") if "%" in path else path
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = head.version
    environ["REMOTE_ADDR"] = remote[0]
    environ["REMOTE_PORT"] = str(remote[1])
    for name, value in head.fields:
        if "_" in name:
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ", ") + value
        else:
            environ[key] = value
    # CGI's own names for the two fields that describe the body (RFC 3875 sections 4.1.2, 4.1.3).
    if "HTTP_CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    if environ.pop("HTTP_CONTENT_LENGTH", None) is not None:
        environ["CONTENT_LENGTH"] = str(head.content_length)
    if head.host:
        environ["HTTP_HOST"] = head.host
    return environ


def _origin_form(target: str) -> str:
    """Return path and query of a target in any form; a fragment, which no client should send, is cut off."""
    target = target.partition("#")[0]
    if target[0] == "/" or target == "*":
        return target
    behind_authority = _path_and_query.search(target.partition("://")[2])
    found = behind_authority[0] if behind_authority else "/"
    return found if found[0] == "/" else f"/{found}"


class Exchange:
    """One request and its answer.

    After `run`, ``keep_alive`` tells whether another request may follow on the connection, and ``lingers``
    whether the client may still be sending.
    """

    def __init__(
        self,
        head: RequestHead,
        buffer: bytearray,
        transport: Transport,
        limits: Limits,
        *,
        date: Callable[[], str],
        is_closing: Callable[[], bool],
    ) -> None:
        self.head = head
        self.keep_alive = head.keep_alive
        self.lingers = False
        self.size = 0
        self.environ: dict[str, Any] = {}
        self.response: ResponseHead | None = None
        self._body = RequestBody(head, buffer, transport, limits) if head.has_body else None
        self._transport = transport
        self._date = date
        self._is_closing = is_closing
        self._head_sent = False
        self._left: int | None = None
        self._chunked = False
        self._bodiless = False

    def run(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        """Call ``app``, send its answer and deal with what it left of the request. Nothing is raised."""
        self.environ = environ
        environ["wsgi.input"] = io.BytesIO() if self._body is None else io.BufferedReader(self._body)
        try:
            iterable = app(environ, self.start_response)
            try:
                self._send_iterable(iterable)
            finally:
                close = getattr(iterable, "close", None)
                if close is not None:
                    close()
        except ClientGoneError as error:
            self.keep_alive = False
            _logger.debug("%s went away: %s", environ["REMOTE_ADDR"], error)
        except HTTPError as error:
            self._refuse(error.status, error.detail)
        except BaseException:  # even sys.exit() in a view must not end a thread of the server
            _logger.exception("%s %s failed", self.head.method, escape(self.head.target))
            self._refuse(500, "The server failed at this request.")
        if self._body is not None and not self._body.complete:
            self._leave_body(self._body)

    def record(self, seconds: float) -> AccessRecord:
        """Return the line for the access log."""
        status = self.response.code if self.response is not None else 500
        route = str(self.environ.get("scaffold.route", ""))
        addr = self.environ["REMOTE_ADDR"]
        return AccessRecord(time.time(), addr, self.head.method, self.head.target, status, self.size, seconds, route)

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Take the status and the headers of the answer, as PEP 3333 defines it.

        Raises ``ValueError`` or ``TypeError`` for what must not be sent, ``RuntimeError`` for a second call without
        ``exc_info``, and the exception in ``exc_info`` when the head is on its way already.
        """
        if exc_info:
            try:
                if self._head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.response is not None:
            raise RuntimeError("start_response() was called a second time, without exc_info")
        self.response = ResponseHead.build(status, headers)
        return self._write

    def _write(self, data: bytes) -> None:
        """Send ``data`` at once: the ``write()`` that ``start_response`` returns."""
        self._send(data, None)

    def _send_iterable(self, iterable: Iterable[bytes]) -> None:
        if isinstance(iterable, (list, tuple)) and not self._head_sent:
            data = iterable[0] if len(iterable) == 1 else b"".join(iterable)
            self._send(data, len(data), even_empty=True)
        elif isinstance(iterable, FileWrapper) and not self._head_sent and (extent := iterable.extent()):
            self._send_file(iterable, *extent)
        else:
            for data in iterable:
                if data:
                    self._send(data, None)
        self._finish()

    def _send(self, data: bytes, known_length: int | None, *, even_empty: bool = False) -> None:
        """Send a piece of the body, behind the head if that was not sent yet."""
        if not isinstance(data, bytes):
            raise TypeError(f"a WSGI body is made of bytes, not of {type(data).__name__}")
        if not data and not even_empty:
            return
        head = b"" if self._head_sent else self._begin(known_length)
        data = self._fit(data)
        self.size += len(data)
        if self._chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if len(data) <= _ONE_SEND_BYTES:
            data = head + data
        elif head:
            self._transport.send(head)
        if data:
            self._transport.send(data)

    def _fit(self, data: bytes) -> bytes:
        """Cut ``data`` to what the head promised."""
        if self._bodiless:
            return b""
        if self._left is not None:
            if len(data) > self._left:
                self._report("more")
                data = data[: self._left]
            self._left -= len(data)
        return data

    def _send_file(self, wrapper: FileWrapper, position: int, count: int) -> None:
        head = self._begin(count)
        if self._left is not None and count > self._left:
            self._report("more")
        self._transport.send(head)
        if self._bodiless:
            return
        # Always a length here: _begin() was given one, or the application declared another.
        sent = self._transport.send_file(wrapper.file, position, min(count, self._left or 0))
        self.size += sent
        self._left = (self._left or 0) - sent

    def _begin(self, known_length: int | None) -> bytes:
        """Decide the framing of the answer (RFC 9112 section 6) and return its head."""
        response = self.response
        if response is None:
            raise RuntimeError("the application sent a body without calling start_response()")
        self._head_sent = True
        self._bodiless = self.head.method == "HEAD" or response.code in (204, 304)
        length = response.content_length
        # The length of an answer to HEAD is that of the answer to GET, which an empty list does not tell.
        if length is None and known_length is not None and not self._bodiless:
            length = known_length
        if not self._bodiless:
            self._left = length
            self._chunked = length is None and self.head.version == "HTTP/1.1"
        if response.code == 204:
            length = None  # RFC 9110 section 8.6
        ends_with_connection = length is None and not self._chunked and not self._bodiless
        if response.closes or ends_with_connection or self._is_closing() or not self._body_allows_another():
            self.keep_alive = False
        return response.encode(
            self._date(), length, chunked=self._chunked, version=self.head.version, keep_alive=self.keep_alive
        )

    def _body_allows_another(self) -> bool:
        return self._body is None or self._body.complete or self._body.can_be_drained

    def _finish(self) -> None:
        if not self._head_sent:
            self._send(b"", 0, even_empty=True)
        if self._chunked:
            self._transport.send(b"0\r\n\r\n")
        elif self._left:
            self._report("less")

    def _report(self, how_much: str) -> None:
        """Log that the application broke its word; the connection can't be used any further."""
        self.keep_alive = False
        target = escape(self.head.target)
        _logger.error("%s %s: the body is %s than its Content-Length", self.head.method, target, how_much)

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with an error in place of the application, or break off an answer that has begun."""
        self.keep_alive = False
        if self._head_sent:
            return
        data = plain_error(status, detail, self._date(), with_body=self.head.method != "HEAD")
        self._head_sent = True
        self.response = ResponseHead(status, "", None, closes=True)
        self.size = len(data) - data.index(b"\r\n\r\n") - 4
        try:
            self._transport.send(data)
        except ClientGoneError as error:
            _logger.debug("%s went away: %s", self.environ["REMOTE_ADDR"], error)

    def _leave_body(self, body: RequestBody) -> None:
        """Keep what the application did not read from becoming the next request."""
        if not self.keep_alive or not body.drain():
            self.keep_alive = False
            self.lingers = True
