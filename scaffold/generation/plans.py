"""What would be written where: the plan of a project or of an app."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from scaffold.exceptions import TargetExistsError
from scaffold.generation.names import app_name, project_name, url_prefix
from scaffold.generation.rendering import PlannedFile, render_part

__all__ = ["Plan", "plan_app", "plan_project", "refuse_clashes"]

KEY_BYTES = 50
"""Random bytes in a project's secret key."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to be written below ``target``, sorted by path."""

    target: Path
    files: tuple[PlannedFile, ...]


def plan_project(name: str, directory: Path | None = None, *, parent: Path) -> Plan:
    """Return the plan of the project ``name``: in ``parent / name``, or in ``directory`` (relative to ``parent``).

    ``directory`` may be a folder with other files in it. Each plan has a secret key of its own. Raises
    `InvalidNameError` for a name that can't be used and `TargetExistsError` when files would be overwritten.
    """
    project = project_name(name)
    context = {"project": project, "secret_key": secrets.token_urlsafe(KEY_BYTES)}
    target = (parent / (project.name if directory is None else directory)).resolve()
    plan = Plan(target, render_part("project", context))
    refuse_clashes(plan)
    return plan


def plan_app(project: Path, name: str, *, prefix: str | None = None) -> Plan:
    """Return the plan of the app ``name`` in the folder ``project``.

    ``prefix`` is where the app's URLs start; None leaves the app's name and a slash, ``""`` is the root of the site.
    Raises `InvalidNameError` for a name or prefix that can't be used and `TargetExistsError` for an app that exists.
    """
    app = app_name(name)
    target = project.resolve() / "apps" / app.name
    _refuse_existing(target, app.name)
    context = {"app": app, "prefix": None if prefix is None else url_prefix(prefix)}
    plan = Plan(target, render_part("app", context, app_name=app.name))
    refuse_clashes(plan)
    return plan


def refuse_clashes(plan: Plan) -> None:
    """Raise `TargetExistsError` with all files in the way of ``plan``: those it would overwrite, and files where it
    needs folders.
    """
    in_the_way = dict.fromkeys(clash for file in plan.files if (clash := _clash(plan.target, file.path)))
    if not in_the_way:
        return
    count = "a file is" if len(in_the_way) == 1 else f"{len(in_the_way)} files are"
    raise TargetExistsError(
        f"{count} in the way in {plan.target}; nothing was written",
        paths=in_the_way,
        hint="Choose another name or folder, or move what is in the way.",
    )


def _clash(target: Path, relative: str) -> Path | None:
    """What stands in the way of the file ``relative``, from the target downwards, or None."""
    path = target / relative
    folders = [target, *(target / above for above in reversed(Path(relative).parents[:-1]))]
    for folder in folders:
        if not os.path.lexists(folder):
            return None
        if not os.path.isdir(folder):  # noqa: PTH112 - False for a folder that can't be looked into
            return folder
    return path if os.path.lexists(path) else None


def _refuse_existing(target: Path, name: str) -> None:
    """Raise when the app's folder holds more than the byte code that stays behind when an app is removed."""
    if not target.is_dir():
        return
    paths = [path for path in sorted(target.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    if paths:
        raise TargetExistsError(
            f"the app {name!r} exists; nothing was written",
            paths=paths,
            hint=f"Choose another name, or remove {target} first.",
        )
