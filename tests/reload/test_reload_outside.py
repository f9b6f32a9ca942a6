"""Local packages outside of the project's folder are part of it, once it has imported them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from reload_helpers import poll, serving, write_tree

from scaffold.reload.sources import is_own

USES = "import elsewhere.deep.part\n\n\ndef index(request):\n    return elsewhere.deep.part.TEXT\n"
# What setuptools puts into site-packages for an editable install that maps a package to a folder.
FINDER = """
import sys
from importlib.util import spec_from_file_location

class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname == "elsewhere":
            return spec_from_file_location(fullname, {file!r}, submodule_search_locations=[{folder!r}])
        return None

def install():
    sys.meta_path.append(_EditableFinder)
"""


@pytest.fixture
def package(tmp_path: Path, project: Path) -> Path:
    """A package beside the project, which the project's page shows."""
    folder = tmp_path / "checkout/src/elsewhere"
    write_tree(folder, {"__init__.py": "", "deep/__init__.py": "", "deep/part.py": 'TEXT = "aaaa"\n'})
    (project / "apps/home/views.py").write_text(USES)
    return folder


def is_watched(pid: int, folder: Path) -> bool:
    """Whether the process holds a watch on the folder, by the number of its inode."""
    wanted = f"ino:{folder.stat().st_ino:x} "
    return any(wanted in item.read_text() for item in Path(f"/proc/{pid}/fdinfo").iterdir())


def test_a_package_on_the_path_is_watched_once_it_is_loaded(project: Path, package: Path) -> None:
    with serving(project, environ={"PYTHONPATH": str(package.parent)}) as site:
        assert site.text() == "aaaa"
        poll(lambda: is_watched(site.process.pid, package / "deep"), "the package to be watched")
        for text in ("bbbb", "cccc", "dddd"):
            (package / "deep/part.py").write_text(f'TEXT = "{text}"\n')
            assert "part.py" in site.wait_for("reloaded in")
            assert site.text() == text
        (package / "unused.txt").write_text("")
        (package / "__init__.py").write_text("x = 1\n")
        assert "elsewhere/__init__.py" in site.wait_for("reloaded in")
        assert site.count("reloaded in") == 4


def test_an_editable_install_by_a_finder_is_loaded_from_its_source(
    project: Path, package: Path, tmp_path: Path
) -> None:
    finder = FINDER.format(file=str(package / "__init__.py"), folder=str(package))
    write_tree(tmp_path / "start", {"__editable___elsewhere_1_0_finder.py": finder})
    write_tree(
        tmp_path / "start",
        {"sitecustomize.py": "import __editable___elsewhere_1_0_finder as finder\n\nfinder.install()\n"},
    )
    (project / "apps/home/views.py").write_text(USES.replace("deep.part.TEXT", "TEXT"))
    stamp = 1_700_000_000_000_000_000
    with serving(project, environ={"PYTHONPATH": str(tmp_path / "start")}) as site:
        for text in ("bbbb", "cccc", "dddd"):
            (package / "__init__.py").write_text(f'TEXT = "{text}"\n')
            stamp += 1
            os.utime(package / "__init__.py", ns=(stamp, stamp))
            assert site.text() == text
        assert not list(package.rglob("__pycache__"))


def test_a_module_that_stands_alone_is_watched_without_its_neighbours_folders(project: Path, tmp_path: Path) -> None:
    write_tree(tmp_path / "tools", {"elsewhere.py": 'TEXT = "one"\n', "large/x.py": ""})
    (project / "apps/home/views.py").write_text(
        USES.replace("deep.part.", "").replace("elsewhere.deep.part", "elsewhere")
    )
    with serving(project, environ={"PYTHONPATH": str(tmp_path / "tools")}) as site:
        poll(lambda: is_watched(site.process.pid, tmp_path / "tools"), "the module to be watched")
        assert not is_watched(site.process.pid, tmp_path / "tools/large")
        (tmp_path / "tools/elsewhere.py").write_text('TEXT = "two"\n')
        site.wait_for("reloaded in")
        assert site.text() == "two"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("{root}/apps/home/views.py", True),
        ("{beside}/package/module.py", True),
        ("{beside}/lib/site-packages/package/module.py", False),
        ("{beside}/env/lib/module.py", False),
        (os.__file__, False),
        (str(Path(os.__file__).parent), False),
        (pytest.__file__, False),
        (sys.modules["scaffold"].__file__, False),
        ("<frozen>", False),
    ],
)
def test_what_is_pythons_own_or_installed_is_not_the_projects(tmp_path: Path, path: str, own: bool) -> None:
    write_tree(tmp_path, {"beside/env/pyvenv.cfg": ""})
    names = {"root": tmp_path / "site", "beside": tmp_path / "beside"}
    assert is_own(path.format(**names), str(tmp_path / "site")) is own
