"""The bodies that the client of tests sends."""

from __future__ import annotations

import json
import mimetypes
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

__all__ = ["FileData", "FormData", "content"]

FormData = Mapping[str, str | Sequence[str]]
FileContent = bytes | str | Path | IO[bytes]
FileData = FileContent | tuple[str, FileContent] | tuple[str, FileContent, str]

_UNSTATED = "application/octet-stream"


def content(
    form: FormData | None, files: Mapping[str, FileData | Sequence[FileData]] | None, data: Any, body: bytes
) -> tuple[bytes, str]:
    """Return a body and its content type, which is empty for plain bytes."""
    if files:
        return _multipart(form or {}, files)
    if form is not None:
        return urlencode(form, doseq=True).encode(), "application/x-www-form-urlencoded"
    if data is not None:
        return json.dumps(data).encode(), "application/json"
    return body, ""


def _multipart(form: FormData, files: Mapping[str, FileData | Sequence[FileData]]) -> tuple[bytes, str]:
    """Return a form as browsers send it (RFC 7578)."""
    boundary = f"----scaffold{secrets.token_hex(12)}"
    parts: list[tuple[str, bytes]] = []
    for name, value in form.items():
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n'
        parts += [(head, text.encode()) for text in ([value] if isinstance(value, str) else value)]
    for name, given in files.items():
        for filename, data, content_type in map(_file, _each(given)):
            names = f'name="{_quoted(name)}"; filename="{_quoted(filename)}"'
            parts.append((f"Content-Disposition: form-data; {names}\r\nContent-Type: {content_type}\r\n", data))
    blocks = [b"--%s\r\n%s\r\n%s\r\n" % (boundary.encode(), head.encode(), data) for head, data in parts]
    return b"".join([*blocks, b"--%s--\r\n" % boundary.encode()]), f"multipart/form-data; boundary={boundary}"


def _each(given: FileData | Sequence[FileData]) -> Iterator[FileData]:
    """Yield the files of one field: of a list each, of anything else the one that it is."""
    if isinstance(given, list):
        yield from given
    else:
        yield given  # type: ignore[misc]  # what is a Sequence and no list is a tuple, text or bytes: one file


def _file(given: FileData) -> tuple[str, bytes, str]:
    """Return name, content and content type of a file that is bytes, a text, a path, an open file, or a tuple."""
    if isinstance(given, tuple):
        name, source, *more = given
    else:
        name, source, more = Path(str(getattr(given, "name", "file"))).name, given, []
    if isinstance(source, str):
        data = source.encode()
    elif isinstance(source, Path):
        data = source.read_bytes()
    else:
        data = source if isinstance(source, bytes) else source.read()
    return name, data, more[0] if more else mimetypes.guess_type(name)[0] or _UNSTATED


def _quoted(name: str) -> str:
    """Return a name as HTML's algorithm for multipart/form-data escapes it."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
