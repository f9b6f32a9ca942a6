"""Entity tags for pages: a client that has the very same bytes already gets 304 (RFC 9110 section 13)."""

from __future__ import annotations

from scaffold.http import Request, Response
from scaffold.http.caching import has_directive
from scaffold.http.conditional import etag_of_bytes
from scaffold.middleware.types import Handler

__all__ = ["etags"]


def etags(handler: Handler) -> Handler:
    """Give each whole body of a 200 to GET or HEAD an ``ETag`` made of its bytes, and honour the request's conditions.

    The page is made all the same; what is saved is sending it. A tag of the view's own stays. A stream, and what must
    not be stored (``no-store``), gets none.
    """

    def handle(request: Request) -> Response:
        response = handler(request)
        if response.status == 200 and request.method in {"GET", "HEAD"}:
            if "etag" not in response.headers and _is_whole(request, response):
                response.headers["ETag"] = etag_of_bytes(response.body)
            response.make_conditional(request)
        return response

    return handle


def _is_whole(request: Request, response: Response) -> bool:
    """Say whether ``body`` is what a client would keep; a view may answer HEAD without making it."""
    if response.is_streamed or has_directive(response.headers, "no-store"):
        return False
    return request.method == "GET" or bool(response.body)
