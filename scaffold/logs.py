"""Logging: what an application's loggers write, for people or for machines, with the id of the request in each line.

A record is one line, or one that begins with its time and has all others indented below it: whatever a client sends,
it can't write a line that looks like another record.
"""

from __future__ import annotations

import json
import logging
import logging.config
import math
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError
from scaffold.http import current_request

__all__ = ["JSONFormatter", "RequestIdFilter", "TextFormatter", "configure_logging"]

_INDENT = "  "
_MOST_DEPTH = 8
_MOST_BITS = 64
# What every record has; anything else in it came by ``extra=``.
_OWN = frozenset({*vars(logging.makeLogRecord({})), "asctime", "message", "taskName", "request_id"})


def configure_logging(settings: Settings) -> None:
    """Set up logging as LOGGING says, or else write to standard error as LOG_LEVEL and LOG_FORMAT say.

    Where something else has given the root logger a handler, such as pytest or the project's own code, that stays the
    only one. Raises `SettingsError` for a LOGGING that can't be used.
    """
    if settings.LOGGING:
        _configure_by_dict(settings)
        return
    root = logging.getLogger()
    if any(not isinstance(handler, _StandardErrorHandler) for handler in root.handlers):
        return
    for handler in root.handlers[:]:  # of an application that was made before in this process
        root.removeHandler(handler)
    handler = _StandardErrorHandler()
    handler.setFormatter(_formatter(settings))
    handler.addFilter(RequestIdFilter())
    root.addHandler(handler)
    root.setLevel(settings.LOG_LEVEL)


def _configure_by_dict(settings: Settings) -> None:
    # Loggers that exist already stay on unless the project says otherwise: Scaffold's own are among them.
    config = {"version": 1, "disable_existing_loggers": False, **settings.LOGGING}
    try:
        logging.config.dictConfig(config)
    except Exception as error:  # whatever a class that it names raises, too
        reason = f"{error}: {error.__cause__}" if error.__cause__ is not None else str(error)
        raise SettingsError(
            f"LOGGING can't be used: {reason}",
            source=settings.origin("LOGGING").source,
            hint="It must be what logging.config.dictConfig takes.",
        ) from error


def _formatter(settings: Settings) -> logging.Formatter:
    if settings.LOG_FORMAT == "json":
        return JSONFormatter()
    return TextFormatter(clock=bool(settings.DEBUG))


class _StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at that moment."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        del stream


class RequestIdFilter(logging.Filter):
    """Gives each record the attribute ``request_id``: the id of the request that is handled, else an empty text."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass every record."""
        request = current_request.get(None)
        record.request_id = "" if request is None else request.id
        return True


class TextFormatter(logging.Formatter):
    """Time, level, logger, message and the request's id, with what follows a line break indented below.

    The time is that of ISO 8601 in UTC with milliseconds, or with ``clock`` hours, minutes and seconds of this place.
    """

    def __init__(self, *, clock: bool = False) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text, in which all but line breaks and printable characters is escaped."""
        moment = time.strftime("%H:%M:%S", time.localtime(record.created)) if self._clock else _iso_time(record)
        request_id = getattr(record, "request_id", "")
        mark = f"  [{request_id}]" if request_id else ""
        head, *rest = _message(record).split("\n")
        rest += (line for text in _appendix(record).values() for line in text.split("\n"))
        lines = [f"{moment}  {record.levelname:<7} {record.name}: {_printable(head)}{mark}"]
        lines += [f"{_INDENT}{_printable(line)}".rstrip() for line in rest]
        return "\n".join(lines).rstrip("\n")


class JSONFormatter(logging.Formatter):
    """One JSON object a line (RFC 8259): time, level, logger, message, the request's id, and what ``extra`` held.

    ``time`` is that of ISO 8601 in UTC with milliseconds. A record with an exception has its traceback in
    ``exception``. What JSON has no form for becomes a text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, in ASCII."""
        fields: dict[str, Any] = {
            "time": _iso_time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        request_id = getattr(record, "request_id", "")
        if request_id:
            fields["request_id"] = request_id
        fields.update(_appendix(record))
        extra = {name: value for name, value in vars(record).items() if name not in _OWN and name not in fields}
        return json.dumps(_json_value({**fields, **extra}, _MOST_DEPTH))


def _iso_time(record: logging.LogRecord) -> str:
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{second}.{int(record.created * 1000) % 1000:03}Z"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # the arguments don't fit the message, or can't be shown
        return f"{_text(record.msg)} {_text(record.args)}"


def _appendix(record: logging.LogRecord) -> dict[str, str]:
    """Return the tracebacks that belong to a record."""
    found = {}
    if record.exc_info:
        found["exception"] = _traceback(record)
    elif record.exc_text:
        found["exception"] = record.exc_text
    if record.stack_info:
        found["stack"] = record.stack_info
    return found


def _traceback(record: logging.LogRecord) -> str:
    try:
        return logging.Formatter().formatException(record.exc_info or (None, None, None))
    except Exception:
        return "an exception that can't be shown"


def _printable(line: str) -> str:
    """Return ``line`` with everything that could move a cursor or end a line written as an escape."""
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() or char == "\t" else char.encode("unicode_escape").decode("ascii") for char in line
    )


def _json_value(value: object, depth: int) -> Any:
    """Return ``value`` in the forms that JSON has, as a text from ``depth`` levels down."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if value.bit_length() <= _MOST_BITS else _text(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _text(value)
    if depth:
        try:
            if isinstance(value, Mapping):
                return {_text(key): _json_value(item, depth - 1) for key, item in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [_json_value(item, depth - 1) for item in value]
        except Exception:  # one that was changed meanwhile, or that is no mapping at a closer look
            return _text(value)
    return _text(value)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # also an int with more digits than Python writes
        return f"<{type(value).__name__}>"
