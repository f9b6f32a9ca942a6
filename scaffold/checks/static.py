"""Can static files be collected, and is what was collected of use?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.exceptions import StaticFilesError
from scaffold.staticfiles import read_manifest
from scaffold.staticfiles.collecting import refuse_target

__all__ = ["check_static"]

_COLLECT = "Run: scaffold collectstatic"


def check_static(app: Application) -> Iterator[Finding]:
    """Yield an error for a STATIC_ROOT that is no place for collected files, and for a collection that is of no use."""
    settings = app.settings
    target = app.root / settings.STATIC_ROOT
    source = settings.origin("STATIC_ROOT").source or str(app.root)
    try:
        refuse_target(target, app.root, app.static_files.folders)
    except StaticFilesError as error:
        yield Finding("error", "static.root", source, error.cause, error.hint)
        return
    yield from _check_manifest(target, settings.STATIC_URL)


def _check_manifest(target: Path, static_url: str) -> Iterator[Finding]:
    try:
        manifest = read_manifest(target)
    except StaticFilesError as error:
        yield Finding("error", "static.manifest", error.source, error.cause, error.hint)
        return
    if manifest is not None and manifest.static_url != static_url:
        message = f"static files were collected for STATIC_URL {manifest.static_url!r}, which is {static_url!r} now"
        yield Finding("error", "static.manifest", str(target), message, _COLLECT)
