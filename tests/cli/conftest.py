"""Fixtures of the command line's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_helpers import scaffold


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated project that no test changes."""
    folder = tmp_path_factory.mktemp("pristine")
    result = scaffold("startproject", "mysite", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "mysite"


@pytest.fixture
def mysite(pristine: Path, tmp_path: Path) -> Path:
    """A generated project of the test's own."""
    return Path(shutil.copytree(pristine, tmp_path / "mysite"))
