"""Requests as bytes, and the ways of feeding them to the parsers."""

from __future__ import annotations

from scaffold.server.limits import Limits
from scaffold.server.protocol import ChunkedDecoder, ProtocolError, RequestHead, RequestParser

FOLLOWER = b"GET /next HTTP/1.1\r\nHost: next\r\n\r\n"
USUAL = Limits()


def get(*lines: str, line: str = "GET / HTTP/1.1", host: str = "Host: a") -> bytes:
    """Return the head of a request, one character a byte."""
    return "\r\n".join([line, *([host] if host else []), *lines, "", ""]).encode("latin-1")


def outcome(pieces: list[bytes], limits: Limits = USUAL) -> RequestHead | int | None:
    """Return the first head in ``pieces``, the status of an error, or None when more bytes are needed."""
    parser = RequestParser(limits)
    head = None
    try:
        for piece in pieces:
            parser.feed(piece)
            head = head or parser.next_head()
    except ProtocolError as error:
        return error.status
    return head


def decoded(pieces: list[bytes], limits: Limits = USUAL) -> tuple[bytes, bytes | int | None]:
    """Return the data, and what is left behind a complete body, the status of an error, or None for an open end."""
    decoder, buffer, data = ChunkedDecoder(limits), bytearray(), b""
    for piece in pieces:
        buffer += piece
        try:
            while part := decoder.decode(buffer, 7):
                data += part
        except ProtocolError as error:
            return data, error.status
    return data, bytes(buffer) if decoder.complete else None


def in_bytes(data: bytes) -> list[bytes]:
    """Return ``data`` byte by byte."""
    return [data[i : i + 1] for i in range(len(data))]
