"""Findings as lines for people, as JSON, and as annotations of GitHub's workflows."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.cli.output import print_line, relative, styled

if TYPE_CHECKING:
    from scaffold.checks import Finding

__all__ = ["as_object", "counted", "line_of", "print_findings", "print_github", "print_json"]

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def print_json(findings: Iterable[Finding], root: Path) -> None:
    """Print the findings as a list of objects; see `as_object`."""
    import json

    print_line(json.dumps([as_object(finding, root) for finding in findings], indent=2))


def as_object(finding: Finding, root: Path) -> dict[str, Any]:
    """Return ``level``, ``id``, ``source``, ``file``, ``line``, ``message``, ``hint``, ``page`` and ``fix``.

    ``line`` is from 1, or None where the source has none. ``fix`` is None, or has ``file``, ``line``, ``old`` and
    ``new``. Files below ``root`` are relative to it.
    """
    file, line = finding.place
    fix = finding.fix
    return {
        "level": finding.level,
        "id": finding.id,
        "source": relative(finding.source, root),
        "file": relative(file, root),
        "line": line or None,
        "message": finding.message,
        "hint": finding.hint,
        "page": finding.page,
        "fix": None
        if fix is None
        else {"file": relative(fix.file, root), "line": fix.line, "old": fix.old, "new": fix.new},
    }


def print_findings(findings: Sequence[Finding], root: Path) -> None:
    """Print each finding with its place and hint, and how many there are of each level."""
    for finding in findings:
        print_line(line_of(finding.level, finding.id, relative(finding.source, root), finding.message))
        if finding.hint:
            print_line(f"    {finding.hint}")
    print_line(counted(finding.level for finding in findings))


def line_of(level: str, name: str, source: str, message: str) -> str:
    """Return the line for one finding."""
    return f"{source or '-'}: {styled(level, level, sys.stdout)} [{name}] {message}"


def counted(levels: Iterable[str]) -> str:
    """Return how many findings there are of each level."""
    counts = Counter(levels)
    found = ", ".join(f"{number} {level}{'s' if number != 1 else ''}" for level, number in counts.items())
    return found or "No mistakes found."


def print_github(findings: Sequence[Finding], root: Path) -> None:
    """Print each finding as a workflow command, which GitHub shows beside the line that it names.

    Files are named from the repository's folder, which is that of the variable GITHUB_WORKSPACE, else the current one.
    """
    base = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    for finding in findings:
        file, line = finding.place
        path = Path(file)
        name = path.relative_to(base).as_posix() if file and path.is_relative_to(base) else relative(file, root)
        properties = {"file": name, "line": str(line or ""), "title": finding.id}
        given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
        text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
        print_line(f"::{_COMMANDS[finding.level]} {given}::{_data(text)}")
    print_line(counted(finding.level for finding in findings))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
