"""What the checks of a development server have found last, for those that show it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from scaffold.checks.finding import Finding

__all__ = ["Board", "Posted"]


@dataclass(frozen=True, slots=True)
class Posted:
    """The findings of one run of the checks.

    ``time`` is when it ended, in seconds since the epoch, and 0 when there was none yet; ``seconds`` is how long it
    took.
    """

    findings: tuple[Finding, ...] = ()
    time: float = 0.0
    seconds: float = 0.0


class Board:
    """Holds the latest findings; any thread may post them and read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest = Posted()

    @property
    def latest(self) -> Posted:
        """What was posted last."""
        with self._lock:
            return self._latest

    def post(self, findings: Sequence[Finding], *, time: float, seconds: float) -> None:
        """Put up new findings in place of those before."""
        posted = Posted(tuple(findings), time, seconds)
        with self._lock:
            self._latest = posted
