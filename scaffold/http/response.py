"""Responses: a status, header fields and a body, and how they go out over WSGI (PEP 3333)."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import datetime
import decimal
import errno
import functools
import json
import mimetypes
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from scaffold.exceptions import HTTPError, reason_phrase
from scaffold.http.conditional import etag_of, http_date, is_not_modified
from scaffold.http.cookies import SameSite, format_cookie
from scaffold.http.headers import Headers
from scaffold.http.request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["FileResponse", "JSONResponse", "RedirectResponse", "Response", "StreamingResponse"]

HTML = "text/html; charset=utf-8"
BLOCK_BYTES = 64 * 1024

_BODILESS = frozenset({204, 205, 304})
_END: Any = object()
_NO_SUCH_FILE = frozenset({errno.ENAMETOOLONG, errno.ELOOP})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Response:
    """A response whose whole body is known.

    ``body`` is a text (sent as UTF-8) or bytes, ``status`` is 200 to 599, and ``headers`` are added to the
    ``Content-Type``. Raises ``ValueError`` for a status or a header that can't be sent.
    """

    def __init__(
        self,
        body: str | bytes = b"",
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = HTML,
    ) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"{status!r} is no status of a final response; use 200 to 599")
        self.status = status
        self.headers = Headers()
        self.headers["Content-Type"] = content_type
        if headers:
            for name, value in headers.items():
                self.headers[name] = value
        self.body = body
        self._callbacks: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.headers.get('Content-Type', '')}>"

    @property
    def body(self) -> bytes:
        """The body; a text that is assigned is kept as UTF-8."""
        return self._body

    @body.setter
    def body(self, body: str | bytes) -> None:
        if not isinstance(body, str | bytes):
            raise ValueError(f"a body is a text or bytes, not {type(body).__name__}; stream with StreamingResponse")
        self._body = body.encode("utf-8") if isinstance(body, str) else body

    @property
    def text(self) -> str:
        """The body as a text."""
        return self.body.decode("utf-8")

    def set_cookie(
        self,
        name: str,
        value: str = "",
        *,
        max_age: int | datetime.timedelta | None = None,
        expires: datetime.datetime | None = None,
        path: str = "/",
        domain: str = "",
        secure: bool = False,
        httponly: bool = True,
        samesite: SameSite = "Lax",
    ) -> None:
        """Send a cookie; ``max_age`` is in seconds. Raises ``ValueError`` for one that browsers would refuse."""
        text = format_cookie(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )
        self.headers.add("Set-Cookie", text)

    def delete_cookie(self, name: str, *, path: str = "/", domain: str = "") -> None:
        """Tell the client to forget a cookie; path and domain must be those it was set with."""
        secure = name.startswith(("__Host-", "__Secure-"))
        epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
        self.set_cookie(name, "", max_age=0, expires=epoch, path=path, domain=domain, secure=secure)

    def call_on_close(self, function: Callable[[], object]) -> None:
        """Call ``function`` when the response has been sent, or the client has gone."""
        self._callbacks.append(function)

    def prepare(self, request: Request) -> None:
        """Fit the response to the request it answers; called once, before it is sent."""

    def blocks(self) -> Iterable[bytes]:
        """Return the body in blocks."""
        return (self.body,) if self.body else ()

    def close(self) -> None:
        """Release what the response holds and call the functions given to `call_on_close`, the last one first."""
        callbacks, self._callbacks = self._callbacks, []
        with contextlib.ExitStack() as stack:  # runs all of them, also when one raises
            for function in callbacks:
                stack.callback(function)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response over WSGI."""
        self._finish_head()
        start_response(_status_line(self.status), self.headers.multi_items())
        if environ["REQUEST_METHOD"] == "HEAD" or self.status in _BODILESS:
            self.close()
            return ()
        return _Body(self.blocks(), self.close) if self._callbacks else self.blocks()

    def _finish_head(self) -> None:
        if self.status in _BODILESS:
            for name in ("Content-Type", "Content-Length"):
                self.headers.pop(name, None)
        else:
            self.headers["Content-Length"] = str(len(self.body))


@functools.lru_cache(maxsize=600)
def _status_line(status: int) -> str:
    return f"{status} {reason_phrase(status)}"


class _Body:
    """The blocks of a response with something to do at its end."""

    def __init__(self, blocks: Iterable[bytes], close: Callable[[], None]) -> None:
        self._blocks = iter(blocks)
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks


