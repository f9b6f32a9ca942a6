"""Fixtures of the reloader's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from reload_helpers import PROJECT, write_tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project on the disk."""
    folder = tmp_path / "site"
    write_tree(folder, PROJECT)
    return folder


@pytest.fixture(params=[(), ("--spawn",)], ids=["fork", "spawn"])
def mode(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options for either way of starting workers."""
    options: tuple[str, ...] = request.param
    return options
