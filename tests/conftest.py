"""Fixtures that tests of every part share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ProjectFactory = Callable[..., Path]

_PROJECT = {
    "manage.py": "from scaffold.cli import manage\n",
    "config/__init__.py": "",
    "config/settings.py": "DEBUG = True\nSECRET_KEY = 'not a secret, but long enough for a test'\n",
    "apps/__init__.py": "",
}


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write each text or bytes to its path below ``folder``."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@pytest.fixture
def fresh_imports() -> Iterator[None]:
    """What a test imports of a project is forgotten after it, and ``sys.path`` is as before."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] not in {"scaffold", "encodings"} and _is_of_a_project(name):
            del sys.modules[name]


def _is_of_a_project(name: str) -> bool:
    return name.partition(".")[0] in {"config", "apps", "extra"}


@pytest.fixture
def project(tmp_path: Path, fresh_imports: None) -> ProjectFactory:
    """Make a project of the files given, beside a minimal ``manage.py`` and ``config/settings.py``; return its folder.

    ``__init__.py`` is added to each app's folder that holds a ``urls.py``.
    """

    def make(files: Mapping[str, str | bytes] | None = None, *, name: str = "site") -> Path:
        folder = tmp_path / name
        packages = {f"{path.rpartition('/')[0]}/__init__.py": "" for path in files or {} if path.endswith("/urls.py")}
        write_files(folder, {**_PROJECT, **packages, **(files or {})})
        return folder.resolve()

    return make
