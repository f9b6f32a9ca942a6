"""Header fields that make browsers careful; a view that sets one of them itself keeps its own."""

from __future__ import annotations

from scaffold.http import Headers, Request, Response
from scaffold.middleware.types import Handler

__all__ = ["SECURITY_HEADERS", "security_headers"]

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def security_headers(handler: Handler) -> Handler:
    """Add the fields of `SECURITY_HEADERS` to every response."""

    fields = Headers(SECURITY_HEADERS)

    def handle(request: Request) -> Response:
        response = handler(request)
        response.headers.add_missing(fields)
        return response

    return handle
