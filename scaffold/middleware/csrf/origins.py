"""Origins (RFC 6454): who sent a request, and whom this site trusts."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError
from scaffold.http import Request

__all__ = ["TrustedOrigins", "origin_of", "own_origin"]

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_TRUSTED = re.compile(
    r"(?P<scheme>https?)://(?P<wildcard>\*\.)?(?P<host>[a-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9a-f:.]+\](?::[0-9]{1,5})?)"
)

_ORIGIN = re.compile(r"https?://[a-z0-9._-]+(?::[0-9]{1,5})?")


def own_origin(request: Request) -> str:
    """Return the origin that ``request`` was sent to."""
    return _normal(request.scheme, request.host.lower())


def origin_of(url: str) -> str:
    """Return the origin of a URL such as a ``Referer`` holds; an empty text for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_plain = parts.scheme in _DEFAULT_PORTS and parts.netloc and "@" not in parts.netloc
    return _normal(parts.scheme, parts.netloc.lower()) if is_plain else ""


def _normal(scheme: str, host: str) -> str:
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ''))}"


class TrustedOrigins:
    """The origins of CSRF_TRUSTED_ORIGINS; ``https://*.example.com`` stands for all names below. `SettingsError`."""

    def __init__(self, settings: Settings) -> None:
        self._exact: set[str] = set()
        self._below: list[tuple[str, str]] = []
        for text in settings.CSRF_TRUSTED_ORIGINS:
            found = _TRUSTED.fullmatch(text.lower())
            if found is None:
                raise SettingsError(
                    f"CSRF_TRUSTED_ORIGINS holds {text!r}, which is no origin",
                    source=settings.origin("CSRF_TRUSTED_ORIGINS").source,
                    hint="Write the scheme and the host, such as 'https://shop.example.com' or 'https://*.example.com'.",
                )
            origin = _normal(found["scheme"], found["host"])
            if found["wildcard"]:
                scheme, _, host = origin.partition("://")
                self._below.append((f"{scheme}://", f".{host}"))
            else:
                self._exact.add(origin)

    def hold(self, origin: str) -> bool:
        """Say whether ``origin`` is one of them."""
        return origin in self._exact or any(
            _ORIGIN.fullmatch(origin) is not None and origin.startswith(scheme) and origin.endswith(name)
            for scheme, name in self._below
        )
