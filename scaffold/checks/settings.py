"""Do the settings make sense?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.finding import Finding, Level
from scaffold.conf import SETTINGS_FILE

__all__ = ["MIN_SECRET_CHARACTERS", "check_settings"]

HOST_VALIDATION = "scaffold.middleware.hosts.validate_host"
MIN_SECRET_CHARACTERS = 32
MIN_DISTINCT_CHARACTERS = 8


def check_settings(app: Application) -> Iterator[Finding]:
    """Yield what is doubtful about SECRET_KEY, ALLOWED_HOSTS, MIDDLEWARE, and names that look like a slip."""
    yield from _check_secret_key(app)
    yield from _check_hosts(app)
    settings = app.settings
    if settings.MAX_BODY_BYTES <= 0:
        source = _place(app, "MAX_BODY_BYTES")
        yield Finding("error", "settings.max-body", source, "MAX_BODY_BYTES refuses every body", "Give it some bytes.")
    for name, known in settings.suspects().items():
        source = _place(app, name)
        yield Finding("warning", "settings.unknown", source, f"{name} is no setting", f"Did you mean {known!r}?")


def _place(app: Application, name: str) -> str:
    """Return where the setting is, or should be: the settings file's first line for one that nobody has assigned.

    An application without such a file has its folder.
    """
    source, file = app.settings.origin(name).source, app.root / SETTINGS_FILE
    if source or not file.is_file():
        return source or str(app.root)
    return f"{file}:{_line_of(name, file)}"


def _line_of(name: str, file: Path) -> int:
    assigned = re.compile(rf"{name}\s*[:=]")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if assigned.match(line)), 1)


def _check_secret_key(app: Application) -> Iterator[Finding]:
    key = app.settings.SECRET_KEY
    if not key and not (app.apps or app.failed):
        return  # a single file has a key when it has something to sign
    level: Level = "warning" if app.settings.DEBUG else "error"
    source = _place(app, "SECRET_KEY")
    if len(key) < MIN_SECRET_CHARACTERS or len(set(key)) < MIN_DISTINCT_CHARACTERS:
        fault = "SECRET_KEY is empty" if not key else "SECRET_KEY is too easy to guess"
        hint = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))', and put it into .env."
        yield Finding(level, "settings.secret-key", source, fault, hint)


def _check_hosts(app: Application) -> Iterator[Finding]:
    settings = app.settings
    source = _place(app, "ALLOWED_HOSTS")
    if not settings.DEBUG and not settings.ALLOWED_HOSTS and HOST_VALIDATION in settings.MIDDLEWARE:
        fault = "ALLOWED_HOSTS is empty while DEBUG is off, so every request is refused"
        yield Finding("error", "settings.allowed-hosts", source, fault, "Name the hosts that this site answers to.")
    if "*" in settings.ALLOWED_HOSTS:
        fault = "ALLOWED_HOSTS lets every host pass, so links can be built from a forged one"
        yield Finding("warning", "settings.allowed-hosts", source, fault, "Name the hosts that this site answers to.")
    for host in settings.ALLOWED_HOSTS:
        if "/" in host or ":" in host.rpartition("]")[2]:
            fault = f"{host!r} in ALLOWED_HOSTS is no host name"
            yield Finding("error", "settings.allowed-hosts", source, fault, "Leave out the scheme, the port, the path.")
