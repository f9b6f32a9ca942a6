"""``scaffold check --watch``: the checks again at each change, in a fresh interpreter each time."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from scaffold.cli.findings import counted, line_of
from scaffold.cli.output import print_line
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import ScaffoldError, UsageError

__all__ = ["watch_project"]

Found = dict[str, Any]


def watch_project(workspace: Workspace, options: Sequence[str]) -> NoReturn:
    """Print the findings, and what is new and what is gone after each change, until Ctrl-C.

    Raises `ScaffoldError` when the folder can't be watched.
    """
    from scaffold.reload.watcher import Watcher

    command, root = _command(workspace, options)
    changes: queue.SimpleQueue[object] = queue.SimpleQueue()
    watcher = Watcher(root, changes.put, print_line)
    try:
        watcher.start()
    except OSError as error:
        raise ScaffoldError(f"{root} can't be watched: {error.strerror}", hint="Leave --watch out.") from error
    try:
        _watch(command, root, changes)
    finally:
        watcher.stop()


def _command(workspace: Workspace, options: Sequence[str]) -> tuple[list[str], Path]:
    given = ["check", "--json", *options]
    if workspace.application is None:
        return [sys.executable, "-m", "scaffold", *given], workspace.require_project()
    if workspace.file is None or not workspace.file.is_file():
        raise UsageError("--watch needs a file that it can start again", hint="Leave --watch out.")
    return [sys.executable, str(workspace.file), *given], workspace.file.parent


def _watch(command: Sequence[str], root: Path, changes: queue.SimpleQueue[object]) -> NoReturn:
    before = _check(command, root)
    for item in before or ():
        _print_item(item)
    _print_summary(before)
    print_line("Watching for changes (Ctrl-C stops).")
    while True:
        changes.get()
        while not changes.empty():
            changes.get()
        after = _check(command, root)
        if after is not None:
            _print_difference(before or [], after)
            before = after
        _print_summary(after)


def _check(command: Sequence[str], root: Path) -> list[Found] | None:
    """Return what is found now; None, with a line about it, where the checks themselves came to nothing."""
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    try:
        found: list[Found] = json.loads(done.stdout)
    except ValueError:
        print_line(done.stderr.rstrip() or f"The checks ended with status {done.returncode}.")
        return None
    return found


def _key(item: Found) -> tuple[str, str, str]:
    """Return what makes a finding the same one, although its line has moved."""
    return item["id"], item["file"], item["message"]


def _print_difference(before: Sequence[Found], after: Sequence[Found]) -> None:
    old, new = Counter(map(_key, before)), Counter(map(_key, after))
    gone, come = old - new, new - old
    for items, left, word in ((before, gone, "gone"), (after, come, "new")):
        for item in items:
            if left[_key(item)] > 0:
                left[_key(item)] -= 1
                _print_item(item, f"{word}: ")


def _print_item(item: Found, prefix: str = "") -> None:
    print_line(prefix + line_of(item["level"], item["id"], item["source"], item["message"]))
    if item["hint"] and prefix != "gone: ":
        print_line(f"    {item['hint']}")


def _print_summary(found: Sequence[Found] | None) -> None:
    if found is not None:
        print_line(f"{time.strftime('%H:%M:%S')} {counted(item['level'] for item in found)}")
