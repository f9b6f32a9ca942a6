"""Header fields that make browsers careful; a view that sets one of them itself keeps its own."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError, did_you_mean
from scaffold.http import Headers, Request, RequestApplication, Response
from scaffold.middleware.types import Handler

__all__ = ["security_fields", "security_headers"]

# Referrer Policy section 3, and HTML Standard section 7.1.3.1.
_REFERRER_POLICIES = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)
_OPENER_POLICIES = ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none")


def security_headers(handler: Handler, app: RequestApplication) -> Handler:
    """Add to every response the fields that `security_fields` makes of the settings."""
    fields = security_fields(app.settings)

    def handle(request: Request) -> Response:
        response = handler(request)
        response.headers.add_missing(fields)
        return response

    return handle


def security_fields(settings: Settings) -> Headers:
    """Return ``X-Content-Type-Options``, and what X_FRAME_OPTIONS and two SECURE settings say unless they are empty.

    Raises `SettingsError` for a policy that browsers don't know, and would take for none.
    """
    referrer, opener = settings.SECURE_REFERRER_POLICY, settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
    if referrer:  # a list has what older browsers know first, the last one known counts
        words = [word.strip() for word in referrer.split(",")]
        _check(settings, "SECURE_REFERRER_POLICY", words, _REFERRER_POLICIES)
    if opener:
        _check(settings, "SECURE_CROSS_ORIGIN_OPENER_POLICY", [opener], _OPENER_POLICIES)
    fields = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": referrer,
        "Cross-Origin-Opener-Policy": opener,
    }
    return Headers({name: value for name, value in fields.items() if value})


def _check(settings: Settings, name: str, words: Iterable[str], known: tuple[str, ...]) -> None:
    for word in words:
        if word not in known:
            raise SettingsError(
                f"{name} holds {word!r}, which browsers don't know",
                source=settings.origin(name).source,
                hint=did_you_mean(word, known) or f"Use one of {', '.join(known)}, or an empty text for none.",
            )
