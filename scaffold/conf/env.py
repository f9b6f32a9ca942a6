"""Values of the environment, or of the project's ``.env`` file where the environment lacks them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from scaffold.exceptions import SettingsError

__all__ = ["MISSING", "Env", "debug_variable", "env", "env_file_for", "look_up", "read_env_file"]

T = TypeVar("T")
D = TypeVar("D")
V = TypeVar("V")

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"""(?:'(?P<plain>[^']*)'|"(?P<escaped>(?:\\.|[^"\\])*)")\s*(?:#.*)?""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


def read_env_file(file: Path) -> dict[str, tuple[str, int]]:
    """Return the variables of an ``.env`` file, each with the number of its line; nothing when there is no file.

    A line is ``NAME=value``, optionally after ``export``; a value may stand in single quotes (taken as it is) or in
    double quotes (with ``\\n``, ``\\t``, ``\\"`` and the like); ``#`` begins a comment. Raises `SettingsError` for a
    line that is none of these.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file.name} can't be read: {error}", source=str(file), hint="Save it as UTF-8."
        ) from error
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            name, value = _parse_line(line, f"{file}:{number}")
            values[name] = (value, number)
    return values


def _parse_line(line: str, source: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise SettingsError("this line of .env is no NAME=value", source=source, hint="Mend it, or put a # before it.")
    value = found["value"]
    if value[:1] not in {'"', "'"}:
        return found["name"], re.split(r"\s+#|^#", value, maxsplit=1)[0].strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        raise SettingsError("this line of .env has a quote that does not end", source=source, hint="Close the quote.")
    if quoted["plain"] is not None:
        return found["name"], quoted["plain"]
    return found["name"], re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[0]), quoted["escaped"])


class Env:
    """Values of the environment, or of the project's ``.env`` file where the environment lacks them.

    ``env("NAME")`` is a text; ``env.bool``, ``env.int``, ``env.float``, ``env.list`` and ``env.path`` convert. Each
    takes a ``default``; without one a variable that is missing raises `SettingsError`, as does one that can't be
    converted. ``.env`` stands beside the ``manage.py`` above the file that asks, or beside that file.
    """

    def __call__(self, name: str, default: T | str = MISSING) -> T | str:
        """Return the text of ``name``."""
        return self._get(name, default, str, "a text")

    def bool(self, name: str, default: T | bool = MISSING) -> T | bool:
        """Return True for ``1 true yes on``, False for ``0 false no off`` and an empty text, in either case."""
        return self._get(name, default, _to_bool, "true or false")

    def int(self, name: str, default: T | int = MISSING) -> T | int:
        """Return a whole number."""
        return self._get(name, default, int, "a whole number")

    def float(self, name: str, default: T | float = MISSING) -> T | float:
        """Return a number."""
        return self._get(name, default, float, "a number")

    def list(self, name: str, default: T | list[str] = MISSING) -> T | list[str]:
        """Return the texts between commas, without white space around them."""
        return self._get(name, default, _to_list, "a list with commas")

    def path(self, name: str, default: T | Path = MISSING) -> T | Path:
        """Return a path; ``~`` is the home folder."""
        return self._get(name, default, lambda text: Path(text).expanduser(), "a path")

    def _get(self, name: str, default: D, convert: Callable[[str], V], wanted: str) -> D | V:
        frame = sys._getframe(2)
        source = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        file = env_file_for(Path(frame.f_code.co_filename))
        text, origin = look_up(name, file)
        if text is None:
            if default is not MISSING:
                return default
            raise SettingsError(
                f"{name} is set neither in the environment nor in .env",
                source=source,
                hint=f"Add {name}=... to {file}.",
            )
        try:
            return convert(text)
        except ValueError as error:
            raise SettingsError(
                f"{name} is {text!r}, which is not {wanted}", source=origin, hint=f"It is read at {source}."
            ) from error


env = Env()


def env_file_for(file: Path) -> Path:
    """Return the ``.env`` that counts for the code in ``file``: beside the ``manage.py`` above, else beside itself."""
    folder = file.absolute().parent
    for parent in (folder, *folder.parents):
        if (parent / "manage.py").is_file():
            return parent / ".env"
    return folder / ".env"


def look_up(name: str, file: Path) -> tuple[str | None, str]:
    """Return the text of ``name``, None where it is set nowhere, and where it was found."""
    if name in os.environ:
        return os.environ[name], "environment"
    text, line = read_env_file(file).get(name, (None, 0))
    return text, f"{file}:{line}" if text is not None else ""


def _to_bool(text: str) -> bool:
    if not text:
        return False
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def _to_list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def debug_variable(folder: Path, *, default: bool = False) -> bool:
    """Return the variable ``DEBUG`` of the environment or of the ``.env`` in ``folder``, the ``default`` if empty.

    Raises `SettingsError` when it is neither true nor false.
    """
    text, origin = look_up("DEBUG", folder / ".env")
    try:
        return _to_bool(text) if text else default
    except ValueError as error:
        raise SettingsError(f"DEBUG is {text!r}", source=origin, hint="It must be true or false.") from error
