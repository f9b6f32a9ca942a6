"""Forms in ``multipart/form-data`` (RFC 7578), read as they come: texts into memory, files into an `UploadStore`.

What is decided where the standards leave room: all is UTF-8, whatever a field ``_charset_`` says. A preamble and an
epilogue are passed over. ``filename*`` counts where there is no ``filename``. A file without a name and without content
is what a browser sends for an empty input, and is left out. What can be read in two ways is refused: a part with two
``Content-Disposition`` fields, or a name or boundary given twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from scaffold.exceptions import HTTPError
from scaffold.http.form_limits import FormLimits
from scaffold.http.forms import FormData, MultiDict, MultiMapping, shown
from scaffold.http.headers import Headers
from scaffold.http.uploads import UploadedFile, UploadStore

__all__ = ["read_form_data"]

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046 section 5.1.1
_SINGLE = ("Content-Disposition", "Content-Type", "Content-Transfer-Encoding")
_PARAMETER = re.compile(r';[ \t]*([\w*-]++)[ \t]*=[ \t]*("(?:[^"\\]++|\\.)*+"|[^";]*+)')
_EXTENDED = re.compile(r"(?i:utf-8)'[A-Za-z0-9-]*'((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-Fa-f]{2})+)")  # RFC 8187
_PLAIN_CODINGS = frozenset({"7bit", "8bit", "binary"})
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


def read_form_data(content_type: str, blocks: Iterable[bytes], limits: FormLimits) -> FormData:
    """Return the form in ``blocks``, whose ``Content-Type`` field is given.

    Raises `HTTPError` 400 for what is malformed and 413 for what is more than ``limits`` allow; nothing is left behind
    then. What ``blocks`` raise goes through.
    """
    parser = PushMultipartParser(
        _boundary(content_type),
        max_header_size=limits.header_bytes,
        max_header_count=limits.headers,
        header_charset="latin-1",  # as WSGI does; names are decoded where a message can say which one is wrong
    )
    reader = _FormReader(limits)
    try:
        for block in blocks:
            for event in parser.parse(block):
                reader.take(event)
        parser.close()
        return reader.form()
    except BaseException as error:
        reader.close()
        if isinstance(error, MultipartError):
            raise _refusal(error, reader, limits) from None
        raise


def _boundary(content_type: str) -> str:
    boundary: str = parse_options_header(content_type)[1].get("boundary", "")
    given = [match[1].lower() for match in _PARAMETER.finditer(content_type)]
    if not _BOUNDARY.fullmatch(boundary) or given.count("boundary") != 1:
        raise HTTPError(400, "The form has no boundary, or none that can be used.")
    return boundary


def _refusal(error: MultipartError, reader: _FormReader, limits: FormLimits) -> HTTPError:
    if isinstance(error, ParserLimitReached):
        most = f"{limits.headers} headers, or one of more than {limits.header_bytes} bytes"
        return HTTPError(413, f"{reader.place} has more than {most}.")
    reason = str(error.args[0]) if error.args else "it can't be read"
    return HTTPError(400, f"The form is malformed at {reader.place.lower()}: {reason}.")


class _FormReader:
    """Takes what the parser finds: a segment, its data, None at its end."""

    def __init__(self, limits: FormLimits) -> None:
        self._limits = limits
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, UploadedFile]] = []
        self._store: UploadStore | None = None
        self._text_bytes = 0
        self._file_count = 0
        self._count = 0
        self._segment: MultipartSegment | None = None
        self._name = ""
        self._filename: str | None = None
        self._start = 0
        self._text: list[bytes] = []
        self._size = 0

    @property
    def place(self) -> str:
        """What a message calls the present part."""
        return f"Part {self._count + (self._segment is None)}"

    def take(self, event: Any) -> None:
        """Take the next event."""
        if event is None:
            self._end()
        elif isinstance(event, MultipartSegment):
            self._begin(event)
        elif self._filename is None:
            self._add_text(event)
        else:
            self._add_file(event)

    def form(self) -> FormData:
        """Return what was read."""
        return FormData(MultiDict(self._fields), MultiMapping(self._files), self._store)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._store is not None:
            self._store.close()

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        self._count += 1
        self._name, self._filename = _names(segment, self.place)
        self._text, self._size = [], 0
        self._charge(sum(len(name) + len(value) for name, value in segment.headerlist))
        _check_codings(segment, self._name, is_text=self._filename is None)
        limits = self._limits
        if self._filename is None:
            if len(self._fields) >= limits.fields:
                raise HTTPError(413, f"The form has more than {limits.fields} fields; {shown(self._name)} is one more.")
            return
        if self._file_count >= limits.files:
            raise HTTPError(413, f"The form has more than {limits.files} files; {shown(self._name)} is one more.")
        self._file_count += 1
        self._start = self._store.size if self._store is not None else 0

    def _add_text(self, data: bytes) -> None:
        self._charge(len(data))
        self._size += len(data)
        if self._size > self._limits.field_bytes:
            raise HTTPError(413, f"{shown(self._name)} is larger than {self._limits.field_bytes} bytes.")
        self._text.append(bytes(data))

    def _add_file(self, data: bytes) -> None:
        self._size += len(data)
        if 0 < self._limits.file_bytes < self._size:
            raise HTTPError(413, f"The file {shown(self._name)} is larger than {self._limits.file_bytes} bytes.")
        self._present_store().append(data)

    def _end(self) -> None:
        segment, self._segment = self._segment, None
        if self._filename is None:
            try:
                self._fields.append((self._name, b"".join(self._text).decode("utf-8")))
            except UnicodeDecodeError as error:
                raise HTTPError(400, f"{shown(self._name)} is not UTF-8 at byte {error.start}.") from None
        elif segment is not None and (self._filename or self._size):
            file = UploadedFile(
                self._present_store(),
                self._start,
                name=self._name,
                filename=self._filename,
                content_type=segment.content_type or "application/octet-stream",
                headers=_headers(segment, self._name),
            )
            self._files.append((self._name, file))

    def _present_store(self) -> UploadStore:
        if self._store is None:
            self._store = UploadStore(self._limits.memory_bytes)
        return self._store

    def _charge(self, count: int) -> None:
        """Count what stays in memory until the request has ended."""
        self._text_bytes += count
        if self._text_bytes > self._limits.text_bytes:
            most = self._limits.text_bytes
            raise HTTPError(413, f"The texts of the form are larger than {most} bytes, with {shown(self._name)}.")


def _names(segment: MultipartSegment, place: str) -> tuple[str, str | None]:
    """Return the name of the field, and that of the file or None for a text."""
    fields = [name for name, _ in segment.headerlist]
    for name in _SINGLE:
        if fields.count(name) > 1:
            raise HTTPError(400, f"{place} of the form has more than one {name}.")
    values = [value for name, value in segment.headerlist if name == "Content-Disposition"]
    if not values or "\t" in values[0]:  # no client sends one, and not all parsers take it for white space
        raise HTTPError(400, f"{place} of the form has no right Content-Disposition.")
    parameters = [(match[1].lower(), match[2]) for match in _PARAMETER.finditer(values[0])]
    given = [name for name, _ in parameters]
    for name in ("name", "filename", "filename*"):
        if given.count(name) > 1:
            raise HTTPError(400, f"{place} of the form has more than one {name}.")
    if not segment.name:
        raise HTTPError(400, f"{place} of the form has no name.")
    field = _decoded(segment.name, f"The name of part {place[5:]}")
    if segment.filename is None and "filename*" in given:
        return field, _extended(dict(parameters)["filename*"], field)
    if segment.filename is None:
        return field, None
    return field, _decoded(segment.filename, f"The file name of {shown(field)}")


def _decoded(text: str, what: str) -> str:
    try:
        return text if text.isascii() else text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise HTTPError(400, f"{what} is not UTF-8.") from None


def _extended(text: str, field: str) -> str:
    match = _EXTENDED.fullmatch(text.strip())
    try:
        if match is not None:
            return unquote_to_bytes(match[1]).decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise HTTPError(400, f"The file name of {shown(field)} is malformed.")


def _check_codings(segment: MultipartSegment, name: str, *, is_text: bool) -> None:
    """Refuse what would be read as something else than was meant."""
    coding = next((value for key, value in segment.headerlist if key == "Content-Transfer-Encoding"), "8bit")
    if coding.strip().lower() not in _PLAIN_CODINGS:  # RFC 7578 section 4.7
        raise HTTPError(400, f"{shown(name)} has the transfer encoding {shown(coding)!r}; send it as it is.")
    if not is_text:
        return
    if (segment.content_type or "").startswith("multipart/"):  # RFC 7578 section 4.3
        raise HTTPError(400, f"{shown(name)} is a multipart body of its own; send each file as a part.")
    if segment.charset is not None and segment.charset.lower() not in _UTF_8:
        raise HTTPError(400, f"{shown(name)} is in {shown(segment.charset)}, not UTF-8.")


def _headers(segment: MultipartSegment, name: str) -> Headers:
    try:
        return Headers(segment.headerlist)
    except ValueError:
        raise HTTPError(400, f"A header of {shown(name)} holds a control character.") from None
