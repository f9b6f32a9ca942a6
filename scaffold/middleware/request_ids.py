"""Request ids: one name for a request in the log, in the answer, and at the proxy in front."""

from __future__ import annotations

from scaffold.http import Request, Response
from scaffold.middleware.types import Handler

__all__ = ["request_ids"]


def request_ids(handler: Handler) -> Handler:
    """Send ``request.id`` as ``X-Request-ID`` with every response, error pages included."""

    def handle(request: Request) -> Response:
        response = handler(request)
        response.headers["X-Request-ID"] = request.id
        return response

    return handle
