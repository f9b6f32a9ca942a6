"""A path that tells a load balancer or a container's host whether the site is well."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping

from scaffold.conf import Settings, import_object
from scaffold.exceptions import SettingsError
from scaffold.http import JSONResponse, Request, RequestApplication, Response
from scaffold.middleware.types import Handler

__all__ = ["health"]

_METHODS = frozenset({"GET", "HEAD"})
_UNCACHED = {"Cache-Control": "no-store"}

_log = logging.getLogger("scaffold.health")


def health(handler: Handler, app: RequestApplication) -> Handler:
    """Answer GET and HEAD of HEALTH_PATH: 200 when all HEALTH_CHECKS pass, else 503 with the names of those that fail.

    A check takes nothing, and fails when it raises or returns False; why, the log says and not the answer. No line is
    written to the server's access log. Raises `SettingsError`.
    """
    settings = app.settings
    checks = _checks(settings)
    path = settings.HEALTH_PATH
    if not path:
        return handler

    def handle(request: Request) -> Response:
        if request.environ.get("PATH_INFO") != path or request.method not in _METHODS:
            return handler(request)
        request.environ["scaffold.quiet"] = True
        failed = [name for name, check in checks.items() if not _passes(name, check)]
        if failed:
            return JSONResponse({"status": "failing", "failed": failed}, 503, headers=_UNCACHED)
        return JSONResponse({"status": "ok"}, headers=_UNCACHED)

    return handle


def _checks(settings: Settings) -> Mapping[str, Callable[[], object]]:
    checks = {}
    for name, item in settings.HEALTH_CHECKS.items():
        check = import_object(item, settings, "HEALTH_CHECKS") if isinstance(item, str) else item
        if not isinstance(name, str) or not callable(check) or inspect.iscoroutinefunction(check):
            raise SettingsError(
                f"HEALTH_CHECKS holds {name!r}: {item!r}, which can't be asked",
                source=settings.origin("HEALTH_CHECKS").source,
                hint="A check is a function without arguments, not async, or its dotted name.",
            )
        checks[name] = check
    return checks


def _passes(name: str, check: Callable[[], object]) -> bool:
    try:
        passes = check() is not False
    except Exception:
        _log.exception("the health check %r failed", name)
        return False
    if not passes:
        _log.error("the health check %r returned False", name)
    return passes
