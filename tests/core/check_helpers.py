"""What the tests of checks need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scaffold.checks import Finding, check_project

KEY = "abcdefghijklmnopqrstuvwxyz0123456789"
GOOD = f"DEBUG = True\nSECRET_KEY = {KEY!r}\n"

Found = list[tuple[str, str, str]]


def check(project: Any, files: Mapping[str, str | bytes]) -> tuple[Path, list[Finding]]:
    """Return the folder of a project made of ``files``, and what the checks find in it."""
    folder = project({"config/settings.py": GOOD, **files})
    return folder, check_project(folder)


def found(project: Any, files: Mapping[str, str | bytes]) -> Found:
    """Return level, id and place of each finding, the place below the project's folder."""
    folder, findings = check(project, files)
    return [(item.level, item.id, item.source.removeprefix(f"{folder}/")) for item in findings]


def app_with(views: str, *paths: str) -> dict[str, str | bytes]:
    """Return the files of an app ``blog`` with these views; a path is written as ``"<int:id>/", views.page``."""
    patterns = "".join(f"    path({item}),\n" for item in paths or ('"", views.page',))
    head = "from scaffold import path\n\nfrom . import views\n\n"
    return {"apps/blog/urls.py": f"{head}urlpatterns = [\n{patterns}]\n", "apps/blog/views.py": views}
