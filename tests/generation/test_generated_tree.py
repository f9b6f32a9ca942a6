"""The tools that a generated project is set up for find nothing in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scaffold.generation import plan_app, plan_project, write

NAMES = [("a", "b"), ("my-site", "photo_album"), ("site" * 15, "part" * 15)]


@pytest.fixture(params=NAMES, ids=["short", "usual", "long"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name, app = request.param
    write(plan_project(name, parent=tmp_path))
    write(plan_app(tmp_path / name, app))
    write(plan_app(tmp_path / name, "prefixed", prefix="/" + "x" * 60))
    write(plan_app(tmp_path / name, "rooted", prefix=""))
    return tmp_path / name


@pytest.mark.template
@pytest.mark.parametrize(
    "arguments", [["check", "--no-cache"], ["format", "--check", "--no-cache"]], ids=lambda a: a[0]
)
def test_ruff_finds_nothing(project: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments], cwd=project, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
