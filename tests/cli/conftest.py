"""Fixtures of the command line's tests."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from cli_helpers import scaffold
from route_helpers import Invoke, Outcome, make_site

from scaffold import Application
from scaffold.cli.program import run as run_program
from scaffold.cli.workspace import Workspace


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


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Invoke:
    """Run a command on an application in this process."""

    def call(app: Application, *arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["site.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            run_program(Workspace(application=app, file=Path(__file__)), prog_name="site.py")
        out, err = capsys.readouterr()
        status = ended.value.code
        return Outcome(status if isinstance(status, int) else 0, out, err)

    return call


@pytest.fixture
def site() -> Application:
    """An application with routes of all sorts."""
    return make_site()
