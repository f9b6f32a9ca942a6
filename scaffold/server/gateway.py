"""WSGI (PEP 3333): from a request's head to an environ, and from an application's answer to bytes.

An application that knows which route it served may say so to the access log by setting ``environ["scaffold.route"]``
while it handles the request; any text will do. One that sets ``environ["scaffold.quiet"]`` is not logged for this
request. ``environ["scaffold.push_stream"]`` is a class of bodies that hold no thread, see `PushStream`.
"""

from __future__ import annotations

import io
import logging
import os
import re
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from scaffold.exceptions import HTTPError
from scaffold.server.body import CollectedBody, ExpectedBody
from scaffold.server.log import AccessRecord, escape
from scaffold.server.protocol import RequestHead
from scaffold.server.push import PushStream
from scaffold.server.response import ResponseHead, plain_error
from scaffold.server.transport import ClientGoneError, FilePart, Transport

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["Exchange", "FileWrapper", "base_environ", "build_environ"]

_logger = logging.getLogger("scaffold.server")

_FILE_BLOCK_BYTES = 64 * 1024
# A client that takes its answer as fast as it can be sent still lets others in between.
_MOST_AT_ONCE_BYTES = 1024 * 1024
_BODILESS = frozenset({204, 205, 304})
_BODY_KEYS = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})

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
        "scaffold.push_stream": PushStream,
    }


def build_environ(base: dict[str, Any], head: RequestHead, remote: tuple[str, str]) -> dict[str, Any]:
    """Return the environ of a request from ``remote``, its address and port, all but its ``wsgi.input``.

    Field names with an underscore are dropped: in the environ they would pose as the ones with a hyphen. Several fields
    of one name are joined as RFC 9110 section 5.3 says, cookies as RFC 6265 section 5.4 does.
    """
    environ = base.copy()
    target = head.target
    if target[0] != "/" or "#" in target:
        target = _origin_form(target)
    path, _, query = target.partition("?")
    environ["REQUEST_METHOD"] = head.method
    environ["REQUEST_URI"] = head.target
    environ["PATH_INFO"] = unquote_to_bytes(path.encode("latin-1")).decode("latin-1") if "%" in path else path
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = head.version
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = remote
    for name, value in head.fields:
        key = _environ_key(name)
        if key not in environ:
            environ[key] = value
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ", ") + value
    environ.pop("", None)
    if head.host:
        environ["HTTP_HOST"] = head.host
    if "CONTENT_LENGTH" in environ:  # which may have come several times
        environ["CONTENT_LENGTH"] = str(head.content_length)
    return environ


@lru_cache(maxsize=1024)
def _environ_key(name: str) -> str:
    """Return the environ's key for a field: CGI's own for those of the body (RFC 3875 section 4.1), "" for none."""
    if "_" in name:
        return ""
    key = name.upper().replace("-", "_")
    return key if key in _BODY_KEYS else f"HTTP_{key}"


def _origin_form(target: str) -> str:
    """Return path and query of a target in any form; a fragment, which no client should send, is cut off."""
    target = target.partition("#")[0]
    if target[0] == "/" or target == "*":
        return target
    behind_authority = _path_and_query.search(target.partition("://")[2])
    found = behind_authority[0] if behind_authority else "/"
    return found if found[0] == "/" else f"/{found}"


