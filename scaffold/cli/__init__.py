"""The command line: ``scaffold``, ``python -m scaffold``, and ``python manage.py`` inside a project.

What is asked for at every Tab key, and ``--version``, is answered here without Typer, whose import takes three times
as long as Python's own start.
"""

from __future__ import annotations

import sys

from scaffold.cli.completing import answer
from scaffold.cli.garbage import collect_rarely
from scaffold.cli.status import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE

TYPE_CHECKING = False  # type checkers take it for true; importing it would take longer than all else here
if TYPE_CHECKING:
    from pathlib import Path

    from scaffold.application import Application

__all__ = ["EXIT_FAILURE", "EXIT_INTERRUPTED", "EXIT_USAGE", "main", "manage"]


def main() -> None:
    """Run the command that ``sys.argv`` names on the project in or above the current folder."""
    if answer(sys.argv[1:]):
        return
    collect_rarely()
    from scaffold.cli.program import run_here

    run_here()


def manage(target: Path | Application) -> None:
    """Run the command that ``sys.argv`` names on a project's folder, or on the application of a single file."""
    if answer(sys.argv[1:]):
        return
    collect_rarely()
    from scaffold.cli.program import run_on

    run_on(target)
