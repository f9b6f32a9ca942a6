"""How a command ends: its exit statuses, and what to do when nobody reads what it prints any more."""

from __future__ import annotations

import os
import sys

__all__ = ["EXIT_FAILURE", "EXIT_INTERRUPTED", "EXIT_USAGE", "reader_has_left"]

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""What a shell reports of a process that SIGINT ended: 128 and the signal's number."""


def reader_has_left() -> None:
    """Let standard output lead nowhere, so that Python's own last flush says nothing of a broken pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
