"""Loading without the garbage collector."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from scaffold import Application
from scaffold.application.collecting import paused_collection
from scaffold.exceptions import AppLoadError


def test_the_collector_rests_while_a_project_is_loaded_and_works_again_afterwards(
    project: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project({"apps/blog/urls.py": "import gc\n\nprint(gc.isenabled())\nurlpatterns = []\n"})
    Application.from_project(folder)
    assert capsys.readouterr().out == "False\n"
    assert gc.isenabled()


def test_the_collector_works_again_after_an_error(project: Any) -> None:
    folder = project({"apps/blog/urls.py": "1 / 0\n", "config/settings.py": "DEBUG = False\n"})
    with pytest.raises(AppLoadError):
        Application.from_project(folder)
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with paused_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
