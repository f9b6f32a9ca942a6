"""What the Python code of a project tells by itself: one reading of it, for all checks that look at code."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.application import Application
from scaffold.checks.blocking import check_blocking
from scaffold.checks.endpoints import endpoints_of
from scaffold.checks.exposure import check_exposure
from scaffold.checks.finding import Finding
from scaffold.checks.imports import check_imports
from scaffold.checks.returns import check_returns
from scaffold.checks.routes import check_routes
from scaffold.checks.source import Sources
from scaffold.checks.urls import check_names
from scaffold.checks.views import check_annotations, check_parameters

__all__ = ["check_code"]


def check_code(app: Application, sources: Sources | None = None) -> Iterator[Finding]:
    """Yield what is doubtful in views, in the names in code, in imports between apps, and in what others can see."""
    sources = sources or Sources(app)
    endpoints = endpoints_of(sources)
    yield from check_routes(app)
    yield from check_parameters(endpoints)
    yield from check_annotations(endpoints, sources)
    yield from check_returns(endpoints, sources)
    yield from check_blocking(endpoints, sources)
    yield from check_names(sources)
    yield from check_imports(sources)
    yield from check_exposure(app, sources)
