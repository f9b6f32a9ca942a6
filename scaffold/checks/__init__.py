"""The checks behind ``scaffold check``: what can be known about a project before the first request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.apps import check_apps, check_commands
from scaffold.checks.finding import Finding, Level, finding_of
from scaffold.checks.modules import check_modules
from scaffold.checks.settings import check_settings
from scaffold.checks.templates import check_templates
from scaffold.checks.views import check_views
from scaffold.exceptions import AppLoadError, RoutingError, ScaffoldError, SettingsError

__all__ = ["Finding", "Level", "check_project", "run_checks"]

CHECKS: tuple[Callable[[Application], Iterable[Finding]], ...] = (
    check_settings,
    check_apps,
    check_modules,
    check_commands,
    check_views,
    check_templates,
)
_LEVELS = ("error", "warning", "note")
_LOAD_ERRORS = ((SettingsError, "settings.invalid"), (RoutingError, "routes.invalid"), (AppLoadError, "apps.import"))


def run_checks(app: Application) -> list[Finding]:
    """Return what all checks find, errors first."""
    findings = [finding for check in CHECKS for finding in check(app)]
    return sorted(findings, key=lambda finding: _LEVELS.index(finding.level))


def check_project(project: Path) -> list[Finding]:
    """Load the project and return what all checks find; a project that can't be loaded is one finding itself."""
    try:
        app = Application.from_project(project, strict=False)
    except ScaffoldError as error:
        kind = next((name for cls, name in _LOAD_ERRORS if isinstance(error, cls)), "project.invalid")
        return [finding_of(error, kind)]
    return run_checks(app)
