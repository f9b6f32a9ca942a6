"""Do the settings make sense?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.finding import Finding, Fix, Level, finding_of
from scaffold.checks.fixes import only_near, word_fix
from scaffold.conf import SETTINGS_FILE, Settings, import_object, known_settings
from scaffold.conf.keys import MIN_SECRET_CHARACTERS
from scaffold.exceptions import SettingsError
from scaffold.routing import Match

__all__ = ["MIN_SECRET_CHARACTERS", "check_settings", "is_weak", "place_of"]

HOST_VALIDATION = "scaffold.middleware.hosts.validate_host"
MIN_DISTINCT_CHARACTERS = 8


def check_settings(app: Application, *, deploy: bool = False) -> Iterator[Finding]:
    """Yield what is doubtful about SECRET_KEY, ALLOWED_HOSTS, MIDDLEWARE, and names that look like a slip.

    With ``deploy`` DEBUG counts as off.
    """
    settings = app.settings
    is_public = deploy or not settings.DEBUG
    yield from _check_secret_key(app, is_public=is_public)
    yield from _check_hosts(app, is_public=is_public)
    if settings.MAX_BODY_BYTES <= 0:
        source = place_of(app, "MAX_BODY_BYTES")
        yield Finding("error", "settings.max-body", source, "MAX_BODY_BYTES refuses every body", "Give it some bytes.")
    yield from _check_health(app)
    for name, known in settings.suspects().items():
        source = place_of(app, name)
        yield Finding(
            "warning",
            "settings.unknown",
            source,
            f"{name} is no setting",
            f"Did you mean {known!r}?",
            _renamed(source, name, known, settings),
        )


def _check_health(app: Application) -> Iterator[Finding]:
    """Yield an error for a route behind HEALTH_PATH, and for each of HEALTH_CHECKS that can't be imported.

    All other settings that name functions are followed when the application is made, and these by their middleware,
    which may not be there yet.
    """
    path = app.settings.HEALTH_PATH
    found = app.resolve(path) if path else None
    if isinstance(found, Match) and found.route in app.routes:
        message = f"HEALTH_PATH is {path!r}, so nobody reaches the route {found.route.path} ({found.route.source})"
        hint = "Give one of the two another path."
        yield Finding("error", "settings.health-path", place_of(app, "HEALTH_PATH"), message, hint)
    for item in app.settings.HEALTH_CHECKS.values():
        if isinstance(item, str):
            try:
                import_object(item, app.settings, "HEALTH_CHECKS")
            except SettingsError as error:
                yield finding_of(error, "settings.invalid")


def _renamed(source: str, name: str, known: str, settings: Settings) -> Fix | None:
    """Return the mend for a slip, unless the setting that was meant is there as well."""
    file, _, line = source.rpartition(":")
    is_free = not settings.origin(known).source and only_near(name, known_settings()) == known
    return word_fix(file, int(line), name, known) if is_free and line.isdigit() else None


def place_of(app: Application, name: str) -> str:
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


def _check_secret_key(app: Application, *, is_public: bool) -> Iterator[Finding]:
    key = app.settings.SECRET_KEY
    if not key and not (app.apps or app.failed):
        return  # a single file has a key when it has something to sign
    level: Level = "error" if is_public else "warning"
    source = place_of(app, "SECRET_KEY")
    if is_weak(key):
        fault = "SECRET_KEY is empty" if not key else "SECRET_KEY is too easy to guess"
        hint = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))', and put it into .env."
        yield Finding(level, "settings.secret-key", source, fault, hint)


def is_weak(key: str) -> bool:
    """Say whether a secret key is short, or made of few characters."""
    return len(key) < MIN_SECRET_CHARACTERS or len(set(key)) < MIN_DISTINCT_CHARACTERS


def _check_hosts(app: Application, *, is_public: bool) -> Iterator[Finding]:
    settings = app.settings
    source = place_of(app, "ALLOWED_HOSTS")
    if is_public and not settings.ALLOWED_HOSTS and HOST_VALIDATION in settings.MIDDLEWARE:
        fault = "ALLOWED_HOSTS is empty while DEBUG is off, so every request is refused"
        yield Finding("error", "settings.allowed-hosts", source, fault, "Name the hosts that this site answers to.")
    if "*" in settings.ALLOWED_HOSTS:
        fault = "ALLOWED_HOSTS lets every host pass, so links can be built from a forged one"
        yield Finding("warning", "settings.allowed-hosts", source, fault, "Name the hosts that this site answers to.")
    for host in settings.ALLOWED_HOSTS:
        if "/" in host or ":" in host.rpartition("]")[2]:
            fault = f"{host!r} in ALLOWED_HOSTS is no host name"
            yield Finding("error", "settings.allowed-hosts", source, fault, "Leave out the scheme, the port, the path.")
