"""Can every app and every command be imported and called, and is every folder under ``apps/`` an app?"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from scaffold.application import Application
from scaffold.apps import find_commands, load_command
from scaffold.checks.finding import Finding, finding_of
from scaffold.exceptions import AppLoadError, RoutingError

__all__ = ["check_apps", "check_commands"]

_NAMED = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}  # Typer passes all values by name


def check_apps(app: Application) -> Iterator[Finding]:
    """Yield an error for each app that can't be loaded, and a note for each folder that looks like one but is none."""
    for failed in app.failed:
        if failed.error is not None:
            is_route = isinstance(failed.error.__cause__, RoutingError)
            yield finding_of(failed.error, "routes.invalid" if is_route else "apps.import")
    for broken in app.discovery.broken:
        yield finding_of(broken, "apps.import")
    for skipped in app.discovery.skipped:
        if "has no" in skipped.reason:
            message = f"{skipped.path.name} is no app: {skipped.reason}"
            yield Finding("note", "apps.skipped", str(skipped.path), message, "Add the file, or move the folder away.")


def check_commands(app: Application) -> Iterator[Finding]:
    """Yield an error for each command that can't be imported or called, and for each name that several files claim."""
    files: defaultdict[str, list[Path]] = defaultdict(list)
    for command in find_commands(app.discovery.found):
        files[command.name].append(command.file)
        try:
            yield from _check_signature(command.name, load_command(command), f"{command.file}:1")
        except AppLoadError as error:
            yield finding_of(error, "commands.import")
    for name, function in app.commands.items():
        yield from _check_signature(name, function, str(app.root))
    for name, claims in files.items():
        if len(claims) > 1:
            message = f"the command {name!r} is in {' and in '.join(map(str, claims))}"
            yield Finding("error", "commands.duplicate", f"{claims[1]}:1", message, "Rename one of the files.")


def _check_signature(name: str, function: Callable[..., Any], file: str) -> Iterator[Finding]:
    reason = _unreadable(function)
    if reason:
        code = getattr(inspect.unwrap(function), "__code__", None)
        source = f"{code.co_filename}:{code.co_firstlineno}" if code else file
        message = f"the parameters of the command {name!r} can't be read: {reason}"
        hint = "Take named parameters of types that Typer knows, such as str, int, bool or Path."
        yield Finding("error", "commands.signature", source, message, hint)


def _unreadable(function: Callable[..., Any]) -> str:
    """Say why the command line can't call ``function``; empty when it can. Typer makes a command of it to find out."""
    trial = typer.Typer(add_completion=False)
    trial.command()(function)
    try:
        typer.main.get_command(trial)
        parameters = inspect.signature(function).parameters.values()
    except Exception as error:  # annotations are evaluated, and Typer has no class of its own for what it can't take
        return str(error)
    nameless = [str(parameter) for parameter in parameters if parameter.kind not in _NAMED]
    return f"{nameless[0]} is given no value by name" if nameless else ""
