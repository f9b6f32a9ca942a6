"""The control channel between the processes: one JSON object a line, and file descriptors beside it.

A channel is also a life line. Only the supervisor holds the other end of a nursery's or a worker's channel, so its end
of input means that the supervisor is gone, however that happened.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

__all__ = ["CAN_PASS_DESCRIPTORS", "Channel", "Message"]

CAN_PASS_DESCRIPTORS = hasattr(socket, "send_fds")
SEND_SECONDS = 5.0
_RECEIVE_BYTES = 65536
_MOST_DESCRIPTORS = 64


@dataclass(frozen=True, slots=True)
class Message:
    """What one process tells another: its kind, its fields, and the descriptors that travelled with it."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()


class Channel:
    """One end of a control channel. Any thread may send; it waits for room, at most ``SEND_SECONDS``."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(SEND_SECONDS)
        self.connection = connection
        self._lock = threading.Lock()
        self._pending = b""
        self._descriptors: deque[int] = deque()

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Return this process's end, and the socket for the other process."""
        mine, other = socket.socketpair()
        return cls(mine), other

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self.connection.fileno()

    def send(self, kind: str, *, descriptors: Sequence[int] = (), **fields: Any) -> bool:
        """Send a message, and copies of the descriptors. Return False when the other process listens no more."""
        line = json.dumps({"kind": kind, "descriptors": len(descriptors), "fields": fields}).encode() + b"\n"
        try:
            with self._lock:
                if descriptors:
                    sent = socket.send_fds(self.connection, [line], list(descriptors))
                    line = line[sent:]
                self.connection.sendall(line)
        except OSError:
            return False
        return True

    def receive(self) -> list[Message] | None:
        """Read what has arrived and return its whole messages; None at the end of input."""
        try:
            data, descriptors = self._read()
        except TimeoutError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self._descriptors.extend(descriptors)
        *lines, self._pending = (self._pending + data).split(b"\n")
        return [self._message(line) for line in lines]

    def _read(self) -> tuple[bytes, list[int]]:
        if not CAN_PASS_DESCRIPTORS:
            return self.connection.recv(_RECEIVE_BYTES), []
        data, descriptors, _flags, _address = socket.recv_fds(self.connection, _RECEIVE_BYTES, _MOST_DESCRIPTORS)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return data, descriptors

    def _message(self, line: bytes) -> Message:
        content = json.loads(line)
        # The kernel may drop descriptors when this process has no room for them; the message arrives all the same.
        count = min(content["descriptors"], len(self._descriptors))
        return Message(content["kind"], content["fields"], tuple(self._descriptors.popleft() for _ in range(count)))

    def close(self) -> None:
        """Close this end, and the descriptors that nobody took."""
        self.connection.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
