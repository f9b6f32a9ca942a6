"""``scaffold check``."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold.cli.output import print_line, relative, styled
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import UsageError

if TYPE_CHECKING:
    from scaffold.checks import Finding

__all__ = ["command", "findings_of"]

LEVELS = ("error", "warning", "note")


def command(
    ctx: typer.Context,
    deploy: Annotated[bool, typer.Option("--deploy", help="Also look for what matters where visitors come.")] = False,
    fail_on: Annotated[
        str, typer.Option(metavar="LEVEL", help="The least level that makes the exit status 1; error when left out.")
    ] = "error",
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """Look for mistakes before a visitor finds them."""
    if fail_on not in LEVELS:
        raise UsageError(f"--fail-on {fail_on} is no level", hint=f"Write one of {', '.join(LEVELS)}.")
    findings, root = findings_of(ctx.obj, deploy=deploy)
    if as_json:
        print_json(findings, root)
    else:
        print_findings(findings, root)
    if any(LEVELS.index(finding.level) <= LEVELS.index(fail_on) for finding in findings):
        raise typer.Exit(1)


def findings_of(workspace: Workspace, *, deploy: bool) -> tuple[list[Finding], Path]:
    """Return what the checks find in the project or the application, and its folder."""
    from scaffold.checks import check_project, run_checks

    if workspace.application is not None:
        return run_checks(workspace.application, deploy=deploy), workspace.application.root
    root = workspace.require_project()
    with contextlib.redirect_stdout(sys.stderr):  # what a module prints as it is imported is no finding
        return check_project(root, deploy=deploy), root


def print_json(findings: list[Finding], root: Path) -> None:
    """Print the findings as a list of objects with level, id, source, message and hint."""
    import dataclasses
    import json

    objects = [{**dataclasses.asdict(item), "source": relative(item.source, root)} for item in findings]
    print_line(json.dumps(objects, indent=2))


def print_findings(findings: list[Finding], root: Path) -> None:
    """Print each finding with its place and hint, and how many there are of each level."""
    for finding in findings:
        level = styled(finding.level, finding.level, sys.stdout)
        print_line(f"{relative(finding.source, root) or '-'}: {level} [{finding.id}] {finding.message}")
        if finding.hint:
            print_line(f"    {finding.hint}")
    counts = Counter(finding.level for finding in findings)
    found = ", ".join(f"{number} {level}{'s' if number != 1 else ''}" for level, number in counts.items())
    print_line(found if found else "No mistakes found.")
