"""An app's own checks: the function ``checks(app)`` in its ``checks.py``."""

from __future__ import annotations

import importlib
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.apps import App
from scaffold.checks.finding import LEVELS, Finding

__all__ = ["check_own"]

_ID = re.compile(r"[a-z0-9_]+\.[a-z0-9-]+")
_HINT = "Write def checks(app) that returns or yields findings, or remove the file."


def check_own(app: Application) -> Iterator[Finding]:
    """Yield what the checks of the apps themselves find.

    A ``checks.py`` that can't be imported, whose function raises, or that gives what is no finding of its app is an
    error itself, and stops none of the others.
    """
    for item in app.apps:
        file = item.folder / "checks.py"
        if file.is_file():
            yield from _findings_of(item, file, app)


def _findings_of(item: App, file: Path, app: Application) -> Iterator[Finding]:
    try:
        module = importlib.import_module(f"{item.package}.checks")
    except (Exception, SystemExit) as error:
        yield _failed(f"the checks of {item.name} can't be imported", error, file)
        return
    if not callable(getattr(module, "checks", None)):
        message = f"the checks of {item.name} have no function 'checks'"
        yield Finding("error", "checks.invalid", f"{file}:1", message, _HINT)
        return
    try:
        found = [*module.checks(app)]
    except (Exception, SystemExit) as error:
        yield _failed(f"the checks of {item.name} failed", error, file)
        return
    for finding in found:
        fault = _fault(finding, item)
        yield Finding("error", "checks.invalid", f"{file}:1", fault, _HINT) if fault else finding


def _failed(what: str, error: BaseException, file: Path) -> Finding:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) else frames[-1].lineno if frames else 1
    message = f"{what}: {type(error).__name__}: {error}"
    return Finding("error", "checks.invalid", f"{file}:{line or 1}", message, "Mend that line.")


def _fault(finding: object, item: App) -> str:
    """Say why what a check gave is no finding of its app; empty when it is one."""
    if not isinstance(finding, Finding):
        return f"the checks of {item.name} gave {finding!r}, which is no Finding"
    if not (_ID.fullmatch(finding.id) and finding.id.startswith(f"{item.name}.")):
        return f"the checks of {item.name} gave the id {finding.id!r}, which does not begin with '{item.name}.'"
    if finding.level not in LEVELS:
        return f"the checks of {item.name} gave the level {finding.level!r}, which is none of {', '.join(LEVELS)}"
    return ""
