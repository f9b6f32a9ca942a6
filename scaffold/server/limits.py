"""The bounds of the server, all in one place."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost; each name ends in its unit, or counts what it names.

    ``request_line_bytes``, ``field_bytes``, ``fields``, ``head_bytes`` bound the head of a request, ``body_bytes`` its
    body. ``head_seconds`` runs from a connection's start or a head's first byte to the head's end, ``body_seconds``
    and ``write_seconds`` are the longest waits without progress, ``keep_alive_seconds`` is how long a connection may
    idle between two requests. ``grace_seconds`` is what a request in flight gets when the server stops.

    ``drain_bytes`` and ``drain_seconds`` say how much of a body that the application left unread is read away to keep
    the connection; ``linger_seconds`` is how long a refused client may take to read why, before the connection closes.
    """

    request_line_bytes: int = 8190
    field_bytes: int = 8190
    fields: int = 100
    head_bytes: int = 65536
    body_bytes: int = 10 * 1024 * 1024
    head_seconds: float = 10
    body_seconds: float = 60
    keep_alive_seconds: float = 15
    write_seconds: float = 60
    grace_seconds: float = 10
    linger_seconds: float = 1
    drain_seconds: float = 1
    drain_bytes: int = 65536
    threads: int = 32
    connections: int = 1000
    backlog: int = 1024
