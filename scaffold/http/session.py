"""What a site keeps for one visitor between requests: a mapping that is loaded when it is first touched."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from scaffold.exceptions import HTTPError, ScaffoldError

__all__ = ["Session", "SessionRecord", "decode_content"]


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as a store keeps it.

    ``content`` is its JSON, ``begun`` and ``written`` are seconds since the epoch, and ``id`` is what its cookie holds
    where the store has ids.
    """

    content: bytes
    begun: int
    written: int
    id: str = ""


class Session(MutableMapping[str, Any]):
    """The values of one visitor by name. They are kept as JSON: texts, numbers, booleans, None, lists and dicts.

    ``load`` returns the record that the request's cookie leads to, if any, and is called when the session is first read
    or written. A change inside of a list or a dict is noticed too. ``TypeError`` names the value that JSON has no form
    for, and `ScaffoldError` is raised for a change after the answer has begun.
    """

    def __init__(self, load: Callable[[], SessionRecord | None]) -> None:
        self._load = load
        self._values: dict[str, Any] | None = None
        self._before_save: list[Callable[[int], object]] = []
        self._after_new_id: list[Callable[[], object]] = []
        self._is_forced = False
        self.record: SessionRecord | None = None
        self.wants_new_id = False
        self.is_closed = False

    def __repr__(self) -> str:
        names = ", ".join(self._values) if self._values is not None else "not loaded"
        return f"<Session {names}>"  # the names alone: the values are often secret

    @property
    def is_loaded(self) -> bool:
        """Whether anybody has looked at it in this request."""
        return self._values is not None

    @property
    def modified(self) -> bool:
        """Whether it differs from what was loaded; assign True to have it saved in any case."""
        return self._is_forced or (self._values is not None and self.content() != self._loaded_content())

    @modified.setter
    def modified(self, value: bool) -> None:
        self._is_forced = value

    def cycle_id(self) -> None:
        """Go on under a new id, as at a login: who knew the old one, or had planted it, is out; its age begins anew."""
        self._open()
        self.wants_new_id = self._is_forced = True
        for function in self._after_new_id:
            function()

    def flush(self) -> None:
        """End the session, as at a logout: all is forgotten, and what is put in after this belongs to a new one."""
        self._open().clear()
        self.cycle_id()

    def content(self) -> bytes:
        """Return the values as JSON; raises ``TypeError`` for one that JSON has no form for."""
        values = self._read()
        for name, value in values.items():
            _check(name, value)
        return _encode(values)

    def before_save(self, function: Callable[[int], object]) -> None:
        """Call ``function`` with the status of the answer before the session is saved."""
        self._before_save.append(function)

    def after_new_id(self, function: Callable[[], object]) -> None:
        """Call ``function`` when the session gets a new id."""
        self._after_new_id.append(function)

    def close(self, status: int) -> None:
        """Call what `before_save` was given; no change is possible after that."""
        for function in self._before_save:
            function(status)
        self.is_closed = True

    # --- the mapping --------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        values = self._open()
        _check(name, value)
        values[name] = value

    def __delitem__(self, name: str) -> None:
        del self._open()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def clear(self) -> None:
        """Forget all values; an empty session is kept nowhere."""
        self._open().clear()

    def _read(self) -> dict[str, Any]:
        if self._values is None:
            try:
                self.record = self._load()
            except HTTPError:
                self._values, self.is_closed = {}, True  # the page that tells of the failure does not fail again
                raise
            self._values = (decode_content(self.record.content) if self.record else None) or {}
        return self._values

    def _open(self) -> dict[str, Any]:
        if self.is_closed:
            raise ScaffoldError(
                "the session was changed after it had been saved",
                hint="Change it before the view returns: what a stream does comes too late for a cookie.",
            )
        return self._read()

    def _loaded_content(self) -> bytes:
        return self.record.content if self.record is not None else b"{}"


def decode_content(content: bytes) -> dict[str, Any] | None:
    """Return the values of a session's JSON; None for what is none."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _encode(values: dict[str, Any]) -> bytes:
    # A lone surrogate has no UTF-8, but the escape that takes its place is JSON's own (RFC 8259 section 8.2).
    return _encoder.encode(values).encode("utf-8", "backslashreplace")


def _check(name: object, value: object) -> None:
    """Raise ``TypeError`` when ``session[name] = value`` would not come back as it is."""
    if not isinstance(name, str):
        raise TypeError(f"a session's names are texts, not {name!r}")
    try:
        fault = _fault(value)
    except RecursionError:
        fault = "it is nested too deeply, or holds itself"
    if fault:
        raise TypeError(f"session[{name!r}] can't be kept as JSON: {fault}")


def _fault(value: object, place: str = "it") -> str:
    """Say what of ``value`` JSON has no form for; empty when all has one. ``place`` is what the message calls it."""
    if value is None or isinstance(value, str | bool):
        return ""
    if isinstance(value, int | float):
        return "" if _is_plain_number(value) else f"{place} is a number that is not finite, or too long"
    if isinstance(value, list | tuple):
        faults = (_fault(item, f"{place}[{index}]") for index, item in enumerate(value))
        return next(filter(None, faults), "")
    if isinstance(value, dict):
        odd = next((key for key in value if not isinstance(key, str)), None)
        if odd is not None:
            return f"{place} has the key {odd!r}, which would come back as a text"
        return next(filter(None, (_fault(item, f"{place}[{key!r}]") for key, item in value.items())), "")
    return f"{place} is of type {type(value).__name__}"


_MAX_INTEGER_BITS = 1024


def _is_plain_number(value: int | float) -> bool:
    """Say whether a number is finite, and short enough for `json.loads` to read it again."""
    return value.bit_length() <= _MAX_INTEGER_BITS if isinstance(value, int) else math.isfinite(value)
