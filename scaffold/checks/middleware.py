"""Does each middleware stand once, and where it does what it is for?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.checks.settings import place_of
from scaffold.routing import dotted_name

__all__ = ["check_middleware", "middleware_modules"]

_OURS = "scaffold.middleware."

# (outer, inner, why): the outer one comes first in MIDDLEWARE.
_ORDER = (
    ("request_ids", "hosts", "what the other logs has no id"),
    ("hosts", "https", "the redirect is made of a host that nobody has checked"),
    ("hosts", "csrf", "origins are compared with a host that nobody has checked"),
    ("security", "csrf", "the page of a refusal has no security headers"),
    ("csp", "csrf", "the page of a refusal has no policy"),
    ("cors", "csrf", "a preflight is refused before it is answered"),
    ("https", "sessions", "a cookie is read from a request that is redirected"),
    ("compression", "sessions", "an answer is compressed before anything knows that it sets a cookie"),
    ("compression", "csrf", "an answer is compressed before anything knows that it sets a cookie"),
    ("compression", "etags", "a tag is made of bytes that differ with Accept-Encoding"),
    ("health", "hosts", "a load balancer that asks by address is refused"),
)


def check_middleware(app: Application) -> Iterator[Finding]:
    """Yield a warning for each name that MIDDLEWARE holds twice, and for two that stand in the wrong order."""
    place = place_of(app, "MIDDLEWARE")
    for name, count in Counter(_names(app)).items():
        if count > 1:
            message = f"MIDDLEWARE holds {name} {count} times"
            yield Finding("warning", "middleware.duplicate", place, message, "Take out all but one.")
    modules = middleware_modules(app)
    for outer, inner, why in _ORDER:
        if outer in modules and inner in modules and modules.index(outer) > modules.index(inner):
            if outer == "health" and not app.settings.HEALTH_PATH:
                continue
            message = f"in MIDDLEWARE {_OURS}{outer} comes after {_OURS}{inner}: {why}"
            hint = f"Put {outer} before {inner}."
            yield Finding("warning", "middleware.order", place, message, hint)


def middleware_modules(app: Application) -> list[str]:
    """Return the modules of Scaffold's own middleware in MIDDLEWARE, such as ``hosts``, from top to bottom."""
    return [name.removeprefix(_OURS).partition(".")[0] for name in _names(app) if name.startswith(_OURS)]


def _names(app: Application) -> list[str]:
    return [item if isinstance(item, str) else dotted_name(item) for item in app.settings.MIDDLEWARE]
