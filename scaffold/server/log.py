"""The access log: one record a request, and a writer that puts each on one line of a stream."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TextIO

__all__ = ["AccessRecord", "console_log", "escape"]

_MOST_CHARACTERS_OF_A_PATH = 160
_RESET = "\x1b[0m"
_COLOURS = {1: "\x1b[2m", 2: "\x1b[32m", 3: "\x1b[36m", 4: "\x1b[33m", 5: "\x1b[31m"}


class AccessRecord(NamedTuple):
    """One answered request.

    ``time`` is the moment of the answer in seconds since the epoch, ``path`` the request's target as the client sent
    it (``-`` where no request could be read), ``size`` the bytes of the body that were sent, ``seconds`` the time from
    the request's head to the answer's end. ``route`` and ``request_id`` are what the application left in
    ``environ["scaffold.route"]`` and ``environ["scaffold.request_id"]``.
    """

    time: float
    remote_addr: str
    method: str
    path: str
    status: int
    size: int
    seconds: float
    route: str
    request_id: str = ""


def escape(text: str) -> str:
    """Return ``text`` with everything but printable ASCII written as escapes, safe for a terminal and a log."""
    if text.isascii() and text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")


def console_log(stream: TextIO, *, as_json: bool = False) -> Callable[[AccessRecord], None]:
    """Return a function that writes a record as one line on ``stream``, with one ``write``, from any thread.

    The line is coloured by the status's class when ``stream`` is a terminal; ``NO_COLOR``, ``FORCE_COLOR`` and
    ``TERM=dumb`` are respected. With ``as_json`` the line is a JSON object (RFC 8259), never coloured.
    """
    coloured = not as_json and _wants_colour(stream, os.environ)
    form = _format_json if as_json else _format

    def write(record: AccessRecord) -> None:
        line = form(record)
        colour = _COLOURS.get(record.status // 100, "") if coloured else ""
        stream.write(f"{colour}{line}{_RESET}\n" if colour else f"{line}\n")
        stream.flush()

    return write


def _wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def _format(record: AccessRecord) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(record.time))
    path = _shorten(escape(record.path))
    route = f"  {_shorten(escape(record.route))}" if record.route else ""
    size, duration = _format_size(record.size), f"{record.seconds * 1000:.1f} ms"
    return f"{clock}  {_shorten(escape(record.method)):<7} {path}  {record.status}  {size}  {duration}{route}"


def _format_json(record: AccessRecord) -> str:
    """Return the record as a JSON object in ASCII; of a long path and method, the beginning."""
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.time))
    method, path = _shorten(escape(record.method)), _shorten(escape(record.path))
    fields = {
        "time": f"{second}.{int(record.time * 1000) % 1000:03}Z",
        "level": "INFO",
        "logger": "scaffold.access",
        "message": f"{method} {path} {record.status}",
        "request_id": record.request_id,
        "remote_addr": record.remote_addr,
        "method": method,
        "path": path,
        "status": record.status,
        "size": record.size,
        "duration_ms": round(record.seconds * 1000, 1),
        "route": record.route,
    }
    return json.dumps({name: value for name, value in fields.items() if value != ""})


def _shorten(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS_OF_A_PATH:
        return text
    return f"{text[: _MOST_CHARACTERS_OF_A_PATH - 3]}..."


def _format_size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"
