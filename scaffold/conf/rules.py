"""What the value of each setting must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["RULES", "Rule"]

_PATH_BETWEEN_SLASHES = re.compile(r"/(?:[^/]+/)*")


class Rule(NamedTuple):
    """What a value must satisfy, and how an error message says it: ``It must be {wanted}.``"""

    accepts: Callable[[object], bool]
    wanted: str


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _is_dict(value: object) -> bool:
    return isinstance(value, dict | MappingProxyType)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _is_url_prefix(value: object) -> bool:
    return isinstance(value, str) and _PATH_BETWEEN_SLASHES.fullmatch(value) is not None


def _one_of(*allowed: object) -> Callable[[object], bool]:
    return lambda value: any(value is item or (isinstance(value, str) and value == item) for item in allowed)


def _is_policy(value: object) -> bool:
    """Say whether this is a policy: texts, or lists of texts, by the names of directives."""
    if not isinstance(value, dict | MappingProxyType):
        return False
    return all(isinstance(name, str) and (_is_text(item) or _are_texts(item)) for name, item in value.items())


_flag = Rule(lambda value: isinstance(value, bool), "True or False")
_text = Rule(_is_text, "a text")
_texts = Rule(_are_texts, "a list of texts")
_seconds = Rule(_is_count, "a number of seconds, 0 or more")
_policy = Rule(_is_policy, "a dict of directives, such as {'default-src': [\"'self'\"]}")
_log_levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

RULES: Mapping[str, Rule] = {
    "DEBUG": _flag,
    "SECRET_KEY": _text,
    "SECRET_KEY_FALLBACKS": _texts,
    "ALLOWED_HOSTS": _texts,
    "TRUSTED_PROXIES": Rule(_are_texts, "a list of addresses and networks, such as ['10.0.0.0/8']"),
    "INSTALLED_APPS": Rule(_are_texts, "a list of dotted packages"),
    "DISABLED_PLUGINS": Rule(_are_texts, "a list of distributions' names"),
    "MIDDLEWARE": Rule(_is_list, "a list of dotted names"),
    "CONTEXT_PROCESSORS": Rule(_is_list, "a list of dotted names"),
    "TEMPLATE_FILTERS": Rule(_is_dict, "a dict of names and functions, such as {'money': 'apps.shop.texts.money'}"),
    "ERROR_HANDLERS": Rule(
        _is_dict, "a dict of handlers by status or exception, such as {404: 'apps.home.views.gone'}"
    ),
    "CONVERTERS": Rule(_is_dict, "a dict of names and converter classes"),
    "STATIC_URL": Rule(_is_url_prefix, "a path with slashes around it, such as '/static/'"),
    "STATIC_ROOT": _text,
    "MAX_BODY_BYTES": Rule(_is_number, "a number of bytes"),
    "FORM_LIMITS": Rule(_is_dict, "a dict of limits and numbers, such as {'fields': 2000}"),
    "SERVER_LIMITS": Rule(_is_dict, "a dict of limits and numbers, such as {'connections': 2000}"),
    "SESSION_STORE": Rule(_is_text, "'cookie', or the URL of a store such as 'redis://localhost:6379/0'"),
    "SESSION_AGE_SECONDS": _seconds,
    "SESSION_IDLE_SECONDS": _seconds,
    "SESSION_COOKIE_NAME": _text,
    "SESSION_COOKIE_PATH": _text,
    "SESSION_COOKIE_DOMAIN": _text,
    "SESSION_COOKIE_SECURE": Rule(_one_of(True, False, None), "True, False, or None for: as the request"),
    "SESSION_COOKIE_SAMESITE": Rule(_one_of("Lax", "Strict", "None"), "'Lax', 'Strict' or 'None'"),
    "CSRF_COOKIE_NAME": _text,
    "CSRF_HEADER_NAME": _text,
    "CSRF_TRUSTED_ORIGINS": Rule(_are_texts, "a list of origins, such as ['https://shop.example.com']"),
    "SECURE_SSL_REDIRECT": _flag,
    "SECURE_REDIRECT_EXEMPT": Rule(_are_texts, "a list of paths, such as ['/up/']"),
    "SECURE_HSTS_SECONDS": _seconds,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": _flag,
    "SECURE_HSTS_PRELOAD": _flag,
    "SECURE_REFERRER_POLICY": _text,
    "SECURE_CROSS_ORIGIN_OPENER_POLICY": _text,
    "X_FRAME_OPTIONS": Rule(_one_of("DENY", "SAMEORIGIN", ""), "'DENY', 'SAMEORIGIN' or an empty text"),
    "SECURE_CSP": _policy,
    "SECURE_CSP_REPORT_ONLY": _policy,
    "CORS_ALLOWED_ORIGINS": Rule(_are_texts, "a list of origins, such as ['https://app.example.com'], or ['*']"),
    "CORS_ALLOW_CREDENTIALS": _flag,
    "CORS_ALLOW_METHODS": _texts,
    "CORS_ALLOW_HEADERS": _texts,
    "CORS_EXPOSE_HEADERS": _texts,
    "CORS_MAX_AGE_SECONDS": _seconds,
    "HEALTH_PATH": Rule(lambda value: value == "" or _is_url_prefix(value), "a path such as '/up/', or an empty text"),
    "HEALTH_CHECKS": Rule(_is_dict, "a dict of names and functions, such as {'cache': 'apps.home.health.cache'}"),
    "LOG_LEVEL": Rule(_one_of(*_log_levels), f"one of {', '.join(_log_levels)}"),
    "LOG_FORMAT": Rule(_one_of("text", "json"), "'text' or 'json'"),
    "LOGGING": Rule(_is_dict, "a dict that logging.config.dictConfig takes"),
    "EDITOR_URL": Rule(_is_text, "the name of an editor, a URL with {path} in it, or an empty text"),
}
