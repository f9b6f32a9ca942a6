"""Settings: frozen, typed, and each value knows where it came from."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

from scaffold.conf.rules import RULES
from scaffold.exceptions import SettingsError, did_you_mean

__all__ = ["Origin", "Settings", "known_settings"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting's value came from.

    ``kind`` is ``default``, ``settings``, ``environment``, ``.env`` or ``code``; ``source`` is the place, if any.
    """

    kind: str
    source: str = ""


@dataclass(frozen=True)
class Settings:
    """The settings of an application, frozen. What a project adds of its own is in ``extra`` and an attribute too."""

    DEBUG: bool = False
    SECRET_KEY: str = ""
    SECRET_KEY_FALLBACKS: Sequence[str] = ()
    ALLOWED_HOSTS: Sequence[str] = ()
    TRUSTED_PROXIES: Sequence[str] = ()
    INSTALLED_APPS: Sequence[str] = ()
    DISABLED_PLUGINS: Sequence[str] = ()
    MIDDLEWARE: Sequence[str | Callable[..., Any]] = ()
    CONTEXT_PROCESSORS: Sequence[str | Callable[..., Any]] = ()
    TEMPLATE_FILTERS: Mapping[str, str | Callable[..., Any]] = field(default_factory=dict)
    ERROR_HANDLERS: Mapping[int | str | type[BaseException], str | Callable[..., Any]] = field(default_factory=dict)
    CONVERTERS: Mapping[str, str | type] = field(default_factory=dict)
    STATIC_URL: str = "/static/"
    STATIC_ROOT: str = "public/static"
    MAX_BODY_BYTES: int = 10 * 1024 * 1024
    FORM_LIMITS: Mapping[str, int] = field(default_factory=dict)
    SERVER_LIMITS: Mapping[str, float] = field(default_factory=dict)
    SESSION_STORE: str = "cookie"
    SESSION_AGE_SECONDS: int = 14 * 24 * 3600
    SESSION_IDLE_SECONDS: int = 0
    SESSION_COOKIE_NAME: str = "session"
    SESSION_COOKIE_PATH: str = "/"
    SESSION_COOKIE_DOMAIN: str = ""
    SESSION_COOKIE_SECURE: bool | None = None
    SESSION_COOKIE_SAMESITE: Literal["Lax", "Strict", "None"] = "Lax"
    CSRF_COOKIE_NAME: str = "csrf"
    CSRF_HEADER_NAME: str = "X-CSRF-Token"
    CSRF_TRUSTED_ORIGINS: Sequence[str] = ()
    SECURE_SSL_REDIRECT: bool = False
    SECURE_REDIRECT_EXEMPT: Sequence[str] = ()
    SECURE_HSTS_SECONDS: int = 0
    SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = False
    SECURE_HSTS_PRELOAD: bool = False
    SECURE_REFERRER_POLICY: str = "same-origin"
    SECURE_CROSS_ORIGIN_OPENER_POLICY: str = "same-origin"
    X_FRAME_OPTIONS: str = "DENY"
    SECURE_CSP: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    SECURE_CSP_REPORT_ONLY: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    CORS_ALLOWED_ORIGINS: Sequence[str] = ()
    CORS_ALLOW_CREDENTIALS: bool = False
    CORS_ALLOW_METHODS: Sequence[str] = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
    CORS_ALLOW_HEADERS: Sequence[str] = ("Accept", "Authorization", "Content-Type", "X-CSRF-Token", "X-Requested-With")
    CORS_EXPOSE_HEADERS: Sequence[str] = ()
    CORS_MAX_AGE_SECONDS: int = 24 * 3600
    HEALTH_PATH: str = ""
    HEALTH_CHECKS: Mapping[str, str | Callable[..., Any]] = field(default_factory=dict)
    LOG_LEVEL: str = "INFO"
    LOG_FORMAT: Literal["text", "json"] = "text"
    LOGGING: Mapping[str, Any] = field(default_factory=dict)
    EDITOR_URL: str = "vscode"

    extra: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.__dict__.get("extra", ()):
            raise AttributeError(f"there is no setting {name}. {did_you_mean(name, self.names())}".strip())
        return self.extra[name]

    def names(self) -> Iterator[str]:
        """Yield the names of all settings, the project's own last."""
        yield from known_settings()
        yield from self.__dict__.get("extra", ())

    def origin(self, name: str) -> Origin:
        """Return where the value of ``name`` came from."""
        return self.origins.get(name, Origin("default"))

    def suspects(self) -> dict[str, str]:
        """Return the project's own settings whose names look like a slip for a known one, with that one."""
        near = {name: difflib.get_close_matches(name, known_settings(), n=1, cutoff=0.85) for name in self.extra}
        return {name: matches[0] for name, matches in near.items() if matches}

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, origins: Mapping[str, Origin] | None = None) -> Settings:
        """Make settings of a mapping with upper-case names.

        Raises `SettingsError` for a value of the wrong type.
        """
        origins = dict(origins or {name: Origin("code") for name in values})
        known = known_settings()
        for name, value in values.items():
            if name in known:
                _check_type(name, value, origins.get(name, Origin("code")).source)
        given = {name: _frozen(value) for name, value in values.items() if name in known}
        extra = {name: value for name, value in values.items() if name not in known}
        return cls(**given, extra=MappingProxyType(extra), origins=MappingProxyType(origins))


def known_settings() -> tuple[str, ...]:
    """Return the names of the settings that Scaffold itself reads."""
    return tuple(item.name for item in fields(Settings) if item.name.isupper())


def _check_type(name: str, value: object, source: str) -> None:
    rule = RULES[name]
    if not rule.accepts(value):
        raise SettingsError(f"{name} is {value!r}", source=source, hint=f"It must be {rule.wanted}.")


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(dict(value)) if isinstance(value, dict) else value
