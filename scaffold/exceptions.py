"""Every error that Scaffold raises.

ScaffoldError                 a mistake that somebody can mend: where, why, and what to do
├── UsageError                a command was called in a way that it can't serve
│   └── ProjectNotFoundError  a command that needs a project was called outside of one
├── GenerationError           startproject or startapp can't write what was asked for
│   ├── InvalidNameError      the name can't name a project or an app
│   └── TargetExistsError     files would be overwritten
├── SettingsError             .env or settings.py is wrong
├── AppLoadError              the code of an app can't be imported
├── RoutingError              a route is wrong
│   ├── RouteConflictError    two routes claim one URL or one name
│   └── ReverseError          no URL can be built from this name and these values
├── ViewError                 a view is wrong, or returned what no response can be made of
├── StaticFilesError          static files can't be collected
└── ServerError               the server can't be started
    └── AddressInUseError     another process listens on the address

HTTPError                     an answer with an error status, raised from anywhere in a view
ClientGoneError               the client closed the connection, so that there is nobody to answer
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

__all__ = [
    "AddressInUseError",
    "AppLoadError",
    "ClientGoneError",
    "GenerationError",
    "HTTPError",
    "InvalidNameError",
    "ProjectNotFoundError",
    "ReverseError",
    "RouteConflictError",
    "RoutingError",
    "ScaffoldError",
    "ServerError",
    "SettingsError",
    "StaticFilesError",
    "TargetExistsError",
    "UsageError",
    "ViewError",
    "did_you_mean",
]


class ScaffoldError(Exception):
    """A mistake that somebody can mend.

    ``cause`` is one line that says what is wrong, ``hint`` one line that says what to do, ``source`` the place
    (``file:line``, or a file) where the mistake was made; the last two may be empty.
    """

    def __init__(self, cause: str, *, hint: str = "", source: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint
        self.source = source

    def __str__(self) -> str:
        place = f"{self.source}: " if self.source else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{place}{self.cause}{hint}"


class UsageError(ScaffoldError):
    """A command was called in a way that it can't serve."""


class ProjectNotFoundError(UsageError):
    """A command that needs a project was called outside of one."""


class GenerationError(ScaffoldError):
    """Files can't be generated as asked for."""


class InvalidNameError(GenerationError):
    """The name can't name a project or an app."""


class TargetExistsError(GenerationError):
    """Files would be overwritten; ``paths`` holds all of them."""

    def __init__(self, cause: str, *, paths: Iterable[Path], hint: str = "") -> None:
        super().__init__(cause, hint=hint)
        self.paths = tuple(paths)


class SettingsError(ScaffoldError):
    """A value in ``.env`` or in the settings module is missing or wrong."""


class AppLoadError(ScaffoldError):
    """The code of an app can't be imported; ``__cause__`` is what the import raised."""


class RoutingError(ScaffoldError):
    """A route is wrong."""


class RouteConflictError(RoutingError):
    """Two routes claim the same URL or the same name; the message names both places."""


class ReverseError(RoutingError):
    """No URL can be built from this name and these values."""


class ViewError(ScaffoldError):
    """A view is wrong, or returned what no response can be made of."""


class StaticFilesError(ScaffoldError):
    """Static files can't be collected, or what was collected can't be read."""


class ServerError(ScaffoldError):
    """The server can't be started."""


class AddressInUseError(ServerError):
    """Another process listens on the address."""


class HTTPError(Exception):
    """An answer with an error status, raised from anywhere in a view.

    ``status`` is 400 to 599, ``detail`` a sentence for the client (the status's own phrase when empty), ``headers``
    are sent with the answer. Raises ``ValueError`` for a status that is no error.
    """

    def __init__(self, status: int, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"an HTTPError needs a status from 400 to 599, not {status!r}")
        super().__init__(status, detail)
        self.status = status
        self.detail = detail or reason_phrase(status)
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return f"{self.status} {self.detail}"


class ClientGoneError(ConnectionResetError):
    """The client closed the connection, or stopped taking what it asked for. Never raised for anything else."""


@lru_cache(maxsize=600)
def reason_phrase(status: int) -> str:
    """Return the standard phrase of ``status`` (RFC 9110 section 15), or ``"Unknown Status"`` for one without."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Status"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"Did you mean 'x'?"`` for the known word nearest to ``word``, or ``""`` when none is near."""
    nearest = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {nearest[0]!r}?" if nearest else ""
