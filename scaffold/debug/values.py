"""Values as a developer may see them: short, in bounded time, and without secrets."""

from __future__ import annotations

import re
import reprlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

__all__ = ["MASK", "Masker", "is_secret", "printable", "shown_values"]

MASK = "********"
# So long all values of one report may take to be shown, and one of them before the next ones go on without it.
SHOW_SECONDS = 1.0
VALUE_SECONDS = 0.2
MOST_STUCK = 3
MAX_CHARACTERS = 400
MAX_VALUES = 50
_MIN_SECRET_CHARACTERS = 6

_SECRET = (
    r"passw|passphrase|passcode|secret|token(?!i[sz])|credential|cookie|csrf|jwt|auth(?!or)|authoriz|sess(?:ion)?[-_]?id"
    r"|(?:api|access|private|signing|encryption|client|license)[-_]?key"
)
_SECRET_NAME = re.compile(rf"{_SECRET}|(?:^|[^a-z])(?:pass|pwd|otp|pin|session|signature)(?:$|[^a-z])", re.IGNORECASE)
# What looks like a secret inside of a text, such as User(password='x'), ?token=x, ('password', 'x') and user:x@host.
_SECRET_IN_TEXT = re.compile(
    rf"(?P<name>\b[\w-]*(?:{_SECRET}|\bpwd)\w*[\"']?\s*(?:[=:]|,(?=\s*[\"']))\s*)"
    r"(?P<value>'[^']*'|\"[^\"]*\"|[^\s,;&)\]}]+)",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")


def is_secret(name: str) -> bool:
    """Return whether what is called ``name`` is nobody's business."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)  # camelCase is several words too
    return _SECRET_NAME.search(words) is not None


class _TooLateError(BaseException):
    """Ends what takes too long. No `Exception`, which the code that it ends may catch."""


class Masker:
    """Shows values without secrets: those with a telling name, and ``known`` ones wherever they stand."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.left_seconds = SHOW_SECONDS
        self._known = tuple(value for value in known if len(value) >= _MIN_SECRET_CHARACTERS)
        self._repr = _Repr(self)

    def text(self, text: str) -> str:
        """Return ``text`` without secrets that are known, or told by what stands in front of them."""
        for value in self._known:
            text = text.replace(value, MASK)
        text = _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", text)
        return _SECRET_IN_TEXT.sub(lambda match: match["name"] + MASK, text)

    def named(self, name: str, text: str) -> str:
        """Return ``text``, which is called ``name``, or what stands for a secret."""
        return MASK if is_secret(name) and text else self.text(text)

    def own_text(self, text: str) -> str:
        """Return a text of our own, whose words tell of no secrets, without those that are known."""
        for secret in self._known:
            text = text.replace(secret, MASK)
        return _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", text)

    def public(self, value: object) -> str:
        """Return a short representation of ``value``, which has no secret name; known ones stay out of it."""
        shown = self.own_text(self._repr.repr(value))
        return shown if len(shown) <= MAX_CHARACTERS else f"{shown[:MAX_CHARACTERS]}..."

    def value(self, name: str, value: object) -> str:
        """Return a short representation of ``value``, which is called ``name``; nothing is raised."""
        if is_secret(name) and value is not None and not callable(value):
            return MASK
        shown = self._repr.repr(value)
        return self.text(shown if len(shown) <= MAX_CHARACTERS else f"{shown[:MAX_CHARACTERS]}...")


class _Repr(reprlib.Repr):
    """Shortens what is built in, whose own representation could be of any size, and survives what fails."""

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = 12
        self.maxstring = self.maxother = 200
        self._masker = masker

    def repr1(self, x: object, level: int) -> str:
        try:
            return super().repr1(x, level)
        except RecursionError:
            return f"<{type(x).__name__}, too deep to be shown>"
        except Exception as error:
            return f"<{type(x).__name__}, whose representation fails: {type(error).__name__}>"

    def repr_bytes(self, x: bytes, level: int) -> str:
        del level
        return repr(x) if len(x) <= self.maxstring else f"{x[: self.maxstring]!r}... ({len(x):,} bytes)"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}"
        pieces = []
        for key in list(x)[: self.maxdict]:
            hides = isinstance(key, str) and is_secret(key)
            pieces.append(f"{self.repr1(key, level - 1)}: {MASK if hides else self.repr1(x[key], level - 1)}")
        more = [f"... {len(x) - self.maxdict} more"] if len(x) > self.maxdict else []
        return "{" + ", ".join(pieces + more) + "}"

    def repr_instance(self, x: object, level: int) -> str:
        del level
        text = repr(x)
        return text if len(text) <= self.maxother else f"{text[: self.maxother]}..."


def shown_values(values: Mapping[str, object], masker: Masker) -> dict[str, str]:
    """Return the representations of ``values`` by name, dunder names left out.

    They are made in threads of their own: one that takes too long is given up, and another goes on behind it, until
    the time that the ``masker`` has left for all values is over.
    """
    names = [name for name in values if not (name.startswith("__") and name.endswith("__"))][:MAX_VALUES]
    shown: dict[str, str] = {}
    began = time.monotonic()
    limit = began + masker.left_seconds
    todo = names
    for _ in range(MOST_STUCK):
        now = time.monotonic()
        if not todo or now >= limit:
            break
        _show_in_time(todo, values, masker, shown, limit)
        todo = [name for name in names if name not in shown][1:]  # the first of them is what took too long
    masker.left_seconds -= time.monotonic() - began
    return {name: shown.get(name, "<takes too long to be shown>") for name in names}


def _show_in_time(
    names: list[str], values: Mapping[str, object], masker: Masker, shown: dict[str, str], limit: float
) -> None:
    """Show values in a thread until all are done, or one of them has taken too long."""

    def show() -> None:
        sys.settrace(_interrupter(limit))
        with suppress(_TooLateError):
            for name in names:
                shown[name] = masker.value(name, values[name])

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    while thread.is_alive() and time.monotonic() < limit:
        done = len(shown)
        thread.join(min(VALUE_SECONDS, max(0.0, limit - time.monotonic())))
        if len(shown) == done:
            return


def _interrupter(limit: float) -> Callable[..., Any]:
    """Return a trace function that ends what runs in its thread after ``limit``, so that no loop goes on for ever."""

    def trace(*_arguments: object) -> Any:
        if time.monotonic() > limit + 1:
            raise _TooLateError
        return trace

    return trace


def printable(text: str) -> str:
    """Return ``text`` without control characters, which could steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)
