"""Settings: a plain Python module, read once into a frozen, typed `Settings` whose values know where they came from."""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

from scaffold.exceptions import SettingsError, did_you_mean

__all__ = [
    "MISSING",
    "Env",
    "Origin",
    "Settings",
    "debug_variable",
    "env",
    "find_project",
    "import_object",
    "load_settings",
    "read_env_file",
]

T = TypeVar("T")
D = TypeVar("D")
V = TypeVar("V")

SETTINGS_MODULE = "config.settings"
SETTINGS_FILE = "config/settings.py"

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"""(?:'(?P<plain>[^']*)'|"(?P<escaped>(?:\\.|[^"\\])*)")\s*(?:#.*)?""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


def find_project(start: Path) -> Path | None:
    """Return the nearest folder at or above ``start`` that is a project, or None.

    A project holds ``config/settings.py`` and a ``manage.py`` that names Scaffold: another framework's is none.
    """
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError):
            if (folder / SETTINGS_FILE).is_file() and b"scaffold" in (folder / "manage.py").read_bytes():
                return folder
    return None


# --- .env ----------------------------------------------------------------------------------------------------------


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
        text, origin = _lookup(name, file)
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


def _lookup(name: str, file: Path) -> tuple[str | None, str]:
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


# --- Settings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting's value came from.

    ``kind`` is ``default``, ``settings``, ``environment``, ``.env`` or ``code``; ``source`` is the place, if any.
    """

    kind: str
    source: str = ""


@dataclass(frozen=True)
class Settings:
    """The settings of an application, frozen. What a project adds of its own is in ``extra`` and an attribute too."""

    DEBUG: bool = False
    SECRET_KEY: str = ""
    ALLOWED_HOSTS: Sequence[str] = ()
    INSTALLED_APPS: Sequence[str] = ()
    MIDDLEWARE: Sequence[str | Callable[..., Any]] = ()
    CONVERTERS: Mapping[str, str | type] = field(default_factory=dict)
    STATIC_URL: str = "/static/"
    MAX_BODY_BYTES: int = 10 * 1024 * 1024
    SERVER_LIMITS: Mapping[str, float] = field(default_factory=dict)
    TRUSTED_PROXIES: Sequence[str] = ()
    EDITOR_URL: str = "vscode"

    extra: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.__dict__.get("extra", ()):
            raise AttributeError(f"there is no setting {name}. {did_you_mean(name, self.names())}".strip())
        return self.extra[name]

    def names(self) -> Iterator[str]:
        """Yield the names of all settings, the project's own last."""
        yield from known_settings()
        yield from self.__dict__.get("extra", ())

    def origin(self, name: str) -> Origin:
        """Return where the value of ``name`` came from."""
        return self.origins.get(name, Origin("default"))

    def suspects(self) -> dict[str, str]:
        """Return the project's own settings whose names look like a slip for a known one, with that one."""
        near = {name: difflib.get_close_matches(name, known_settings(), n=1, cutoff=0.85) for name in self.extra}
        return {name: matches[0] for name, matches in near.items() if matches}

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, origins: Mapping[str, Origin] | None = None) -> Settings:
        """Make settings of a mapping with upper-case names.

        Raises `SettingsError` for a value of the wrong type.
        """
        origins = dict(origins or {name: Origin("code") for name in values})
        known = known_settings()
        for name, value in values.items():
            if name in known:
                _check_type(name, value, origins.get(name, Origin("code")).source)
        given = {name: _frozen(value) for name, value in values.items() if name in known}
        extra = {name: value for name, value in values.items() if name not in known}
        return cls(**given, extra=MappingProxyType(extra), origins=MappingProxyType(origins))


def known_settings() -> tuple[str, ...]:
    """Return the names of the settings that Scaffold itself reads."""
    return tuple(item.name for item in fields(Settings) if item.name.isupper())


