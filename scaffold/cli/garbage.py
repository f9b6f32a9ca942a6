"""Python's collector of garbage, which takes a tenth of a short command's time and finds next to nothing."""

from __future__ import annotations

import gc

__all__ = ["collect_as_usual", "collect_rarely", "spare_the_last_collection"]

OBJECTS_BETWEEN_COLLECTIONS = 100_000
_USUAL = gc.get_threshold()


def collect_rarely() -> None:
    """Let many more objects be made between two collections than Python's own rule has it."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *_USUAL[1:])


def collect_as_usual() -> None:
    """Return to Python's own rule."""
    gc.set_threshold(*_USUAL)


def spare_the_last_collection() -> None:
    """Let the process end without looking through all that it has loaded."""
    gc.freeze()
