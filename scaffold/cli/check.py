"""``scaffold check``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from scaffold.cli.findings import print_findings, print_github, print_json
from scaffold.cli.progress import working
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import ScaffoldError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scaffold.checks import Finding

__all__ = ["command", "findings_of"]

LEVELS = ("error", "warning", "note")


def command(
    ctx: typer.Context,
    deploy: Annotated[bool, typer.Option("--deploy", help="Also look for what matters where visitors come.")] = False,
    fail_on: Annotated[
        str, typer.Option(metavar="LEVEL", help="The least level that makes the exit status 1; error when left out.")
    ] = "error",
    only: Annotated[
        str, typer.Option(metavar="IDS", help="Show these alone: ids, or their beginnings, with commas between.")
    ] = "",
    skip: Annotated[str, typer.Option(metavar="IDS", help="Show all but these.")] = "",
    fix: Annotated[bool, typer.Option("--fix", help="Mend what has one safe mend, after showing it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Mend without asking.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again whenever a file is saved, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
    as_github: Annotated[bool, typer.Option("--github", help="Print annotations for GitHub's workflows.")] = False,
) -> None:
    """Look for mistakes before a visitor finds them."""
    workspace: Workspace = ctx.obj
    _refuse_level(fail_on)
    _refuse_together({"--json": as_json, "--github": as_github, "--fix": fix, "--watch": watch})
    _refuse_answers(fix=fix, yes=yes)
    known = _known_ids(workspace) if only or skip else ()
    wanted, unwanted = _prefixes("--only", only, known), _prefixes("--skip", skip, known)
    if watch:
        _watch(workspace, deploy=deploy, only=only, skip=skip)
    found, root = findings_of(workspace, deploy=deploy)
    findings = [item for item in found if _is_shown(item, wanted, unwanted)]
    if fix:
        from scaffold.cli.mending import mend

        findings = mend(findings, root, ask=not yes)
    show = print_json if as_json else print_github if as_github else print_findings
    show(findings, root)
    if any(LEVELS.index(finding.level) <= LEVELS.index(fail_on) for finding in findings):
        raise typer.Exit(1)


def _refuse_level(level: str) -> None:
    if level not in LEVELS:
        raise UsageError(f"--fail-on {level} is no level", hint=f"Write one of {', '.join(LEVELS)}.")


def _refuse_together(given: dict[str, bool]) -> None:
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise UsageError(f"{names[0]} and {names[1]} exclude each other", hint="Leave one of them out.")


def _refuse_answers(*, fix: bool, yes: bool) -> None:
    if yes and not fix:
        raise UsageError("--yes is for --fix", hint="Write --fix --yes, or leave --yes out.")
    if fix and not yes and not sys.stdin.isatty():
        raise UsageError("--fix asks before it writes, and there is no terminal", hint="Write --fix --yes.")


def _watch(workspace: Workspace, *, deploy: bool, only: str, skip: str) -> NoReturn:
    from scaffold.cli.check_watch import watch_project

    watch_project(workspace, [*(["--deploy"] if deploy else []), f"--only={only}", f"--skip={skip}"])


def _known_ids(workspace: Workspace) -> frozenset[str]:
    """Return all ids, and the names of the apps, with which the ids of their own checks begin."""
    from scaffold.checks.ids import IDS
    from scaffold.cli.written import written_setting
    from scaffold.discovery import discover
    from scaffold.plugins import APPS, offered

    project = workspace.project
    if project is None:
        return IDS
    with contextlib.suppress(ScaffoldError):
        plugins = offered(APPS, written_setting(project, "DISABLED_PLUGINS"))
        found = discover(project, written_setting(project, "INSTALLED_APPS"), plugins).found
        return IDS | {item.name for item in found}
    return IDS


def _prefixes(option: str, text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the ids, or beginnings of some, that ``text`` lists; raises `UsageError` for one that is none."""
    prefixes = tuple(part.strip() for part in text.split(",") if part.strip())
    for prefix in prefixes:
        if not any(_begins(name, prefix) or _begins(prefix, name) for name in known):
            words = {*known, *(name.partition(".")[0] for name in known)}
            hint = did_you_mean(prefix, sorted(words)) or "The reference lists the ids."
            raise UsageError(f"{option} {prefix} is no id of a check, and none begins with it", hint=hint)
    return prefixes


def _begins(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _is_shown(finding: Finding, wanted: Sequence[str], unwanted: Sequence[str]) -> bool:
    is_wanted = not wanted or any(_begins(finding.id, prefix) for prefix in wanted)
    return is_wanted and not any(_begins(finding.id, prefix) for prefix in unwanted)


def findings_of(workspace: Workspace, *, deploy: bool) -> tuple[list[Finding], Path]:
    """Return what the checks find in the project or the application, and its folder."""
    from scaffold.checks import check_project, run_checks

    if workspace.application is not None:
        return run_checks(workspace.application, deploy=deploy), workspace.application.root
    root = workspace.require_project()
    with working("Looking for mistakes"), contextlib.redirect_stdout(sys.stderr):  # what a module prints is no finding
        return check_project(root, deploy=deploy), root
