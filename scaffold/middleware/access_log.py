"""The access log as log records, the same under every server: one a request, with its id."""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from scaffold.http import Request, RequestApplication, Response
from scaffold.middleware.types import Handler

__all__ = ["access_log"]

_PATH_CHARACTERS = "/:@!$&'()*+,;=~"  # what a path has as it is, RFC 3986 section 3.3

_log = logging.getLogger("scaffold.access")


def access_log(handler: Handler, app: RequestApplication) -> Handler:
    """Log method, path, status, milliseconds and the client of each request at the level INFO.

    The time is that until the response is made, not until it is sent. Scaffold's own server writes no second line. With
    DEBUG on it costs nothing, for a developer's server has a log of its own.
    """
    if app.settings.DEBUG:
        return handler

    def handle(request: Request) -> Response:
        begin = time.perf_counter()
        response = handler(request)
        if not request.environ.get("scaffold.quiet"):
            request.environ["scaffold.quiet"] = True
            _write(request, response.status, round((time.perf_counter() - begin) * 1000, 1))
        return response

    return handle


def _write(request: Request, status: int, milliseconds: float) -> None:
    # Percent-encoded, so that it forges no line and no field; without the query, which may hold what no log should.
    path = quote(request.environ.get("PATH_INFO", ""), safe=_PATH_CHARACTERS, encoding="latin-1")
    fields = {
        "remote_addr": request.remote_addr,
        "method": request.method,
        "path": path,
        "status": status,
        "duration_ms": milliseconds,
        "route": request.route_name,
    }
    _log.info("%s %s %s %s ms", request.method, path, status, milliseconds, extra=fields)
