"""``scaffold collectstatic``."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.cli.output import print_error, print_line, relative, styled
from scaffold.cli.progress import working
from scaffold.cli.workspace import Workspace
from scaffold.conf import Settings, load_settings
from scaffold.exceptions import StaticFilesError

if TYPE_CHECKING:
    from scaffold.staticfiles.collecting import Collector, Report

__all__ = ["command"]


def command(
    ctx: typer.Context,
    clear: Annotated[bool, typer.Option("--clear", help="Write all files anew, and keep no former ones.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")] = False,
    no_compress: Annotated[bool, typer.Option("--no-compress", help="Make no compressed forms.")] = False,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave a reference to a missing file as it is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object.")] = False,
) -> None:
    """Collect the static files for production, under names that change with what they hold."""
    from scaffold.staticfiles.collecting import Collector, gather, refuse_target

    root, settings, folders = sources(ctx.obj)
    target = root / settings.STATIC_ROOT
    refuse_target(target, root, folders)
    with explained(target):
        with working("Reading static files"):
            found = gather(folders)
            collector = Collector(found, target, static_url=settings.STATIC_URL, compress=not no_compress, clear=clear)
        print_notes(collector, root)
        report_faults(collector, root, allow_missing=allow_missing)
        with working("Writing static files", lambda: (len(collector.report.written), len(collector.sources.files))):
            report = collector.preview() if dry_run else collector.run()
    if as_json:
        print_line(json.dumps(as_object(collector, report, root), indent=2))
    else:
        print_report(report, relative(str(target), root), dry_run=dry_run)


def sources(workspace: Workspace) -> tuple[Path, Settings, Sequence[Path]]:
    """Return the project's folder, its settings and the folders of its static files; no app is imported."""
    from scaffold.application import Application
    from scaffold.apps import discover, put_on_path
    from scaffold.plugins import APPS, offered

    app = workspace.application
    if isinstance(app, Application):
        return app.root, app.settings, app.static_files.folders
    root = workspace.require_project()
    put_on_path(root)
    with contextlib.redirect_stdout(sys.stderr):  # what a module prints as it is imported is no result of ours
        settings = load_settings(root)
        apps = discover(root, settings.INSTALLED_APPS, offered(APPS, settings.DISABLED_PLUGINS)).found
    return root, settings, [root / "static", *(app.folder / "static" for app in apps)]


@contextlib.contextmanager
def explained(target: Path) -> Any:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StaticFilesError(
            f"static files can't be collected: {reason}",
            source=str(error.filename or target),
            hint="Mend the cause and run it again; what was collected before is still valid.",
        ) from error


def print_notes(collector: Collector, root: Path) -> None:
    """Print which files are hidden by others or left out, and which source maps are missing, as messages."""
    lines = [
        f"{relative(str(file), root)}: {styled('note', 'note', sys.stderr)}: hidden by {relative(str(winner), root)}"
        for file, winner in collector.sources.shadowed
    ]
    lines += [
        f"{relative(ascii_name(file), root)}: {styled('note', 'note', sys.stderr)}: left out, since {reason}"
        for file, reason in collector.sources.skipped
    ]
    lines += [
        f"{relative(item.source, root)}: {styled('warning', 'warning', sys.stderr)}: {item.message}"
        for item in collector.rewriting.warnings
    ]
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - messages


def ascii_name(file: Path) -> str:
    """Return a file's name as a text that any terminal takes."""
    return str(file).encode("utf-8", "backslashreplace").decode("utf-8")


def report_faults(collector: Collector, root: Path, *, allow_missing: bool) -> None:
    """Print the references that lead to no file; unless they are allowed, exit with status 1."""
    for fault in collector.rewriting.faults:
        source = relative(fault.source, root)
        if allow_missing:
            print(f"{source}: {styled('warning', 'warning', sys.stderr)}: {fault.message}", file=sys.stderr)  # noqa: T201
        else:
            print_error(StaticFilesError(fault.message, source=source, hint=fault.hint))
    if collector.rewriting.faults and not allow_missing:
        raise typer.Exit(1)


def as_object(collector: Collector, report: Report, root: Path) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "root": relative(str(collector.target), root),
        "files": dict(report.names),
        "written": report.written,
        "unchanged": report.unchanged,
        "compressed": report.compressed,
        "removed": report.removed,
        "hidden": [relative(str(file), root) for file, _ in collector.sources.shadowed],
        "skipped": [relative(ascii_name(file), root) for file, _ in collector.sources.skipped],
    }


def print_report(report: Report, target: str, *, dry_run: bool) -> None:
    """Print how many files were collected; what would be written, one a line, when nothing is."""
    if dry_run:
        for path in report.written:
            print_line(f"{path} -> {report.names[path]}")
    number = len(report.names)
    files = f"{number} file{'' if number == 1 else 's'}"
    same = f" ({len(report.unchanged)} unchanged)" if report.unchanged else ""
    packed = f", {len(report.compressed)} compressed" if report.compressed else ""
    print_line(f"{'Would collect' if dry_run else 'Collected'} {files} to {target}{same}{packed}.")
