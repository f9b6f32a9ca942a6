"""Are the static files there that templates name, and can they be collected?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import TemplateError, nodes

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.exceptions import StaticFilesError, did_you_mean
from scaffold.staticfiles import read_manifest
from scaffold.staticfiles.collecting import refuse_target
from scaffold.staticfiles.finding import walk

__all__ = ["check_static"]

_COLLECT = "Run: scaffold collectstatic"


def check_static(app: Application) -> Iterator[Finding]:
    """Yield a warning for each file that a template names by ``static("...")`` and that is not there.

    A STATIC_ROOT that is no place for collected files is an error; a collection that can't be used is one as well.
    """
    yield from _check_names(app)
    yield from _check_root(app)


def _check_names(app: Application) -> Iterator[Finding]:
    environment = app.templates.environment
    for template in app.templates.names():
        try:
            text, file, _ = (
                environment.loader.get_source(environment, template) if environment.loader else ("", "", None)
            )
            calls = [*environment.parse(text, template, file).find_all(nodes.Call)]
        except (TemplateError, UnicodeDecodeError, OSError):
            continue  # a finding of another check
        for call in calls:
            path = _named_file(call)
            if path is not None and app.static_files.find(path) is None:
                known = [name for folder in app.static_files.folders for name, _ in walk(folder)]
                hint = did_you_mean(path, known) or "Add the file, or mend the name."
                message = f"there is no static file {path!r}"
                yield Finding("warning", "static.missing", f"{file or template}:{call.lineno}", message, hint)


def _named_file(call: nodes.Call) -> str | None:
    """Return the path in ``static("path")`` or ``request.static("path")``; None for another call."""
    function = call.node
    name = function.attr if isinstance(function, nodes.Getattr) else getattr(function, "name", "")
    if name != "static" or len(call.args) != 1:
        return None
    value = call.args[0]
    return value.value if isinstance(value, nodes.Const) and isinstance(value.value, str) else None


def _check_root(app: Application) -> Iterator[Finding]:
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
