"""HTTP/1.1 requests as bytes: framing and parsing after RFC 9112 and RFC 9110, without any I/O.

`RequestParser` takes bytes as they come and gives request heads, `ChunkedDecoder` takes the bytes behind
a head and gives the body's data. Both raise `ProtocolError` with the status that the client deserves, and both
come to the same end however the bytes are split: an error is found at a place in the input, never in an order of calls.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from scaffold.server.limits import Limits

__all__ = ["ChunkedDecoder", "ProtocolError", "RequestHead", "RequestParser"]

# The grammar under the names of the RFCs. A head is decoded as ISO 8859-1, one character a byte, so that the
# expressions give text without a second decoding.
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # RFC 9110 section 5.6.2
FIELD_VALUE = r"[^\x00-\x08\x0a-\x1f\x7f]*"  # RFC 9110 section 5.5, with optional white space around it
REQUEST_LINE = rf"({TOKEN}) ([^\x00-\x20\x7f]+) (HTTP/[0-9]\.[0-9])"  # RFC 9112 section 3
FIELD_LINE = rf"({TOKEN}):({FIELD_VALUE})"  # RFC 9112 section 5
QUOTED_STRING = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'  # RFC 9110 section 5.6.4
CHUNK_EXTENSIONS = rf"(?:[ \t]*;[ \t]*{TOKEN}(?:[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED_STRING}))?)*"  # RFC 9112 section 7.1.1
REG_NAME = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"  # RFC 3986 section 3.2.2
USER_INFO = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*"  # RFC 3986 section 3.2.1
IP_V6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]+"  # RFC 3986 section 3.2.2, loosely
IP_FUTURE = r"[Vv][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+"
HOST = rf"(?:\[(?:{IP_V6}|{IP_FUTURE})\]|{REG_NAME})"

_head = re.compile(rf"{REQUEST_LINE}\r\n((?:{TOKEN}:{FIELD_VALUE}\r\n)*)\r\n")
_fields = re.compile(rf"{FIELD_LINE}\r\n")
_request_line = re.compile(REQUEST_LINE)
_field_line = re.compile(FIELD_LINE)
_chunk_line = re.compile(rf"([0-9A-Fa-f]+)({CHUNK_EXTENSIONS})")
_host_field = re.compile(rf"{HOST}(?::[0-9]*)?")  # RFC 9110 section 7.2
# RFC 9112 section 3.2.2; user and password are read over, as they are no part of the authority that counts.
_absolute_form = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*://(?:{USER_INFO}@)?({HOST}(?::[0-9]*)?)(?:[/?#].*)?")
_authority_form = re.compile(rf"{HOST}:[0-9]+")  # RFC 9112 section 3.2.3
_token = re.compile(TOKEN)
_digits = re.compile(r"[0-9]+")

_DECIDING_FIELDS = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})
_FIELDS_BARRED_FROM_TRAILERS = frozenset({"host", "content-length", "transfer-encoding", "trailer"})
_VERSIONS = frozenset({"HTTP/1.0", "HTTP/1.1"})
_MOST_LEADING_EMPTY_LINES = 8
_CHUNK_LINE_BYTES = 1024
_CR = 13


class ProtocolError(Exception):
    """A request that can't be served: ``status`` answers it, ``detail`` is a sentence about it.

    ``method`` and ``target`` are what was asked for, ``-`` where nobody could tell.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.method = self.target = "-"


class RequestHead(NamedTuple):
    """The head of one request, and what follows from it.

    ``target`` and the values in ``fields`` are ISO 8859-1 text, one character a byte; ``version`` is ``HTTP/1.0`` or
    ``HTTP/1.1``. ``host`` is the authority that the request is for (RFC 9112 section 3.3), ``content_length`` the
    length of the body (0 without one; not known when ``chunked``), ``keep_alive`` whether the client wants to send
    another request (RFC 9112 section 9.3), ``expects_continue`` whether it waits for a 100 (RFC 9110 section 10.1.1).
    """

    method: str
    target: str
    version: str
    fields: list[tuple[str, str]]
    host: str = ""
    content_length: int = 0
    chunked: bool = False
    keep_alive: bool = True
    expects_continue: bool = False

    @property
    def has_body(self) -> bool:
        """Whether bytes of a body follow the head."""
        return self.chunked or self.content_length > 0


