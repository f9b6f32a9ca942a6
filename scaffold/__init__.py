"""Scaffold: a small web framework with a project structure, a direct interface and a management CLI of its own.

The public names are imported when they are first used, so that the command line starts without the whole framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.conf import Settings, env
    from scaffold.exceptions import HTTPError, ScaffoldError
    from scaffold.http import (
        FileResponse,
        JSONResponse,
        RedirectResponse,
        Request,
        Response,
        StreamingResponse,
        View,
    )
    from scaffold.routing import Converter, include, path
    from scaffold.shortcuts import abort, redirect, render, url_for

__version__ = "0.1.0"

__all__ = [
    "Application",
    "Converter",
    "FileResponse",
    "HTTPError",
    "JSONResponse",
    "RedirectResponse",
    "Request",
    "Response",
    "ScaffoldError",
    "Settings",
    "StreamingResponse",
    "View",
    "__version__",
    "abort",
    "env",
    "include",
    "path",
    "redirect",
    "render",
    "url_for",
]

_HOMES = {
    "application": ("Application",),
    "conf": ("Settings", "env"),
    "exceptions": ("HTTPError", "ScaffoldError"),
    "http": ("FileResponse", "JSONResponse", "RedirectResponse", "Request", "Response", "StreamingResponse", "View"),
    "routing": ("Converter", "include", "path"),
    "shortcuts": ("abort", "redirect", "render", "url_for"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'scaffold' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"scaffold.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
