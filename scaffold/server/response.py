"""The head of an answer: checked, and made into bytes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from scaffold.exceptions import reason_phrase
from scaffold.server.protocol import FIELD_VALUE, TOKEN

__all__ = ["ResponseHead", "plain_error"]

_status = re.compile(rf"([2-5][0-9][0-9]) ?({FIELD_VALUE})")
_name = re.compile(TOKEN)
_value = re.compile(FIELD_VALUE)
# The connection is the server's: what an application says about it is not passed on (PEP 3333, "hop-by-hop").
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_NOTED = _HOP_BY_HOP | {"content-length", "date"}


class ResponseHead(NamedTuple):
    """What an application wants at the head of its answer.

    ``lines`` are the status line's end and the header lines, without the empty line; ``content_length`` is the
    declared length in bytes; ``closes`` tells that the application asked for the connection's end, ``dated`` that it
    sent a Date.
    """

    code: int
    lines: bytes
    content_length: int | None
    closes: bool = False
    dated: bool = False

    @classmethod
    def build(cls, status: str, headers: list[tuple[str, str]]) -> ResponseHead:
        """Check a status and headers as given to ``start_response``.

        Raises ``ValueError`` for what would break out of its line or is malformed, ``TypeError`` for what is no text.
        """
        code, text = _status_line(status)
        length, closes, dated = None, False, False
        for name, value in headers:
            noted, prefix = _field_name(name)
            if not isinstance(value, str):
                raise TypeError(f"the header {name} is {value!r}, not a text")
            # Most values are plain, which the interpreter can tell faster than an expression.
            if not (value.isascii() and value.isprintable()) and not _value.fullmatch(value):
                raise ValueError(f"the header {name} is malformed: {value!r}")
            if noted:
                if noted in _HOP_BY_HOP:
                    closes = closes or (noted == "connection" and value.strip().lower() == "close")
                    continue
                if noted == "content-length":
                    length = _declared_length(value, length)
                    continue
                dated = True
            text += prefix + value + "\r\n"
        return cls(code, text.encode("latin-1"), length, closes, dated)

    def encode(self, date: bytes, length: int | None, *, chunked: bool, version: str, keep_alive: bool) -> bytes:
        """Return the whole head, with the fields that belong to the server; ``date`` is a whole header line."""
        framing = b""
        if length is not None:
            framing = b"Content-Length: %d\r\n" % length
        elif chunked:
            framing = b"Transfer-Encoding: chunked\r\n"
        if not keep_alive:
            framing += b"Connection: close\r\n"
        elif version == "HTTP/1.0":
            framing += b"Connection: keep-alive\r\n"
        return b"HTTP/1.1 %b%b%b\r\n" % (self.lines, b"" if self.dated else date, framing)


@lru_cache(maxsize=256)
def _status_line(status: str) -> tuple[int, str]:
    match = _status.fullmatch(status)
    if match is None:
        raise ValueError(f"a status is three digits from 200 to 599 and a phrase on one line, not {status!r}")
    return int(match[1]), f"{match[1]} {match[2]}\r\n"


@lru_cache(maxsize=1024)
def _field_name(name: str) -> tuple[str, str]:
    """Return the name in lower case if the server takes note of it, and how its line begins."""
    if not _name.fullmatch(name):
        raise ValueError(f"{name!r} is no header field name")
    lower = name.lower()
    return lower if lower in _NOTED else "", f"{name}: "


def _declared_length(value: str, former: int | None) -> int:
    if not (value.isascii() and value.isdigit()) or former not in (None, int(value)):
        raise ValueError(f"Content-Length is malformed or declared twice: {value!r}")
    return int(value)


def plain_error(status: int, detail: str, date: bytes, *, with_body: bool = True, retry_after: int = 0) -> bytes:
    """Return a whole answer for an error that the server finds itself; it announces the connection's end.

    ``date`` is a whole header line, ``retry_after`` is in seconds and left out when 0.
    """
    phrase = reason_phrase(status)
    body = f"{status} {phrase}\n\n{detail}\n".encode()
    retry = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    fields = (
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n{retry}Connection: close\r\n\r\n"
    )
    head = f"HTTP/1.1 {status} {phrase}\r\n".encode("latin-1") + date + fields.encode("latin-1")
    return head + (body if with_body else b"")
