"""The plain answer for an error status: a small page, or JSON for a client that prefers it."""

from __future__ import annotations

from html import escape

from scaffold.exceptions import HTTPError, reason_phrase
from scaffold.http.request import Request
from scaffold.http.response import JSONResponse, Response

__all__ = ["plain_error", "prefers_json"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{status} {reason}</title>
</head>
<body>
<h1>{status} {reason}</h1>
<p>{detail}</p>
</body>
</html>
"""


def prefers_json(request: Request) -> bool:
    """Say whether the client likes JSON better than HTML."""
    return request.prefers("text/html", "application/json") == "application/json"


def plain_error(request: Request, error: HTTPError) -> Response:
    """Return the answer for ``error`` that needs nothing of a project."""
    reason = reason_phrase(error.status)
    if prefers_json(request):
        data = {"status": error.status, "error": reason, "detail": error.detail}
        return JSONResponse(data, error.status, headers=error.headers)
    page = _PAGE.format(status=error.status, reason=escape(reason), detail=escape(error.detail))
    return Response(page, error.status, headers=error.headers)
