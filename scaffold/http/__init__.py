"""HTTP values: what comes in, what goes out, and the small parsers between."""

from scaffold.http.cookies import parse_cookies
from scaffold.http.errors import plain_error, prefers_json
from scaffold.http.forms import MultiDict
from scaffold.http.headers import Headers
from scaffold.http.request import Request, RequestApplication, current_request
from scaffold.http.response import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from scaffold.http.view import View

__all__ = [
    "FileResponse",
    "Headers",
    "JSONResponse",
    "MultiDict",
    "RedirectResponse",
    "Request",
    "RequestApplication",
    "Response",
    "StreamingResponse",
    "View",
    "current_request",
    "parse_cookies",
    "plain_error",
    "prefers_json",
]
