"""The bounds of the server, all in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from scaffold.exceptions import SettingsError, did_you_mean

__all__ = ["Limits", "Pace"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost; each name ends in its unit, or counts what it names.

    ``request_line_bytes``, ``field_bytes``, ``fields``, ``head_bytes`` bound the head of a request, ``body_bytes`` its
    body, of which up to ``spool_bytes`` are kept in memory and more in a temporary file.

    ``head_seconds`` runs from a connection's start or a head's first byte to the head's end. ``body_seconds`` and
    ``write_seconds`` are the longest waits without progress, for the client to send its body and to take its answer;
    after so long, neither may be slower on the whole than ``rate_bytes`` a second. ``keep_alive_seconds`` is how long a
    connection may idle between two requests, ``linger_seconds`` how long a refused client may take to read why.
    ``grace_seconds`` is what a request in flight gets when the server stops.

    ``threads`` is how many requests are served at once, ``connections`` how many are open, ``backlog`` how many more
    wait in the kernel's queue.
    """

    request_line_bytes: int = 8190
    field_bytes: int = 8190
    fields: int = 100
    head_bytes: int = 65536
    body_bytes: int = 10 * 1024 * 1024
    spool_bytes: int = 512 * 1024
    rate_bytes: int = 500
    head_seconds: float = 10
    body_seconds: float = 60
    keep_alive_seconds: float = 15
    write_seconds: float = 60
    grace_seconds: float = 10
    linger_seconds: float = 1
    threads: int = 32
    connections: int = 1000
    backlog: int = 1024

    @classmethod
    def from_settings(cls, body_bytes: int, values: Mapping[str, float], *, source: str = "") -> Self:
        """Return the limits with some ``values`` of a project's own, by name.

        ``source`` is where they stand. Raises `SettingsError` for a name that is none, and for a value that is no
        positive number, or no whole one where things are counted.
        """
        known = {item.name: int if item.type == "int" else float for item in fields(cls)}
        # These two are settled otherwise: by MAX_BODY_BYTES, and before the settings are read.
        settable = [name for name in known if name not in {"body_bytes", "backlog"}]
        for name, value in values.items():
            if name not in settable:
                hint = did_you_mean(str(name), settable) or f"Those that may be set are {', '.join(settable)}."
                raise SettingsError(f"SERVER_LIMITS has no limit {name!r}", source=source, hint=hint)
            kinds = (int,) if known[name] is int else (int, float)
            if not isinstance(value, kinds) or isinstance(value, bool) or not value > 0:
                kind = "whole number" if known[name] is int else "number"
                hint = f"It must be a {kind} above 0."
                raise SettingsError(f"SERVER_LIMITS has {name} = {value!r}", source=source, hint=hint)
        return cls(**{"body_bytes": body_bytes, **values})  # type: ignore[arg-type]  # checked above


class Pace:
    """How long a transfer may go on: ``seconds`` without progress, and then no slower than ``rate`` bytes a second."""

    __slots__ = ("_moved", "_rate", "_seconds", "_started", "deadline")

    def __init__(self, seconds: float, rate: int, now: float) -> None:
        self._seconds = seconds
        self._rate = rate
        self._started = now
        self._moved = 0
        self.deadline = now + seconds

    def advance(self, count: int, now: float) -> None:
        """Count bytes that have moved at ``now``, which moves the ``deadline`` on the monotonic clock."""
        self._moved += count
        slowest = self._started + self._seconds + self._moved / self._rate
        self.deadline = min(now + self._seconds, slowest)