_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "DEBUG": ((bool,), "True or False"),
    "SECRET_KEY": ((str,), "a text"),
    "ALLOWED_HOSTS": ((list, tuple), "a list of texts"),
    "INSTALLED_APPS": ((list, tuple), "a list of dotted packages"),
    "MIDDLEWARE": ((list, tuple), "a list of dotted names"),
    "CONVERTERS": ((dict, MappingProxyType), "a dict of names and converter classes"),
    "STATIC_URL": ((str,), "a path with slashes around it, such as '/static/'"),
    "MAX_BODY_BYTES": ((int,), "a number of bytes"),
    "SERVER_LIMITS": ((dict, MappingProxyType), "a dict of limits and numbers, such as {'connections': 2000}"),
    "TRUSTED_PROXIES": ((list, tuple), "a list of addresses and networks, such as ['10.0.0.0/8']"),
    "EDITOR_URL": ((str,), "the name of an editor, a URL with {path} in it, or an empty text"),
}


def _check_type(name: str, value: object, source: str) -> None:
    types, wanted = _TYPES[name]
    wrong = not isinstance(value, types) or (types == (int,) and isinstance(value, bool))
    if name == "STATIC_URL" and not wrong:
        wrong = not (str(value).startswith("/") and str(value).endswith("/")) or "//" in str(value)
    if name in {"ALLOWED_HOSTS", "INSTALLED_APPS", "TRUSTED_PROXIES"} and isinstance(value, list | tuple):
        wrong = not all(isinstance(item, str) for item in value)
    if wrong:
        raise SettingsError(f"{name} is {value!r}", source=source, hint=f"It must be {wanted}.")


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(dict(value)) if isinstance(value, dict) else value


def load_settings(project: Path) -> Settings:
    """Import ``config/settings.py`` of ``project``, whose folder is on ``sys.path``, and return its settings.

    Raises `SettingsError` when it can't be imported (the reason is the error's ``__cause__``) or a value is wrong.
    """
    file = project / SETTINGS_FILE
    read_env_file(project / ".env")
    try:
        module = importlib.import_module(SETTINGS_MODULE)
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:
        raise SettingsError(
            f"{SETTINGS_FILE} can't be imported: {type(error).__name__}: {error}",
            source=_innermost_line(error, file),
            hint="Mend it; the traceback of the error has the details.",
        ) from error
    _check_module(module, file)
    values = {name: getattr(module, name) for name in dir(module) if name.isupper() and not name.startswith("_")}
    return Settings.from_values(values, origins=_origins(file, values))


def _check_module(module: ModuleType, file: Path) -> None:
    found = Path(module.__file__ or "")
    if found.resolve() != file.resolve():
        raise SettingsError(
            f"{SETTINGS_MODULE} is {found}, which belongs to another project",
            source=str(file),
            hint="One process serves one project; start another process for this one.",
        )


def _innermost_line(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(file):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{file}:{line}" if line else str(file)


def _origins(file: Path, names: Mapping[str, Any]) -> dict[str, Origin]:
    """Return the origin of each name: the line that assigns it, or the variable that this line reads."""
    origins = {name: Origin("settings", str(file)) for name in names}
    for node in ast.walk(ast.parse(file.read_bytes())):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and target.id in origins:
                origins[target.id] = _origin_of(node, file)
    return origins


def _origin_of(node: ast.stmt, file: Path) -> Origin:
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[0], ast.Constant):
            continue
        root = call.func.value if isinstance(call.func, ast.Attribute) else call.func
        if isinstance(root, ast.Name) and root.id == "env":
            text, origin = _lookup(str(call.args[0].value), file.parent.parent / ".env")
            if text is not None:
                return Origin("environment") if origin == "environment" else Origin(".env", origin)
    return Origin("settings", f"{file}:{node.lineno}")


def debug_variable(folder: Path, *, default: bool = False) -> bool:
    """Return the variable ``DEBUG`` of the environment or of the ``.env`` in ``folder``, the ``default`` if empty.

    Raises `SettingsError` when it is neither true nor false.
    """
    text, origin = _lookup("DEBUG", folder / ".env")
    try:
        return _to_bool(text) if text else default
    except ValueError as error:
        raise SettingsError(f"DEBUG is {text!r}", source=origin, hint="It must be true or false.") from error


def import_object(dotted: str, settings: Settings, setting: str) -> Any:
    """Return what the dotted name ``package.module.name`` stands for, or raise `SettingsError` for ``setting``."""
    module, _, name = dotted.rpartition(".")
    source = settings.origin(setting).source
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # a module of the project may raise whatever it likes
        raise SettingsError(
            f"{setting} names {dotted!r}, which can't be imported: {type(error).__name__}: {error}",
            source=source,
            hint="Mend the name, or take it out.",
        ) from error
