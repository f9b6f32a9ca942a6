"""Snapshots: whether what was read is still what is there."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scaffold.reload.sources import Snapshot, digest_of_file, is_local, load_from_source

LONG_AGO = 1_600_000_000_000_000_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "module.py"
    path.write_text("x = 1\n")
    return path


def test_nothing_has_changed_at_first(source: Path) -> None:
    snapshot = Snapshot()
    assert snapshot.read(str(source)) == b"x = 1\n"
    assert snapshot.changed() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("x = 22\n"),
        lambda path: path.unlink(),
        lambda path: (path.write_text("x = 2\n"), os.utime(path, ns=(LONG_AGO, LONG_AGO))),
    ],
    ids=["written", "deleted", "older"],
)
def test_a_change_of_a_file_is_noticed(source: Path, change: Callable[[Path], object]) -> None:
    snapshot = Snapshot()
    snapshot.read(str(source))
    change(source)
    assert snapshot.changed() == [str(source)]


def test_a_change_that_bears_the_same_stamp_is_noticed_where_it_can_happen(source: Path) -> None:
    snapshot = Snapshot()
    stamp = source.stat().st_mtime_ns
    snapshot.read(str(source))
    source.write_text("x = 2\n")
    os.utime(source, ns=(stamp, stamp))
    assert snapshot.changed() == [str(source)]


def test_a_file_that_is_touched_or_written_with_the_same_bytes_has_not_changed(source: Path) -> None:
    snapshot = Snapshot()
    snapshot.read(str(source))
    os.utime(source, ns=(LONG_AGO, LONG_AGO))
    assert snapshot.changed() == []
    source.write_text("x = 1\n")
    assert snapshot.changed() == []


def test_an_old_file_is_not_read_to_see_that_it_is_the_same(source: Path) -> None:
    os.utime(source, ns=(LONG_AGO, LONG_AGO))
    snapshot = Snapshot()
    snapshot.read(str(source))
    os.utime(source.parent, ns=(LONG_AGO, LONG_AGO))
    source.write_text("x = 2\n")
    os.utime(source, ns=(LONG_AGO, LONG_AGO))
    assert snapshot.changed() == []


def test_a_file_that_was_missing_is_noticed_when_it_comes(tmp_path: Path) -> None:
    snapshot = Snapshot()
    snapshot.add(str(tmp_path / ".env"))
    assert snapshot.digests() == {str(tmp_path / ".env"): ""}
    assert snapshot.changed() == []
    (tmp_path / ".env").write_text("")
    assert snapshot.changed() == [str(tmp_path / ".env")]


def test_new_modules_and_folders_are_noticed_and_other_files_are_not(tmp_path: Path) -> None:
    snapshot = Snapshot()
    snapshot.add_folder(str(tmp_path))
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert snapshot.changed() == []
    assert snapshot.changed() == []
    (tmp_path / "app").mkdir()
    assert snapshot.changed() == [str(tmp_path / "app")]


def test_a_folder_that_was_missing_is_noticed_when_it_comes(tmp_path: Path) -> None:
    snapshot = Snapshot()
    snapshot.add_folder(str(tmp_path / "apps"))
    (tmp_path / "apps/blog").mkdir(parents=True)
    assert snapshot.changed() == [str(tmp_path / "apps/blog")]


def test_only_the_projects_own_modules_are_added(source: Path) -> None:
    snapshot = Snapshot()
    sys.modules["for_this_test"] = module = type(sys)("for_this_test")
    module.__file__ = str(source)
    try:
        snapshot.add_modules(["for_this_test", "os", "sys", "not_there"], str(source.parent))
    finally:
        del sys.modules["for_this_test"]
    assert snapshot.digests() == {str(source): digest_of_file(str(source))}


def test_environments_and_installed_packages_are_not_the_projects_own(tmp_path: Path) -> None:
    (tmp_path / "env/lib").mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").write_text("")
    root = str(tmp_path)
    assert is_local(root, root)
    assert is_local(f"{root}/apps/blog", root)
    assert not is_local(f"{root}-other", root)
    assert not is_local(f"{root}/env/lib", root)
    assert not is_local(f"{root}/x/site-packages/y", root)


@pytest.fixture
def loaded_from_source(tmp_path: Path) -> Iterator[Snapshot]:
    snapshot = Snapshot()
    sys.path.insert(0, str(tmp_path))
    undo = load_from_source(tmp_path, snapshot)
    yield snapshot
    undo()
    sys.path.remove(str(tmp_path))
    sys.modules.pop("own_module_here", None)


def test_modules_are_compiled_from_source_and_remembered(tmp_path: Path, loaded_from_source: Snapshot) -> None:
    path = tmp_path / "own_module_here.py"
    path.write_text("x = 5\n")
    module = importlib.import_module("own_module_here")
    assert module.x == 5
    assert loaded_from_source.digests() == {str(path): digest_of_file(str(path))}
    assert not (tmp_path / "__pycache__").exists()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("not_there_for_this_test")
