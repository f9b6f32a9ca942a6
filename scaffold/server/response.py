"""The head of an answer: checked, and made into bytes."""

from __future__ import annotations

import re
from typing import NamedTuple

from scaffold.exceptions import reason_phrase
from scaffold.server.protocol import FIELD_VALUE, TOKEN

__all__ = ["ResponseHead", "plain_error"]

_status = re.compile(rf"([2-5][0-9][0-9]) ?({FIELD_VALUE})")
_header_lines = re.compile(rf"(?:{TOKEN}: {FIELD_VALUE}\r\n)*")
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
    lines: str
    content_length: int | None
    closes: bool = False
    dated: bool = False

    @classmethod
    def build(cls, status: str, headers: list[tuple[str, str]]) -> ResponseHead:
        """Check a status and headers as given to ``start_response``.

        Raises ``ValueError`` for what would break out of its line or is malformed, ``TypeError`` for what is no text.
        """
        match = _status.fullmatch(status)
        if match is None:
            raise ValueError(f"a status is three digits from 200 to 599 and a phrase on one line, not {status!r}")
        length, closes, dated = None, False, False
        lines = []
        for name, value in headers:
            lower = name.lower()
            if lower in _NOTED:
                if lower in _HOP_BY_HOP:
                    closes = closes or (lower == "connection" and value.strip().lower() == "close")
                    continue
                if lower == "content-length":
                    length = _declared_length(value, length)
                    continue
                dated = True
            lines.append(name + ": " + value + "\r\n")
        text = "".join(lines)
        # One expression for all lines; the number of line ends shows whether one of them was smuggled in.
        if not _header_lines.fullmatch(text) or text.count("\n") != len(lines):
            raise ValueError(f"a header is malformed: {headers!r}")
        head = f"{match[1]} {match[2]}\r\n{text}"
        head.encode("latin-1")
        return cls(int(match[1]), head, length, closes, dated)

    def encode(self, date: str, length: int | None, *, chunked: bool, version: str, keep_alive: bool) -> bytes:
        """Return the whole head as bytes, with the fields that belong to the server."""
        head = "HTTP/1.1 " + self.lines
        if not self.dated:
            head += date
        if length is not None:
            head += f"Content-Length: {length}\r\n"
        elif chunked:
            head += "Transfer-Encoding: chunked\r\n"
        if not keep_alive:
            head += "Connection: close\r\n"
        elif version == "HTTP/1.0":
            head += "Connection: keep-alive\r\n"
        return (head + "\r\n").encode("latin-1")


def _declared_length(value: str, former: int | None) -> int:
    if not (value.isascii() and value.isdigit()) or former not in (None, int(value)):
        raise ValueError(f"Content-Length is malformed or declared twice: {value!r}")
    return int(value)


def plain_error(status: int, detail: str, date: str, *, with_body: bool = True, retry_after: int = 0) -> bytes:
    """Return a whole answer for an error that the server finds itself; it announces the connection's end.

    ``date`` is a whole header line, ``retry_after`` is in seconds and left out when 0.
    """
    phrase = reason_phrase(status)
    body = f"{status} {phrase}\n\n{detail}\n".encode()
    retry = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    head = (
        f"HTTP/1.1 {status} {phrase}\r\n{date}Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n{retry}Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (body if with_body else b"")
