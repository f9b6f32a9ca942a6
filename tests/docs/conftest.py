"""What the pages of the documentation run in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scaffold.generation import plan_app, plan_project, write

CURL = Path(__file__).with_name("doc_curl.py")


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs that the examples call and a machine may lack."""
    folder = tmp_path_factory.mktemp("tools")
    program = folder / "curl"
    program.write_text(f"#!{sys.executable} -I\n{CURL.read_text(encoding='utf-8')}", encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def example_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated project with an app named blog, to be read only."""
    parent = tmp_path_factory.mktemp("example")
    plan = plan_project("mysite", parent=parent)
    write(plan)
    write(plan_app(plan.target, "blog"))
    return plan.target