class JSONResponse(Response):
    """A JSON body (RFC 8259). Dates, UUIDs and decimals become texts, data classes become objects.

    Raises ``TypeError`` or ``ValueError`` for a value that JSON has no form for.
    """

    def __init__(self, data: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> None:
        text = _encode_json(data)
        # A lone surrogate has no UTF-8, but the escape that takes its place is JSON's own (RFC 8259 section 8.2).
        body = text.encode("utf-8", "backslashreplace")
        super().__init__(body, status, headers=headers, content_type="application/json")


def _json_form(value: object) -> object:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"JSON has no form for {value!r}")


_encode_json = json.JSONEncoder(default=_json_form, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class RedirectResponse(Response):
    """A redirect; ``status`` is 301, 302, 303, 307 or 308. What is not ASCII in ``location`` is percent-encoded."""

    def __init__(self, location: str, status: int = 302) -> None:
        if status not in _REDIRECTS:
            raise ValueError(f"{status!r} is no status of a redirect; use 301, 302, 303, 307 or 308")
        super().__init__(status=status, headers={"Location": quote(location, safe="%/:=&?~#+!$,;'@()*[]")})


class StreamingResponse(Response):
    """A body that is made while it is sent: an iterable of texts or bytes, closed at the end where it has ``close``."""

    def __init__(
        self,
        body: Iterable[str | bytes],
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = HTML,
    ) -> None:
        if isinstance(body, str | bytes):
            raise ValueError(f"{type(body).__name__} is no stream of blocks; send a whole body with Response")
        super().__init__(b"", status, headers=headers, content_type=content_type)
        self._source = body
        self._context = contextvars.copy_context()
        close = getattr(body, "close", None)
        if close is not None:
            self.call_on_close(functools.partial(self._context.run, close))

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks; the source runs in the context of the view, so `url_for` works in it."""
        iterator = iter(self._source)
        while True:
            block = self._context.run(next, iterator, _END)
            if block is _END:
                return
            yield block.encode("utf-8") if isinstance(block, str) else block

    def _finish_head(self) -> None:
        if self.status in _BODILESS:
            self.headers.pop("Content-Type", None)


class FileResponse(Response):
    """A file from the disk, with ``ETag`` and ``Last-Modified``; a client that has it already gets 304.

    The content type follows the name unless it is given; ``download_name`` makes browsers save it under that name
    (RFC 6266). Raises `HTTPError` 404 when there is no such file.
    """

    def __init__(
        self, file: str | os.PathLike[str], *, content_type: str | None = None, download_name: str | None = None
    ) -> None:
        path = Path(file)
        super().__init__(content_type=content_type or guess_type(path.name))
        try:
            self._file: IO[bytes] = path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
            raise HTTPError(404) from None
        except OSError as error:
            if error.errno in _NO_SUCH_FILE:
                raise HTTPError(404) from None
            raise  # such as no permission, or no descriptors left: somebody has to know
        self.call_on_close(self._file.close)
        stat = os.fstat(self._file.fileno())
        self.size = stat.st_size
        self._modified = stat.st_mtime
        self.headers["ETag"] = etag_of(stat)
        self.headers["Last-Modified"] = http_date(stat.st_mtime)
        if download_name is not None:
            self.headers["Content-Disposition"] = _disposition(download_name)

    def prepare(self, request: Request) -> None:
        """Become a 304 when the client's copy is still right."""
        if self.status != 200 or request.method not in {"GET", "HEAD"}:
            return
        if is_not_modified(request.headers, etag=self.headers.get("ETag", ""), last_modified=self._modified):
            self.status = 304

    def blocks(self) -> Iterator[bytes]:
        """Yield the file in blocks of 64 KiB; what was written to it after it was opened is not sent."""
        left = self.size
        while left > 0 and (block := self._file.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the file, by the server's own ``wsgi.file_wrapper`` where nothing else is to be closed."""
        sent = super().__call__(environ, start_response)
        wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is not None and isinstance(sent, _Body) and len(self._callbacks) == 1:
            wrapped: Iterable[bytes] = wrapper(self._file, BLOCK_BYTES)
            return wrapped
        return sent

    def _finish_head(self) -> None:
        if self.status == 304:
            self.headers.pop("Content-Type", None)
        else:
            self.headers["Content-Length"] = str(self.size)


_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_TEXT_TYPES = {"application/javascript", "application/json", "application/xml", "image/svg+xml"}


def guess_type(name: str) -> str:
    """Return the content type that the file's name suggests; texts are taken to be UTF-8."""
    kind, encoding = mimetypes.guess_type(name)
    if encoding is not None:
        return _COMPRESSED.get(encoding, "application/octet-stream")
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind in _TEXT_TYPES else kind


def _disposition(name: str) -> str:
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\/' else "_" for char in name)
    extended = f"; filename*=UTF-8''{quote(name, safe='')}" if plain != name else ""
    return f'attachment; filename="{plain}"{extended}'
