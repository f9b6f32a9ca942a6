"""``scaffold check --fix``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scaffold.cli.output import print_line, relative, styled
from scaffold.exceptions import ScaffoldError

if TYPE_CHECKING:
    from scaffold.checks import Finding
    from scaffold.checks.fixes import Edit

__all__ = ["mend"]

_DIFF_STYLES = {"-": "error", "+": "note", "@": "dim"}


def mend(findings: Sequence[Finding], root: Path, *, ask: bool) -> list[Finding]:
    """Show the safe mends of ``findings`` as a diff, make them when they are wanted, and return the findings left.

    Raises `ScaffoldError` for a file that can't be written.
    """
    from scaffold.checks.fixes import plan_edits

    edits = plan_edits(findings, root)
    if not edits:
        print_line("Nothing here can be mended without knowing what is meant.")
        return [*findings]
    for edit in edits:
        for line in edit.diff(root).splitlines():
            print_line(styled(line, _DIFF_STYLES.get(line[:1], "bold"), sys.stdout) if line[:1] != " " else line)
    if ask and not typer.confirm("Make these changes?"):
        return [*findings]
    mended: list[Finding] = []
    for edit in edits:
        mended += _write(edit, root)
    print_line(f"{len(mended)} mended.")
    return [finding for finding in findings if not any(finding is other for other in mended)]


def _write(edit: Edit, root: Path) -> tuple[Finding, ...]:
    from scaffold.checks.fixes import write_edit

    name = relative(str(edit.path), root)
    try:
        if write_edit(edit):
            return edit.findings
    except OSError as error:
        raise ScaffoldError(
            f"{name} can't be written: {error.strerror}", hint="Mend the file's permissions, or mend it by hand."
        ) from error
    print_line(f"{name} has changed meanwhile and is left as it is.")
    return ()
