"""The package's names, its targets, and what it costs to import it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold import reload
from scaffold.reload.loading import debug_by_environment


def test_importing_the_package_loads_neither_watchdog_nor_the_web_core() -> None:
    code = "import sys, scaffold.reload; print([m for m in ('watchdog', 'jinja2', 'pathspec') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert answer.stdout == "[]\n"


@pytest.mark.parametrize("name", reload.__all__)
def test_each_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(reload, name).__doc__


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'absent'"):
        _ = reload.absent


def test_a_target_travels_between_processes(tmp_path: Path) -> None:
    for target in (reload.Target.project(tmp_path), reload.Target.file(tmp_path / "site.py")):
        assert target.root == tmp_path
        assert pickle.loads(pickle.dumps(target)) == target


@pytest.mark.parametrize(
    ("environ", "file", "is_on"),
    [
        ({"DEBUG": "True"}, "", True),
        ({"DEBUG": "off"}, "DEBUG=1\n", False),
        ({}, "DEBUG=on\n", True),
        ({}, "", False),
        ({}, "DEBUG='unfinished\n", False),
    ],
)
def test_debug_is_known_without_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], file: str, is_on: bool
) -> None:
    (tmp_path / ".env").write_text(file)
    monkeypatch.delenv("DEBUG", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert debug_by_environment(tmp_path) is is_on
