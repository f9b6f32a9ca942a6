"""Can every app and every command be imported, and is every folder under ``apps/`` an app?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.apps import find_commands, load_command
from scaffold.checks.finding import Finding, finding_of
from scaffold.exceptions import AppLoadError

__all__ = ["check_apps", "check_commands"]


def check_apps(app: Application) -> Iterator[Finding]:
    """Yield an error for each app that can't be loaded, and a note for each folder that looks like one but is none."""
    for failed in app.failed:
        if failed.error is not None:
            yield finding_of(failed.error, "apps.import")
    for skipped in app.discovery.skipped:
        if "has no" in skipped.reason:
            message = f"{skipped.path.name} is no app: {skipped.reason}"
            yield Finding("note", "apps.skipped", str(skipped.path), message, "Add the file, or move the folder away.")


def check_commands(app: Application) -> Iterator[Finding]:
    """Yield an error for each command that can't be imported, and for each name that several files claim."""
    files: defaultdict[str, list[Path]] = defaultdict(list)
    for command in find_commands(app.discovery.found):
        files[command.name].append(command.file)
        try:
            load_command(command)
        except AppLoadError as error:
            yield finding_of(error, "commands.import")
    for name, claims in files.items():
        if len(claims) > 1:
            message = f"the command {name!r} is in {' and in '.join(map(str, claims))}"
            yield Finding("error", "commands.duplicate", f"{claims[1]}:1", message, "Rename one of the files.")
