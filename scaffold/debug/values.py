"""Values as a developer may see them: short, in bounded time, and without secrets."""

from __future__ import annotations

import re
import reprlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["MASK", "Masker", "is_secret", "shown_values"]

MASK = "********"
# So long all values of one report may take to be shown.
SHOW_SECONDS = 1.0
MAX_CHARACTERS = 400
MAX_VALUES = 50
_MIN_SECRET_CHARACTERS = 6

_SECRET_WORDS = (
    r"pass(?:word|wd|phrase|code)?s?|pwd|secrets?|tokens?|api_?keys?|auth(?:orization)?|cookies?|sess(?:ion)?(?:_?ids?)?"
    r"|credentials?|signature|private_?key|secret_?key|csrf|jwt|otp|pin"
)
_SECRET_NAME = re.compile(rf"(?:^|[^a-z])(?:{_SECRET_WORDS}|key)(?:$|[^a-z])", re.IGNORECASE)
# What looks like a secret inside of a text that some object made of itself, such as User(password='x').
_SECRET_IN_TEXT = re.compile(
    rf"(?P<name>\b\w*(?:{_SECRET_WORDS})\w*[\"']?\s*[=:]\s*)(?P<value>'[^']*'|\"[^\"]*\"|[^\s,;)\]}}]+)", re.IGNORECASE
)


def is_secret(name: str) -> bool:
    """Return whether what is called ``name`` is nobody's business."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)  # camelCase is several words too
    return _SECRET_NAME.search(words) is not None


class Masker:
    """Shows values without secrets: those with a telling name, and ``known`` ones wherever they stand."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = tuple(value for value in known if len(value) >= _MIN_SECRET_CHARACTERS)
        self._repr = _Repr(self)

    def text(self, text: str) -> str:
        """Return ``text`` without secrets that are known."""
        for value in self._known:
            text = text.replace(value, MASK)
        return text

    def named(self, name: str, text: str) -> str:
        """Return ``text``, which is called ``name``, or what stands for a secret."""
        return MASK if is_secret(name) and text else self.text(text)

    def value(self, name: str, value: object) -> str:
        """Return a short representation of ``value``, which is called ``name``; nothing is raised."""
        if is_secret(name) and value is not None and not callable(value):
            return MASK
        shown = self._repr.repr(value)
        shown = _SECRET_IN_TEXT.sub(lambda match: match["name"] + MASK, shown)
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


def shown_values(values: Mapping[str, object], masker: Masker, seconds: float = SHOW_SECONDS) -> dict[str, str]:
    """Return the representations of ``values`` by name, dunder names left out.

    They are made in a thread of their own: one that takes too long is given up, with those behind it.
    """
    names = [name for name in values if not (name.startswith("__") and name.endswith("__"))][:MAX_VALUES]
    shown: dict[str, str] = {}

    def show() -> None:
        for name in names:
            shown[name] = masker.value(name, values[name])

    _in_time(show, seconds)
    return {name: shown.get(name, "<takes too long to be shown>") for name in names}


def _in_time(function: Callable[[], None], seconds: float) -> None:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    thread.join(seconds)
