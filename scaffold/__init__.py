"""Scaffold: a small web framework with a project structure, a direct interface and a management CLI of its own.

The public names are imported when they are first used, so that the command line starts without the whole framework.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; importing it would cost half of what ``--version`` may take
if TYPE_CHECKING:
    from typing import Any

    from scaffold.application import Application
    from scaffold.application.mounting import mount, redirect_to
    from scaffold.conf import Settings, env
    from scaffold.decorators import cache_control, etag, no_store, require_methods
    from scaffold.exceptions import HTTPError, ScaffoldError
    from scaffold.http import (
        EventStreamResponse,
        FileResponse,
        JSONResponse,
        RedirectResponse,
        Request,
        Response,
        ServerSentEvent,
        StreamingResponse,
        View,
        is_safe_url,
    )
    from scaffold.http.uploads import UploadedFile
    from scaffold.middleware.csrf import csrf_exempt
    from scaffold.middleware.messages import flash
    from scaffold.routing import Converter, host, include, path
    from scaffold.shortcuts import abort, redirect, render, stream_template, url_for

__version__ = "0.1.0"

__all__ = [
    "Application",
    "Converter",
    "EventStreamResponse",
    "FileResponse",
    "HTTPError",
    "JSONResponse",
    "RedirectResponse",
    "Request",
    "Response",
    "ScaffoldError",
    "ServerSentEvent",
    "Settings",
    "StreamingResponse",
    "UploadedFile",
    "View",
    "__version__",
    "abort",
    "cache_control",
    "csrf_exempt",
    "env",
    "etag",
    "flash",
    "host",
    "include",
    "is_safe_url",
    "mount",
    "no_store",
    "path",
    "redirect",
    "redirect_to",
    "render",
    "require_methods",
    "stream_template",
    "url_for",
]

_HOMES = {
    "application": ("Application",),
    "application.mounting": ("mount", "redirect_to"),
    "conf": ("Settings", "env"),
    "decorators": ("cache_control", "etag", "no_store", "require_methods"),
    "exceptions": ("HTTPError", "ScaffoldError"),
    "http": (
        "EventStreamResponse",
        "FileResponse",
        "JSONResponse",
        "RedirectResponse",
        "Request",
        "Response",
        "ServerSentEvent",
        "StreamingResponse",
        "View",
        "is_safe_url",
    ),
    "http.uploads": ("UploadedFile",),
    "middleware.csrf": ("csrf_exempt",),
    "middleware.messages": ("flash",),
    "routing": ("Converter", "host", "include", "path"),
    "shortcuts": ("abort", "redirect", "render", "stream_template", "url_for"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'scaffold' has no attribute {name!r}")
    value = getattr(__import__(f"scaffold.{_HOME_OF[name]}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
