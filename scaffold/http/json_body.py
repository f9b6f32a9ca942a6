"""JSON that a client sends (RFC 8259): parsed within bounds, and refused with the place."""

from __future__ import annotations

import json
import math
import re
import sys
from itertools import accumulate
from typing import Any, NoReturn

from scaffold.exceptions import HTTPError

__all__ = ["MAX_DEPTH", "checked_kind", "parse_json"]

MAX_DEPTH = 100

_OPENING = b"[{"
# A text, also one that does not end: so each byte is looked at once.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_TEXT_OR_DIGITS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[0-9]++', re.DOTALL)
# What is left of a body when all but its brackets is taken away: 1 for each that opens, -1 for each that closes.
_STEPS = bytes(1 if byte in _OPENING else 255 for byte in range(256))
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


def parse_json(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8; of a key that is repeated, the last value counts.

    Raises `HTTPError` 400, with the line and the column, for what is malformed or not UTF-8, nested more than 100 deep,
    or holds a number that Python has no finite value for.
    """
    _check_depth(body)
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise HTTPError(400, f"The body is not UTF-8 at byte {error.start}.") from None
    except json.JSONDecodeError as error:
        detail = f"The body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise HTTPError(400, detail) from None
    except RecursionError:
        raise HTTPError(400, "The JSON in the body is nested too deeply.") from None
    except ValueError:  # an integer of more digits than Python converts
        _refuse_digits(body)


def checked_kind(value: Any, kind: type) -> Any:
    """Return ``value`` if it is of the Python type ``kind``; `HTTPError` 400 says what it is instead."""
    is_right = isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)
    if not is_right and not (kind is float and type(value) is int):
        wanted = _NAMES.get(kind, kind.__name__)
        raise HTTPError(400, f"The JSON in the body is {_NAMES[type(value)]}, not {wanted}.")
    return value


def _check_depth(body: bytes) -> None:
    """Refuse what is nested too deeply, before the parser recurses into it."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    steps = _TEXT.sub(b"", body).translate(_STEPS, _NO_BRACKETS)
    if max(accumulate(memoryview(steps).cast("b")), default=0) <= MAX_DEPTH:
        return
    depth = 0
    for match in _TEXT_OR_BRACKET.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            place = _place(body, match.start())
            raise HTTPError(400, f"The JSON in the body is nested too deeply: more than {MAX_DEPTH} levels at {place}.")


def _refuse_digits(body: bytes) -> NoReturn:
    most = sys.get_int_max_str_digits()
    for match in _TEXT_OR_DIGITS.finditer(body):
        if match.end() - match.start() > most and match[0][:1] != b'"':
            place = _place(body, match.start())
            raise HTTPError(400, f"The body is no JSON: a number has more than {most} digits at {place}.") from None
    raise HTTPError(400, "The body is no JSON: it holds a number that is too long.") from None


def _place(body: bytes, position: int) -> str:
    start = body.rfind(b"\n", 0, position) + 1
    column = len(body[start:position].decode("utf-8", "replace")) + 1
    line = body.count(b"\n", 0, position) + 1
    return f"line {line}, column {column}"


def _refuse_constant(name: str) -> NoReturn:
    raise HTTPError(400, f"The body is no JSON: {name} is not a JSON value.")  # RFC 8259 section 6


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise HTTPError(400, f"The body is no JSON: the number {text[:20]} is too large.")
    return number
