"""Importing the application of a site from inside its folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["import_app"]


def import_app(reference: str) -> WSGIApplication:
    """Return the WSGI application ``module:name`` of the working folder.

    The folder takes the place of the benchmarks' own on ``sys.path``, so that none of their modules is in the way.
    """
    sys.path[0] = str(Path.cwd())
    module, _, name = reference.partition(":")
    app: WSGIApplication = getattr(importlib.import_module(module), name)
    return app
