"""The secret keys that things are signed with."""

from __future__ import annotations

from scaffold.conf.settings import Settings
from scaffold.exceptions import SettingsError

__all__ = ["MIN_SECRET_CHARACTERS", "secret_keys"]

MIN_SECRET_CHARACTERS = 32

_HINT = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))', and put it into .env."


def secret_keys(settings: Settings, purpose: str) -> list[str]:
    """Return the keys whose signatures are believed; the last one, SECRET_KEY, signs.

    ``purpose`` is what needs them, for the message. Raises `SettingsError` for a key that is empty or short: whoever
    guesses it can sign.
    """
    _check("SECRET_KEY", settings.SECRET_KEY, settings, purpose, _HINT)
    for key in settings.SECRET_KEY_FALLBACKS:
        _check("SECRET_KEY_FALLBACKS", key, settings, purpose, "Take the key that is too short out of the list.")
    return [*reversed(settings.SECRET_KEY_FALLBACKS), settings.SECRET_KEY]


def _check(name: str, key: str, settings: Settings, purpose: str, hint: str) -> None:
    if len(key) < MIN_SECRET_CHARACTERS:
        fault = f"{name} has {len(key) or 'no'} characters, and {purpose} need {MIN_SECRET_CHARACTERS} or more"
        raise SettingsError(fault, source=settings.origin(name).source, hint=hint)
