"""HTTP values: what comes in, what goes out, and the small parsers between."""

from scaffold.http.cookies import parse_cookies
from scaffold.http.errors import plain_error, prefers_json
from scaffold.http.files import FileResponse
from scaffold.http.forms import MultiDict
from scaffold.http.headers import Headers
from scaffold.http.request import Request, RequestApplication, current_request
from scaffold.http.response import JSONResponse, RedirectResponse, Response
from scaffold.http.session import Session
from scaffold.http.streaming import EventStreamResponse, ServerSentEvent, StreamingResponse
from scaffold.http.urls import is_safe_url
from scaffold.http.view import View

__all__ = [
    "EventStreamResponse",
    "FileResponse",
    "Headers",
    "JSONResponse",
    "MultiDict",
    "RedirectResponse",
    "Request",
    "RequestApplication",
    "Response",
    "ServerSentEvent",
    "Session",
    "StreamingResponse",
    "View",
    "current_request",
    "is_safe_url",
    "parse_cookies",
    "plain_error",
    "prefers_json",
]
