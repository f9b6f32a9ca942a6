"""Loading a project's settings module, and knowing the place of each value in it."""

from __future__ import annotations

import ast
import contextlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from scaffold.conf.callables import import_dotted
from scaffold.conf.env import look_up, read_env_file
from scaffold.conf.settings import Origin, Settings
from scaffold.exceptions import SettingsError

__all__ = ["SETTINGS_FILE", "find_project", "import_object", "load_settings"]

SETTINGS_MODULE = "config.settings"
SETTINGS_FILE = "config/settings.py"


def find_project(start: Path) -> Path | None:
    """Return the nearest folder at or above ``start`` that is a project, or None.

    A project holds ``config/settings.py`` and a ``manage.py`` that names Scaffold: another framework's is none.
    """
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError):
            if (folder / SETTINGS_FILE).is_file() and b"scaffold" in (folder / "manage.py").read_bytes():
                return folder
    return None


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
            text, origin = look_up(str(call.args[0].value), file.parent.parent / ".env")
            if text is not None:
                return Origin("environment") if origin == "environment" else Origin(".env", origin)
    return Origin("settings", f"{file}:{node.lineno}")


def import_object(dotted: str, settings: Settings, setting: str) -> Any:
    """Return what the dotted name ``package.module.name`` stands for, or raise `SettingsError` for ``setting``."""
    return import_dotted(dotted, setting, settings.origin(setting).source)
