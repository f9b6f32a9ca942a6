"""The checks behind ``scaffold check``: what can be known about a project before the first request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.application.collecting import paused_collection
from scaffold.checks.apps import check_apps, check_commands
from scaffold.checks.code import check_code
from scaffold.checks.csrf import check_exemptions
from scaffold.checks.deploy import check_deployment
from scaffold.checks.finding import LEVELS, Finding, Fix, Level, finding_of
from scaffold.checks.ids import IDS
from scaffold.checks.middleware import check_middleware
from scaffold.checks.modules import check_modules
from scaffold.checks.own import check_own
from scaffold.checks.settings import check_settings
from scaffold.checks.source import Sources
from scaffold.checks.static import check_static
from scaffold.checks.suppression import Suppressions
from scaffold.checks.template_files import TemplateFiles
from scaffold.checks.templates import check_templates
from scaffold.exceptions import AppLoadError, RoutingError, ScaffoldError, SettingsError

__all__ = ["Finding", "Fix", "Level", "check_project", "run_checks"]

Check = Callable[[Application], Iterable[Finding]]

_QUICK: tuple[Check, ...] = (check_apps, check_middleware, check_exemptions, check_static)
# These import or run what serving a page does not.
_SLOW: tuple[Check, ...] = (check_modules, check_commands, check_own)
_SLOW_IDS = ("modules.import", "commands.import", "commands.signature", "commands.duplicate", "checks.invalid")
_DEPLOY_PREFIX = "deploy."
_LOAD_ERRORS = ((SettingsError, "settings.invalid"), (RoutingError, "routes.invalid"), (AppLoadError, "apps.import"))


def run_checks(app: Application, *, deploy: bool = False, quick: bool = False) -> list[Finding]:
    """Return what all checks find, errors first; with ``deploy``, also what only matters where visitors come.

    With ``quick`` no module is imported that is not needed to serve: commands, modules that nothing else imports and
    the apps' own checks are left out.
    """
    sources, files = Sources(app), TemplateFiles(app)
    findings = [*check_settings(app, deploy=deploy)]
    findings += [finding for check in _QUICK for finding in check(app)]
    findings += check_code(app, sources)
    findings += check_templates(app, sources, files)
    findings += () if quick else _once(finding for check in _SLOW for finding in check(app))
    findings += check_deployment(app) if deploy else ()
    texts = {str(module.file): module.text for module in sources.modules}
    texts.update({template.file: template.text for template in files.by_name.values()})
    suppressions = Suppressions(texts, [item.name for item in app.apps])
    kept = suppressions.apply(findings, is_checked=lambda name: _is_checked(name, deploy=deploy, quick=quick))
    return sorted(kept, key=lambda finding: LEVELS.index(finding.level))


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings; a module of checks that can't be imported is a finding as a module already."""
    imports = set()
    for finding in findings:
        if finding.id == "modules.import":
            imports.add(finding.source)
        if finding.id != "checks.invalid" or finding.source not in imports:
            yield finding


def _is_checked(name: str, *, deploy: bool, quick: bool) -> bool:
    """Say whether a run looks for the findings of the id ``name``."""
    if name.startswith(_DEPLOY_PREFIX):
        return deploy
    return not quick or (name in IDS and name not in _SLOW_IDS)


def check_project(project: Path, *, deploy: bool = False) -> list[Finding]:
    """Load the project and return what all checks find; a project that can't be loaded is one finding itself."""
    with paused_collection():  # trees of code are many objects and no garbage
        try:
            app = Application.from_project(project, strict=False)
        except ScaffoldError as error:
            kind = next((name for cls, name in _LOAD_ERRORS if isinstance(error, cls)), "project.invalid")
            return [finding_of(error, kind)]
        return run_checks(app, deploy=deploy)
