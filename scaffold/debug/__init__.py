"""What a developer is told about an error: `Report` is the data, the functions make pages and texts of it.

The names are imported when they are first used, since most runs have no error to report.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaffold.debug.editors import editor_link
    from scaffold.debug.missing import missing_response
    from scaffold.debug.pages import error_application, report_response, report_text
    from scaffold.debug.report import Report, error_files

__all__ = [
    "Report",
    "editor_link",
    "error_application",
    "error_files",
    "missing_response",
    "report_response",
    "report_text",
]

_HOME_OF = {
    "Report": "report",
    "editor_link": "editors",
    "error_application": "pages",
    "error_files": "report",
    "missing_response": "missing",
    "report_response": "pages",
    "report_text": "pages",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
