"""Compression by gzip of what is text and holds no secrets.

An attacker who makes a browser ask for a page that repeats what he chose, and who sees how long the answer is, guesses
a secret in the same page byte by byte when it is compressed (BREACH). Such answers are left as they are: those of a
request that ``carries_secrets``, which reading the session or rendering a CSRF token sets, and those that set cookies.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

from scaffold.http import FileResponse, Request, Response
from scaffold.http.caching import has_directive
from scaffold.http.conditional import weakened
from scaffold.http.negotiation import preferred_encoding
from scaffold.middleware.types import Handler

__all__ = ["MAX_FILE_BYTES", "MIN_BYTES", "compress"]

MIN_BYTES = 1024  # less would hardly fit into fewer packets
MAX_FILE_BYTES = 4 * 1024 * 1024  # compressing more for each request costs the processor too much

_LEVEL = 6
_STORED = 0
_RAW = -zlib.MAX_WBITS
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time, any system: RFC 1952 section 2.3
_NEVER = frozenset({204, 205, 206})
_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/wasm",
        "application/xhtml+xml",
        "application/xml",
        "font/otf",
        "font/ttf",
        "image/svg+xml",
        "image/x-icon",
        "image/vnd.microsoft.icon",
    }
)


def compress(handler: Handler) -> Handler:
    """Compress by gzip what is text, of 1 KiB or more, and free of secrets, for clients that accept it.

    ``Vary: Accept-Encoding`` is on the uncompressed answer too, and an ``ETag`` becomes weak, so that conditional
    requests keep working. Streams are compressed block by block, files up to 4 MiB; what asks for a range, is encoded
    already, or says ``Cache-Control: no-transform`` is left alone. Put it first in ``MIDDLEWARE``.
    """

    def handle(request: Request) -> Response:
        response = handler(request)
        if not _is_compressible(response) or _holds_secrets(request, response):
            return response
        response.vary("Accept-Encoding")
        if _wants_range(request, response) or not _accepts_gzip(request):
            return response
        if "etag" in response.headers:
            response.headers["ETag"] = weakened(response.headers["ETag"])
        if isinstance(response, FileResponse):
            response.make_conditional(request)
        return _compressed(request, response) if response.status not in {304, 412} else response

    return handle


def _is_compressible(response: Response) -> bool:
    headers = response.headers
    if response.status in _NEVER or "content-encoding" in headers or has_directive(headers, "no-transform"):
        return False
    if isinstance(response, FileResponse):
        has_size = MIN_BYTES <= response.size <= MAX_FILE_BYTES
    else:
        has_size = response.is_streamed or len(response.body) >= MIN_BYTES
    if not has_size:
        return False
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.startswith("text/"):
        return kind != "text/event-stream"
    return kind in _TYPES or kind.endswith(("+json", "+xml"))


def _holds_secrets(request: Request, response: Response) -> bool:
    return request.carries_secrets or "set-cookie" in response.headers


def _wants_range(request: Request, response: Response) -> bool:
    return "HTTP_RANGE" in request.environ and "accept-ranges" in response.headers


def _accepts_gzip(request: Request) -> bool:
    return preferred_encoding(request.environ.get("HTTP_ACCEPT_ENCODING", ""), ("gzip",)) == "gzip"


def _compressed(request: Request, response: Response) -> Response:
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    if response.is_streamed:
        return _CompressedStream(request, response)
    response.body = b"".join(_gzip([response.body], request, flush=False))
    return response


class _CompressedStream(Response):
    """Another response, compressed while it is sent."""

    is_streamed = True

    def __init__(self, request: Request, response: Response) -> None:
        super().__init__(status=response.status)
        self.headers = response.headers
        self.headers.pop("Content-Length", None)
        self._request = request
        self._response = response
        self.call_on_close(response.close)

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks, each as soon as there is one in the stream."""
        flush = not isinstance(self._response, FileResponse)
        return _gzip(self._response.blocks(), self._request, flush=flush)

    def _finish_head(self) -> None:
        """Tell no length, for nobody knows it."""


def _gzip(blocks: Iterable[bytes], request: Request, *, flush: bool) -> Iterator[bytes]:
    """Yield ``blocks`` as one gzip member (RFC 1952), stored only from where the page begins to hold secrets."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    check = size = 0
    data, stores = _HEAD, False
    for block in blocks:
        if request.carries_secrets and not stores:
            stores = True
            data += deflate.flush(zlib.Z_SYNC_FLUSH)
            deflate = zlib.compressobj(_STORED, zlib.DEFLATED, _RAW)
        check, size = zlib.crc32(block, check), size + len(block)
        data += deflate.compress(block)
        if flush and block:
            data += deflate.flush(zlib.Z_SYNC_FLUSH)
        if len(data) > len(_HEAD):
            yield data
            data = b""
    yield data + deflate.flush() + struct.pack("<LL", check, size & 0xFFFFFFFF)