class RequestParser:
    """Bytes in, request heads out.

    ``buffer`` holds what was fed and not yet used; behind a head it begins with the body, and whoever reads the body
    takes it from there.
    """

    def __init__(self, limits: Limits) -> None:
        self.buffer = bytearray()
        self._limits = limits
        self._small = min(limits.request_line_bytes, limits.field_bytes, limits.head_bytes)
        self._reset()

    def _reset(self) -> None:
        self._line_start = 0
        self._searched = 0
        self._request_line: tuple[str, str, str] | None = None
        self._fields: list[tuple[str, str]] = []
        self._empty_lines = 0

    @property
    def started(self) -> bool:
        """Whether anything of the next request has been read, a leading empty line included."""
        return bool(self.buffer) or self._empty_lines > 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the connection."""
        self.buffer += data

    def next_head(self) -> RequestHead | None:
        """Return the next request's head and remove it from the buffer, or None when more bytes are needed.

        Raises ``ProtocolError``; the parser is of no use afterwards, because nobody knows where a next request begins.
        """
        buffer = self.buffer
        if not buffer:
            return None
        if not self._searched:
            end = buffer.find(b"\r\n\r\n") + 4
            # No line of a small head can be over its own limit, so one expression decides.
            if 4 <= end <= self._small:
                match = _head.fullmatch(buffer[:end].decode("latin-1"))
                if match is not None:
                    fields = _fields.findall(match[4])
                    if len(fields) <= self._limits.fields:
                        del buffer[:end]
                        self._empty_lines = 0
                        return _assemble(match[1], match[2], match[3], fields, self._limits)
        return self._next_head_by_line()

    def _next_head_by_line(self) -> RequestHead | None:
        """Read the lines one after the other: for heads that come in pieces, are long, or are wrong."""
        while (line := self._next_line()) is not None:
            if self._request_line is None:
                if line:
                    self._request_line = _parse_request_line(line)
                else:
                    self._skip_empty_line()
            elif line:
                if len(self._fields) >= self._limits.fields:
                    raise ProtocolError(431, f"The request has more than {self._limits.fields} fields.")
                self._fields.append(_parse_field_line(line))
            else:
                method, target, version = self._request_line
                fields = self._fields
                del self.buffer[: self._line_start]
                self._reset()
                return _assemble(method, target, version, fields, self._limits)
        return None

    def _skip_empty_line(self) -> None:
        """Skip an empty line in front of a request, as RFC 9112 section 2.2 asks; a flood of them is no request."""
        self._empty_lines += 1
        if self._empty_lines > _MOST_LEADING_EMPTY_LINES:
            raise ProtocolError(400, "Too many empty lines stand before the request.")
        del self.buffer[: self._line_start]
        self._line_start = self._searched = 0

    def _next_line(self) -> str | None:
        buffer, start = self.buffer, self._line_start
        end = buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(buffer)
            # A final CR may be the first half of the line's end.
            self._check_length(len(buffer) - (buffer[-1:] == b"\r"))
            return None
        ends_well = end > start and buffer[end - 1] == _CR
        self._check_length(end - ends_well)
        if not ends_well:
            raise ProtocolError(400, "A line ends with a bare LF.")
        self._line_start = self._searched = end + 1
        return buffer[start : end - 1].decode("latin-1")

    def _check_length(self, end: int) -> None:
        """Refuse the line that begins at ``_line_start`` and reaches to ``end`` when it is over a limit.

        The length is looked at before anything else in a line, so that a long wrong line gets the same answer whether
        it arrives at once or byte by byte.
        """
        length = end - self._line_start
        if self._request_line is None:
            if length > self._limits.request_line_bytes:
                raise ProtocolError(414, f"The request line is over {self._limits.request_line_bytes} bytes.")
        elif length > self._limits.field_bytes or end + len("\r\n") > self._limits.head_bytes:
            raise ProtocolError(431, "A field or all of them together are too long.")


def _parse_request_line(line: str) -> tuple[str, str, str]:
    match = _request_line.fullmatch(line)
    if match is None:
        raise ProtocolError(400, "The request line is malformed.")
    return match[1], match[2], match[3]


def _parse_field_line(line: str) -> tuple[str, str]:
    match = _field_line.fullmatch(line)
    if match is not None:
        return match[1], match[2]
    if line[0] in " \t":
        raise ProtocolError(400, "A field is folded over several lines.")  # RFC 9112 section 5.2
    name, colon, _ = line.partition(":")
    if not colon:
        raise ProtocolError(400, "A field line has no colon.")
    if name.rstrip(" \t") != name:
        raise ProtocolError(400, "White space stands before a field's colon.")  # RFC 9112 section 5.1
    if not _token.fullmatch(name):
        raise ProtocolError(400, "A field name is empty or malformed.")
    raise ProtocolError(400, "A field value holds a control character.")


def _assemble(method: str, target: str, version: str, raw_fields: list[tuple[str, str]], limits: Limits) -> RequestHead:
    """Return what the lines of a head mean; a ``ProtocolError`` says what was asked for."""
    try:
        return _decide(method, target, version, raw_fields, limits)
    except ProtocolError as error:
        error.method, error.target = method, target
        raise


def _decide(method: str, target: str, version: str, raw_fields: list[tuple[str, str]], limits: Limits) -> RequestHead:
    """Decide what the lines of a head mean; the order of the checks is the order of the sections in RFC 9112."""
    if version not in _VERSIONS:
        raise ProtocolError(505, "The server speaks HTTP/1.0 and HTTP/1.1.")
    authority = "" if target[0] == "/" and method != "CONNECT" else _authority(method, target)
    fields = []
    deciding: dict[str, list[str]] = {}
    for name, raw_value in raw_fields:
        value = raw_value.strip(" \t")
        fields.append((name, value))
        key = name.lower()
        if key in _DECIDING_FIELDS:
            deciding.setdefault(key, []).append(value)
    modern = version == "HTTP/1.1"
    host = _host(deciding.get("host"), required=modern)
    chunked, length = False, 0
    if "transfer-encoding" in deciding:
        chunked = _is_chunked(deciding["transfer-encoding"], modern=modern, with_length="content-length" in deciding)
    elif "content-length" in deciding:
        length = _content_length(deciding["content-length"], limits)
    expects = modern and "expect" in deciding and _expects_continue(deciding["expect"])
    keep_alive = _keeps_alive(deciding["connection"], modern=modern) if "connection" in deciding else modern
    return RequestHead(method, target, version, fields, authority or host, length, chunked, keep_alive, expects)


def _authority(method: str, target: str) -> str:
    """Return the authority inside a target that is not in origin-form, ``""`` without one (RFC 9112 section 3.2)."""
    if method == "CONNECT":
        if _authority_form.fullmatch(target):
            return target
    elif target == "*":
        if method == "OPTIONS":
            return ""
    elif match := _absolute_form.fullmatch(target):
        return match[1]
    raise ProtocolError(400, "The request target has none of the four forms.")


def _host(values: list[str] | None, *, required: bool) -> str:
    """Return the value of ``Host``, which RFC 9112 section 3.2 wants once and well formed."""
    if values is None:
        if required:
            raise ProtocolError(400, "The request has no Host field.")
        return ""
    if len(values) > 1:
        raise ProtocolError(400, "The request has several Host fields.")
    if not _host_field.fullmatch(values[0]):
        raise ProtocolError(400, "The Host field is empty or malformed.")
    return values[0]


def _is_chunked(values: list[str], *, modern: bool, with_length: bool) -> bool:
    """Return True, or refuse a ``Transfer-Encoding`` whose end nobody can be sure of (RFC 9112 sections 6.1, 6.3)."""
    if not modern:
        raise ProtocolError(400, "Transfer-Encoding is unknown to HTTP/1.0.")
    codings = [coding.strip(" \t").lower() for value in values for coding in value.split(",")]
    if not all(_token.fullmatch(coding.partition(";")[0].rstrip(" \t")) for coding in codings):
        raise ProtocolError(400, "Transfer-Encoding is malformed.")
    if "chunked" in codings[:-1]:
        raise ProtocolError(400, "The body is chunked more than once, or chunked is not the last of its codings.")
    if codings != ["chunked"]:
        raise ProtocolError(501, "The server knows no transfer coding but chunked.")
    if with_length:
        raise ProtocolError(400, "The request has both Transfer-Encoding and Content-Length.")
    return True


def _content_length(values: list[str], limits: Limits) -> int:
    """Return the body's length; several values must be the same digits (RFC 9112 section 6.3)."""
    if any(value != values[0] for value in values) or not _digits.fullmatch(values[0]):
        raise ProtocolError(400, "Content-Length is malformed or has several values.")
    # The text is compared first: int() refuses thousands of digits and is slow on many.
    digits = values[0].lstrip("0")
    if len(digits) > len(str(limits.body_bytes)) or int(digits or "0") > limits.body_bytes:
        raise _body_too_large(limits)
    return int(digits or "0")


