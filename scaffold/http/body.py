"""The body of a request as the server hands it over, never more of it than is allowed (PEP 3333, ``wsgi.input``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from scaffold.exceptions import HTTPError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["BLOCK_BYTES", "body_blocks", "content_length", "read_body"]

BLOCK_BYTES = 256 * 1024
_MAX_LENGTH_DIGITS = 18


def content_length(environ: WSGIEnvironment) -> int | None:
    """Return the stated length of the body in bytes, None where there is none.

    Raises `HTTPError` 400 for what is no number, and 413 for a number of more than 18 digits.
    """
    length: str = environ.get("CONTENT_LENGTH") or ""
    if not length:
        return None
    if not length.isascii() or not length.isdecimal():
        raise HTTPError(400, "Content-Length is not a number.")
    if len(length) > _MAX_LENGTH_DIGITS:
        raise HTTPError(413, "The body is larger than any server takes.")
    return int(length)


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """Return the whole body; `HTTPError` 413 for more than ``limit`` bytes, 400 for one that ends early."""
    length = _allowed_length(environ, limit)
    if length is None:
        return b"".join(_unstated(environ, limit)) if _is_terminated(environ) else b""
    body = _read(environ["wsgi.input"], length)
    if len(body) < length:
        raise HTTPError(400, "The body ended early.")
    return body


def body_blocks(environ: WSGIEnvironment, limit: int) -> Iterator[bytes]:
    """Yield the body in blocks of up to 256 KiB; raises what `read_body` does, a stated length before the first."""
    length = _allowed_length(environ, limit)
    if length is None:
        yield from _unstated(environ, limit) if _is_terminated(environ) else ()
        return
    stream: IO[bytes] = environ["wsgi.input"]
    while length:
        block = _read(stream, min(length, BLOCK_BYTES))
        if not block:
            raise HTTPError(400, "The body ended early.")
        length -= len(block)
        yield block


def _allowed_length(environ: WSGIEnvironment, limit: int) -> int | None:
    length = content_length(environ)
    if length is not None and length > limit:
        raise HTTPError(413, f"The body is larger than {limit} bytes.")
    return length


def _is_terminated(environ: WSGIEnvironment) -> bool:
    """Say whether the stream ends behind the body; without a length there is no body otherwise."""
    return bool(environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"))


def _unstated(environ: WSGIEnvironment, limit: int) -> Iterator[bytes]:
    stream: IO[bytes] = environ["wsgi.input"]
    left = limit
    while block := _read(stream, min(left + 1, BLOCK_BYTES)):
        left -= len(block)
        if left < 0:
            raise HTTPError(413, f"The body is larger than {limit} bytes.")
        yield block


def _read(stream: IO[bytes], count: int) -> bytes:
    try:
        return stream.read(count)
    except OSError as error:  # how servers say that the client has gone, each with an error of its own
        raise HTTPError(400, "The body could not be read to its end.") from error