class Exchange:
    """One request and its answer: `run`, then `flush` until nothing is ``unsent``, then `complete`.

    A body that is known as a whole never makes `run` wait for the client: what the kernel does not take at once is left
    in ``unsent``. After `complete`, ``keep_alive`` tells whether another request may follow on the connection, and
    ``lingers`` whether the client may still be sending.
    """

    __slots__ = (
        "_bodiless",
        "_body",
        "_chunked",
        "_date",
        "_head_sent",
        "_is_closing",
        "_iterable",
        "_left",
        "_transport",
        "environ",
        "head",
        "keep_alive",
        "lingers",
        "pushed",
        "response",
        "size",
        "unsent",
    )

    def __init__(
        self,
        head: RequestHead,
        body: CollectedBody | ExpectedBody | None,
        transport: Transport,
        *,
        date: Callable[[], bytes],
        is_closing: Callable[[], bool],
    ) -> None:
        self.head = head
        self.keep_alive = head.keep_alive
        self.lingers = False
        self.size = 0
        self.environ: dict[str, Any] = {}
        self.response: ResponseHead | None = None
        self.unsent: deque[memoryview | FilePart] | None = None
        self._body = body
        self._transport = transport
        self._date = date
        self._is_closing = is_closing
        self.pushed: PushStream | None = None
        self._iterable: Iterable[bytes] | None = None
        self._head_sent = False
        self._left: int | None = None
        self._chunked = False
        self._bodiless = False

    @property
    def is_quiet(self) -> bool:
        """Whether the application wants no line in the access log for it."""
        return bool(self.environ.get("scaffold.quiet"))

    @property
    def is_stream(self) -> bool:
        """Whether an answer has begun whose length nobody knows."""
        return self._head_sent and self._left is None and not self._bodiless

    @property
    def is_event_stream(self) -> bool:
        """Whether an answer has begun that goes on until somebody ends it (HTML Standard, server-sent events)."""
        return self._head_sent and self.response is not None and b": text/event-stream" in self.response.lines

    def run(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        """Call ``app`` and send its answer. Nothing is raised."""
        self.environ = environ
        environ["wsgi.input"] = self._input(environ)
        try:
            self._iterable = app(environ, self.start_response)
            self._send_iterable(self._iterable)
        except BaseException as error:  # even sys.exit() in a view must not end a thread of the server
            self._fail(error)

    def _input(self, environ: dict[str, Any]) -> Any:
        body = self._body
        if body is None:
            return io.BytesIO()
        if isinstance(body, ExpectedBody):
            return io.BufferedReader(body)
        # A chunked body has a length by now, which most applications need (RFC 9112 section 7.1.3).
        environ["CONTENT_LENGTH"] = str(body.size)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        body.file.seek(0)
        return body.file

    def flush(self) -> int:
        """Send what the kernel takes of what is ``unsent`` and return the number of bytes. Nothing is raised."""
        moved = 0
        try:
            while self.unsent and moved < _MOST_AT_ONCE_BYTES and (sent := self._push(self.unsent.popleft())):
                moved += sent
        except ClientGoneError as error:
            self.abandon(error)
        return moved

    def push(self) -> bool:
        """Send what a pushed stream has for its client; return whether more may come. Nothing is raised."""
        if self.pushed is None:
            return False
        is_closed = self.pushed.is_closed
        try:
            if data := self.pushed.take():
                self._queue(self._framed(data, None))
            if is_closed and self._chunked:
                self._queue(b"0\r\n\r\n")
        except ClientGoneError as error:
            self.abandon(error)
            return False
        return not is_closed

    def abandon(self, error: Exception) -> None:
        """Give the answer up, for the client is gone or too slow."""
        self.unsent = None
        self._fail(error if isinstance(error, ClientGoneError) else ClientGoneError(str(error)))

    def complete(self) -> None:
        """End the exchange, when all has been sent or nothing more can be. Nothing is raised."""
        close = getattr(self._iterable, "close", None)
        if close is not None:
            try:
                close()
            except BaseException as error:
                self._fail(error)
        body = self._body
        if isinstance(body, CollectedBody):
            body.close()
        elif body is not None and not body.is_complete:
            # Nobody knows where the next request would begin.
            self.keep_alive = False
            self.lingers = True

    def record(self, seconds: float) -> AccessRecord:
        """Return the line for the access log."""
        status = self.response.code if self.response is not None else 500
        route = str(self.environ.get("scaffold.route", ""))
        request_id = str(self.environ.get("scaffold.request_id", ""))
        addr, head = self.environ["REMOTE_ADDR"], self.head
        return AccessRecord(time.time(), addr, head.method, head.target, status, self.size, seconds, route, request_id)

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
        if data:
            self._transport.send(self._framed(data, None))

    def _send_iterable(self, iterable: Iterable[bytes]) -> None:
        if isinstance(iterable, (list, tuple)) and not self._head_sent:
            data = iterable[0] if len(iterable) == 1 else b"".join(iterable)
            self._queue(self._framed(data, len(data)))
        elif isinstance(iterable, PushStream):
            self._queue(self._begin(None))
            self.pushed = None if self._bodiless else iterable
        elif isinstance(iterable, FileWrapper) and not self._head_sent and (extent := iterable.extent()):
            self._send_file(iterable, *extent)
        else:
            for data in iterable:
                if data:
                    self._transport.send(self._framed(data, None))
            if not self._head_sent:
                self._queue(self._framed(b"", 0))
            if self._chunked:
                self._transport.send(b"0\r\n\r\n")
        if self._left:
            self._report("less")

    def _framed(self, data: bytes, known_length: int | None) -> bytes:
        """Return a piece of the body as it goes over the wire, behind the head if that was not sent yet."""
        if not isinstance(data, bytes):
            raise TypeError(f"a WSGI body is made of bytes, not of {type(data).__name__}")
        head = b"" if self._head_sent else self._begin(known_length)
        if self._bodiless:
            return head
        if self._left is not None:
            if len(data) > self._left:
                self._report("more")
                data = data[: self._left]
            self._left -= len(data)
        self.size += len(data)
        if self._chunked:
            return b"%b%x\r\n%b\r\n" % (head, len(data), data) if data else head
        return head + data if head else data

    def _queue(self, data: bytes) -> None:
        """Send what the kernel takes at once, and leave the rest in ``unsent``."""
        sent = self._transport.push(data) if data and not self.unsent else 0
        if sent < len(data):
            if self.unsent is None:
                self.unsent = deque()
            self.unsent.append(memoryview(data)[sent:])

    def _send_file(self, wrapper: FileWrapper, position: int, count: int) -> None:
        self._queue(self._begin(count))
        if self._bodiless:
            return
        # Always a length here: _begin() was given one, or the application declared another. A file that goes on behind
        # it is no mistake: it is sent from its position until so many bytes have been (PEP 3333), as a range is.
        count, self._left = min(count, self._left or 0), (self._left or 0) - min(count, self._left or 0)
        if count:
            self.unsent = self.unsent or deque()
            self.unsent.append(FilePart(wrapper.file, position, count))
            self.flush()

    def _push(self, part: memoryview | FilePart) -> int:
        """Send a part and put back what is left of it; return the number of bytes that were sent."""
        unsent = self.unsent if self.unsent is not None else deque()
        if isinstance(part, memoryview):
            sent = self._transport.push(part)
            if sent < len(part):
                unsent.appendleft(part[sent:])
            return sent
        try:
            sent = self._transport.push_file(part)
        except EOFError:
            self._report("less")
            return 0
        self.size += sent
        if sent < part.length:
            unsent.appendleft(FilePart(part.file, part.offset + sent, part.length - sent))
        return sent

    def _begin(self, known_length: int | None) -> bytes:
        """Decide the framing of the answer (RFC 9112 section 6) and return its head."""
        response, head = self.response, self.head
        if response is None:
            raise RuntimeError("the application sent a body without calling start_response()")
        self._bodiless = head.method == "HEAD" or response.code in _BODILESS
        length = response.content_length
        # The length of an answer to HEAD is that of the answer to GET, which an empty list does not tell.
        if length is None and not self._bodiless:
            length = known_length
        if not self._bodiless:
            self._left = length
            self._chunked = length is None and head.version == "HTTP/1.1"
        if response.code == 204:
            length = None  # RFC 9110 section 8.6
        elif response.code == 205:
            length = 0  # RFC 9110 section 15.3.6
        ends_with_connection = length is None and not self._chunked and not self._bodiless
        if response.closes or ends_with_connection or self._is_closing() or self._is_body_in_the_way():
            self.keep_alive = False
        self._head_sent = True  # the last of all: `is_stream` is asked by another thread
        return response.encode(
            self._date(), length, chunked=self._chunked, version=head.version, keep_alive=self.keep_alive
        )

    def _is_body_in_the_way(self) -> bool:
        return isinstance(self._body, ExpectedBody) and not self._body.is_complete

    def _report(self, how_much: str) -> None:
        """Log that the application broke its word; the connection can't be used any further."""
        self.keep_alive = False
        target = escape(self.head.target)
        _logger.error("%s %s: the body is %s than its Content-Length", self.head.method, target, how_much)

    def _fail(self, error: BaseException) -> None:
        """Log what went wrong, and answer with an error or break off the answer that has begun."""
        self.keep_alive = False
        if isinstance(error, ClientGoneError):
            _logger.debug("%s went away: %s", self.environ["REMOTE_ADDR"], error)
        elif isinstance(error, HTTPError):
            self._refuse(error.status, error.detail)
        else:
            _logger.error("%s %s failed", self.head.method, escape(self.head.target), exc_info=error)
            self._refuse(500, "The server failed at this request.")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with an error in place of the application, unless its answer has begun."""
        if self._head_sent:
            return
        data = plain_error(status, detail, self._date(), with_body=self.head.method != "HEAD")
        self._head_sent = True
        self.response = ResponseHead(status, b"", None, closes=True)
        self.size = len(data) - data.index(b"\r\n\r\n") - 4
        try:
            self._queue(data)
        except ClientGoneError as error:
            _logger.debug("%s went away: %s", self.environ["REMOTE_ADDR"], error)