def _body_too_large(limits: Limits) -> ProtocolError:
    return ProtocolError(413, f"The body is over {limits.body_bytes} bytes.")


def _expects_continue(values: list[str]) -> bool:
    if any(value.lower() != "100-continue" for value in values):
        raise ProtocolError(417, "The server knows no expectation but 100-continue.")
    return True


def _keeps_alive(values: list[str], *, modern: bool) -> bool:
    options = {option.strip(" \t").lower() for value in values for option in value.split(",")}
    return "close" not in options and (modern or "keep-alive" in options)


class ChunkedDecoder:
    """The chunked transfer coding (RFC 9112 section 7.1): takes bytes from a buffer and gives the body's data.

    Extensions and trailer fields are checked and dropped. ``complete`` tells that the final empty line was read.
    """

    def __init__(self, limits: Limits) -> None:
        self.complete = False
        self._limits = limits
        self._left_of_chunk = 0
        self._after_chunk = False
        self._in_trailer = False
        self._data_bytes = 0
        self._extension_bytes = 0
        self._trailer_bytes = 0
        self._trailer_fields = 0

    def decode(self, buffer: bytearray, most_bytes: int = 65536) -> bytes:
        """Take coded bytes from the front of ``buffer`` and return data, at most ``most_bytes`` of it.

        An empty answer means that the body is complete or that more bytes are needed. Raises ``ProtocolError`` once
        all the data before the fault has been returned.
        """
        while not self.complete:
            if self._left_of_chunk:
                data = bytes(buffer[: min(self._left_of_chunk, most_bytes)])
                del buffer[: len(data)]
                self._left_of_chunk -= len(data)
                self._after_chunk = not self._left_of_chunk
                return data
            if self._after_chunk and not self._skip_chunk_end(buffer):
                return b""
            line = self._next_line(buffer)
            if line is None:
                return b""
            if self._in_trailer:
                self._read_trailer_line(line)
            else:
                self._read_chunk_line(line)
        return b""

    def _skip_chunk_end(self, buffer: bytearray) -> bool:
        if not b"\r\n".startswith(buffer[:2]):
            raise ProtocolError(400, "A chunk does not end where its size says.")
        if len(buffer) < 2:
            return False
        del buffer[:2]
        self._after_chunk = False
        return True

    def _next_line(self, buffer: bytearray) -> str | None:
        most = self._limits.field_bytes if self._in_trailer else _CHUNK_LINE_BYTES
        end = buffer.find(b"\n")
        length = len(buffer) - (buffer[-1:] == b"\r") if end < 0 else end - (buffer[:end][-1:] == b"\r")
        if length > most:
            raise ProtocolError(431 if self._in_trailer else 400, "A line inside the chunked body is too long.")
        if end < 0:
            return None
        if length == end:
            raise ProtocolError(400, "A line ends with a bare LF.")
        line = buffer[:length].decode("latin-1")
        del buffer[: end + 1]
        return line

    def _read_chunk_line(self, line: str) -> None:
        match = _chunk_line.fullmatch(line)
        if match is None:
            raise ProtocolError(400, "A chunk size or a chunk extension is malformed.")
        # Each extension is small, but a body of one-byte chunks could carry far more of them than data.
        self._extension_bytes += len(match[2])
        if self._extension_bytes > self._limits.head_bytes:
            raise ProtocolError(400, "The chunk extensions are too long.")
        self._left_of_chunk = int(match[1], 16)
        self._data_bytes += self._left_of_chunk
        if self._data_bytes > self._limits.body_bytes:
            raise _body_too_large(self._limits)
        self._in_trailer = not self._left_of_chunk

    def _read_trailer_line(self, line: str) -> None:
        if not line:
            self.complete = True
            return
        name, _ = _parse_field_line(line)
        if name.lower() in _FIELDS_BARRED_FROM_TRAILERS:
            raise ProtocolError(400, "A trailer field would change the framing.")  # RFC 9110 section 6.5.1
        self._trailer_bytes += len(line)
        self._trailer_fields += 1
        if self._trailer_bytes > self._limits.head_bytes or self._trailer_fields > self._limits.fields:
            raise ProtocolError(431, "The trailer has too many or too long fields.")
