"""Can every module of the project be imported, also those that nothing has imported so far?"""

from __future__ import annotations

import contextlib
import importlib
import logging
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.checks.source import CONFIG, is_own
from scaffold.conf import find_project
from scaffold.exceptions import ScaffoldError

__all__ = ["check_modules"]

# What is not imported: tests are pytest's, commands have a check of their own, and a program runs when it is imported.
_LEFT_OUT = frozenset({"__main__", "commands", "conftest", "test", "testing", "tests"})


def check_modules(app: Application) -> Iterator[Finding]:
    """Import every module of the project's apps and of ``config``; yield an error for each that fails.

    One that fails at the place of another finding is no second one. Packages that are installed from elsewhere are
    their makers' business.
    """
    reported = {failed.error.source for failed in app.failed if failed.error is not None}
    for name, file in _modules_of(app):
        try:
            with _quiet():
                importlib.import_module(name)
        except (Exception, SystemExit) as error:
            finding = _finding(name, file, error, app.root)
            if finding.source not in reported:
                reported.add(finding.source)
                yield finding


def _modules_of(app: Application) -> Iterator[tuple[str, Path]]:
    for found in app.discovery.found:
        if is_own(str(found.folder), app.root):
            yield from _modules(found.package, found.folder)
    if find_project(app.root) == app.root:
        yield from _modules(CONFIG, app.root / CONFIG)


def _modules(package: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and the file of each module of ``package`` and of the packages below it, by name."""
    for info in pkgutil.iter_modules([str(folder)]):
        if info.name in _LEFT_OUT or info.name.startswith("test_") or not info.name.isidentifier():
            continue
        name = f"{package}.{info.name}"
        if info.ispkg:
            yield name, folder / info.name / "__init__.py"
            yield from _modules(name, folder / info.name)
        else:
            yield name, folder / f"{info.name}.py"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep off standard error what the application says of itself when ``config/wsgi.py`` loads it once more."""
    logger, silence = logging.getLogger(__name__.partition(".")[0]), logging.NullHandler()
    propagates = logger.propagate
    logger.addHandler(silence)
    logger.propagate = False  # neither to the handler of the root logger
    try:
        yield
    finally:
        logger.propagate = propagates
        logger.removeHandler(silence)


def _finding(name: str, file: Path, error: BaseException, root: Path) -> Finding:
    if isinstance(error, ScaffoldError):
        cause, place, hint = error.cause, error.source, error.hint
    else:
        reason = str(error.msg if isinstance(error, SyntaxError) else error)
        cause, place, hint = f"{type(error).__name__}: {reason}", _place(error, root), "Mend that line."
    message = f"the module {name} can't be imported: {cause}"
    return Finding("error", "modules.import", place or f"{file}:1", message, hint or "Mend the module.")


def _place(error: BaseException, root: Path) -> str:
    """Return ``file:line`` of wrong syntax, else the innermost place in the project's own code, else an empty text."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    place, traceback = "", error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if is_own(file, root):
            place = f"{file}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
