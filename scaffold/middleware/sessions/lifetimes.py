"""How long a session lives."""

from __future__ import annotations

import time
from dataclasses import dataclass

from scaffold.http.session import SessionRecord

__all__ = ["Lifetime", "now"]

MAX_AGE_SECONDS = 30 * 24 * 3600  # of a session that lives as long as the browser is open, which no server knows
_REFRESHES = 10  # how often the time of the last look is written during an idle period, at most


def now() -> int:
    """Return the seconds since the epoch."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Lifetime:
    """``age_seconds`` count from the session's beginning, ``idle_seconds`` from when it was last written; 0 is none."""

    age_seconds: int
    idle_seconds: int

    def left(self, record: SessionRecord) -> int:
        """Return how many seconds the session has from now on; 0 or less when it is over."""
        moment = now()
        left = record.begun + (self.age_seconds or MAX_AGE_SECONDS) - moment
        return min(left, record.written + self.idle_seconds - moment) if self.idle_seconds else left

    def is_due(self, record: SessionRecord) -> bool:
        """Say whether a session that was only looked at must be written, so that its idle period begins anew.

        That is once in a tenth of the period, for a cookie in every answer would be much.
        """
        return self.idle_seconds > 0 and now() - record.written >= max(self.idle_seconds // _REFRESHES, 1)
