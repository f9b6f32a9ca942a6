"""The checks behind ``scaffold check``: what can be known about a project before the first request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.apps import check_apps, check_commands
from scaffold.checks.csrf import check_exemptions
from scaffold.checks.deploy import check_deployment
from scaffold.checks.finding import Finding, Level, finding_of
from scaffold.checks.modules import check_modules
from scaffold.checks.settings import check_settings
from scaffold.checks.static import check_static
from scaffold.checks.templates import check_templates
from scaffold.checks.views import check_views
from scaffold.exceptions import AppLoadError, RoutingError, ScaffoldError, SettingsError

__all__ = ["Finding", "Level", "check_project", "run_checks"]

CHECKS: tuple[Callable[[Application], Iterable[Finding]], ...] = (
    check_apps,
    check_modules,
    check_commands,
    check_views,
    check_exemptions,
    check_templates,
    check_static,
)
_LEVELS = ("error", "warning", "note")
_LOAD_ERRORS = ((SettingsError, "settings.invalid"), (RoutingError, "routes.invalid"), (AppLoadError, "apps.import"))


def run_checks(app: Application, *, deploy: bool = False) -> list[Finding]:
    """Return what all checks find, errors first; with ``deploy``, also what only matters where visitors come."""
    findings = [*check_settings(app, deploy=deploy)]
    findings += [finding for check in CHECKS for finding in check(app)]
    findings += check_deployment(app) if deploy else ()
    return sorted(findings, key=lambda finding: _LEVELS.index(finding.level))


def check_project(project: Path, *, deploy: bool = False) -> list[Finding]:
    """Load the project and return what all checks find; a project that can't be loaded is one finding itself."""
    try:
        app = Application.from_project(project, strict=False)
    except ScaffoldError as error:
        kind = next((name for cls, name in _LOAD_ERRORS if isinstance(error, cls)), "project.invalid")
        return [finding_of(error, kind)]
    return run_checks(app, deploy=deploy)
