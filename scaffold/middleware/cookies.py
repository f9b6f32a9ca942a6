"""Cookies that middleware sets: their names and attributes, made once from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError
from scaffold.http import Request, Response
from scaffold.http.caching import has_directive, list_items
from scaffold.http.cookies import MAX_COOKIE_BYTES, SameSite, format_cookie
from scaffold.http.headers import TOKEN

__all__ = ["Cookie", "CookiePair", "keep_private"]

_PREFIXES = ("__host-", "__secure-")
_LIFETIME = 10**10  # seconds, for the longest text that Max-Age can have
_SHARED = frozenset({"public", "s-maxage", "proxy-revalidate"})  # what lets shared caches keep an answer


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie, ``HttpOnly``, with all but its value and its age."""

    name: str
    secure: bool
    path: str = "/"
    domain: str = ""
    samesite: SameSite = "Lax"

    def read(self, request: Request) -> str:
        """Return what the client sent, or an empty text."""
        return request.cookies.get(self.name, "")

    def set(self, response: Response, value: str, max_age: int | None) -> None:
        """Send ``value``, for ``max_age`` seconds or as long as the browser is open."""
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            path=self.path,
            domain=self.domain,
            secure=self.secure,
            samesite=self.samesite,
        )
        keep_private(response)

    def delete(self, response: Response) -> None:
        """Make the client forget it."""
        self.set(response, "", 0)

    def room(self) -> int:
        """Return how many bytes the value may have."""
        empty = format_cookie(
            self.name,
            "",
            max_age=_LIFETIME,
            path=self.path,
            domain=self.domain,
            secure=self.secure,
            samesite=self.samesite,
        )
        return MAX_COOKIE_BYTES - len(empty)


@dataclass(frozen=True, slots=True)
class CookiePair:
    """The cookie under HTTPS, where its name keeps other hosts from setting it, and the one without.

    The names are those of RFC 6265bis section 4.1.3. ``is_secure`` None stands for: as the request came.
    """

    over_https: Cookie
    plain: Cookie
    is_secure: bool | None = None

    @classmethod
    def named(
        cls,
        setting: str,
        settings: Settings,
        *,
        path: str = "/",
        domain: str = "",
        samesite: SameSite = "Lax",
        is_secure: bool | None = None,
    ) -> CookiePair:
        """Make the pair whose name is in ``setting``; raises `SettingsError` for one that browsers would refuse."""
        name: str = getattr(settings, setting)
        source = settings.origin(setting).source
        if not TOKEN.fullmatch(name) or name.lower().startswith(_PREFIXES):
            hint = "Use letters, digits, - and _; the prefix __Host- is added under HTTPS."
            raise SettingsError(f"{setting} is {name!r}", source=source, hint=hint)
        prefix = "__Host-" if path == "/" and not domain else "__Secure-"
        pair = cls(
            Cookie(f"{prefix}{name}", True, path, domain, samesite),
            Cookie(name, False, path, domain, samesite),
            is_secure,
        )
        try:
            pair.over_https.room()
        except ValueError as error:
            raise SettingsError(f"{setting} makes no cookie: {error}", source=source) from None
        return pair

    def fitting(self, request: Request) -> Cookie:
        """Return the cookie for the way in which ``request`` came."""
        is_secure = request.scheme == "https" if self.is_secure is None else self.is_secure
        return self.over_https if is_secure else self.plain


def keep_private(response: Response) -> None:
    """Keep shared caches from giving one client's cookie to another; the view's other directives stay."""
    if has_directive(response.headers, "no-store") or has_directive(response.headers, "private"):
        return
    given = list_items(response.headers.getlist("Cache-Control"))
    kept = [item for item in given if item.partition("=")[0].rstrip().lower() not in _SHARED]
    response.headers["Cache-Control"] = ", ".join([*kept, "private"])
