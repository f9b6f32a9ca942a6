"""``scaffold startproject``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scaffold.cli.output import print_line, styled
from scaffold.exceptions import UsageError

__all__ = ["command"]


def command(
    name: Annotated[str, typer.Argument(help="The project's name, such as mysite or my-site.")],
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Its folder; NAME when left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")] = False,
    run: Annotated[bool, typer.Option("--run", help="Serve the new project at once.")] = False,
) -> None:
    """Make a new project that runs, passes its tests and can be deployed."""
    from scaffold.conf import find_project
    from scaffold.generation import plan_project, write

    if dry_run and run:
        raise UsageError("--dry-run writes no project that --run could serve", hint="Leave one of the two out.")
    plan = plan_project(name, directory, parent=Path.cwd())
    if directory is None and plan.target.is_dir() and find_project(plan.target) is not None:
        raise UsageError(
            f"the folder {shown(plan.target)} belongs to the project {find_project(plan.target)}; nothing was written",
            hint=f"Make it elsewhere, or insist with: scaffold startproject {name} {shown(plan.target)}",
        )
    if not dry_run:
        write(plan)
    print_plan(plan.target, [file.path for file in plan.files], dry_run=dry_run)
    if dry_run:
        return
    if run:
        from scaffold.cli.runserver import serve_project

        raise typer.Exit(serve_project(plan.target))
    folder = shown(plan.target)
    print_line()
    print_line("Next:")
    for step in (*([f"cd {folder}"] if folder != "." else []), "scaffold runserver --reload", "scaffold startapp blog"):
        print_line(f"  {step}")


def print_plan(target: Path, files: list[str], *, dry_run: bool) -> None:
    """Print what was written, or what would be."""
    import sys

    verb = "Would write" if dry_run else "Wrote"
    print_line(f"{verb} {len(files)} files to {styled(shown(target), 'bold', sys.stdout)}:")
    for file in files:
        print_line(f"  {file}")


def shown(path: Path) -> str:
    """Return ``path`` as a reader in the current folder would type it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
