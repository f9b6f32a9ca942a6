"""A plan is written whole or not at all, and nothing that was there before is touched."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scaffold.exceptions import GenerationError, TargetExistsError
from scaffold.generation import Plan, PlannedFile, plan_app, plan_project, write, writing

FILES = (
    PlannedFile("a/b/deep.txt", b"deep"),
    PlannedFile("a/one.txt", b"one"),
    PlannedFile("top.txt", b"top"),
    PlannedFile("z/last.txt", b"last"),
)
CONTENT = {file.path: file.content for file in FILES}


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below ``folder``: the bytes of files, None for folders."""
    found = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in found}


def files_of(folder: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(folder).items() if content is not None}


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    previous = os.umask(0o022)
    yield
    os.umask(previous)


class FailingCall:
    """Stands in for a method of `Path`; raises ``error`` at the call with this number, or passes the call on."""

    def __init__(self, original: Callable[..., Any], number: int, error: BaseException) -> None:
        self.original = original
        self.left = number
        self.error = error

    def __get__(self, path: Path | None, owner: type[Path]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise self.error
            return self.original(*(() if path is None else (path,)), *args, **options)

        return call


def fail_at(monkeypatch: pytest.MonkeyPatch, method: str, number: int, error: BaseException) -> FailingCall:
    failing = FailingCall(getattr(Path, method), number, error)
    monkeypatch.setattr(Path, method, failing)
    return failing


def test_what_is_planned_is_what_is_written(tmp_path: Path) -> None:
    plan = plan_project("mysite", parent=tmp_path)

    write(plan)

    assert files_of(plan.target) == {file.path: file.content for file in plan.files}
    assert list(tmp_path.iterdir()) == [plan.target]
    for file in plan.files:
        assert stat.S_IMODE((plan.target / file.path).stat().st_mode) == file.mode
    assert stat.S_IMODE(plan.target.stat().st_mode) == 0o755


def test_the_umask_lessens_the_modes(tmp_path: Path) -> None:
    os.umask(0o077)
    plan = plan_project("mysite", parent=tmp_path)

    write(plan)

    assert stat.S_IMODE((plan.target / "manage.py").stat().st_mode) == 0o700
    assert stat.S_IMODE((plan.target / "README.md").stat().st_mode) == 0o600


def test_an_app_appears_beside_the_others(tmp_path: Path) -> None:
    write(plan_project("mysite", parent=tmp_path))
    project = tmp_path / "mysite"
    before = files_of(project)

    plan = plan_app(project, "blog")
    write(plan)

    assert files_of(project) == before | {f"apps/blog/{file.path}": file.content for file in plan.files}
    with pytest.raises(TargetExistsError):
        write(plan)


def test_a_new_target_appears_by_one_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renames = []
    rename = Path.rename

    def recorded(source: Path, target: Path) -> Path:
        renames.append((source, target, tree(source)))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", recorded)
    write(Plan(tmp_path / "new", FILES))

    [(source, target, moved)] = renames
    assert source.parent == tmp_path
    assert source.name.startswith(writing.STAGING_PREFIX)
    assert target == tmp_path / "new"
    assert moved == tree(target)


def test_missing_parents_are_made(tmp_path: Path) -> None:
    write(Plan(tmp_path / "x" / "y" / "new", FILES))

    assert files_of(tmp_path / "x" / "y" / "new") == CONTENT


def test_an_empty_target_is_replaced_by_one_rename(tmp_path: Path) -> None:
    target = tmp_path / "new"
    target.mkdir()
    before = target.stat().st_ino

    write(Plan(target, FILES))

    assert files_of(target) == CONTENT
    assert target.stat().st_ino != before


def test_an_empty_current_folder_is_filled_so_that_the_shell_stays_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    write(Plan(tmp_path, FILES))

    assert files_of(Path()) == CONTENT


def test_a_folder_with_other_files_is_filled(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("mine")
    (tmp_path / "notes.txt").write_text("notes")

    write(Plan(tmp_path, FILES))

    assert files_of(tmp_path) == CONTENT | {"a/mine.txt": b"mine", "notes.txt": b"notes"}
    assert (tmp_path / "top.txt").stat().st_nlink == 1


def test_files_in_the_way_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "top.txt").write_text("mine")

    with pytest.raises(TargetExistsError) as caught:
        write(Plan(tmp_path, FILES))

    assert caught.value.paths == (tmp_path / "top.txt",)
    assert tree(tmp_path) == {"top.txt": b"mine"}


ERRORS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), SystemExit(143)]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", ["mkdir", "rename"])
def test_a_failure_anywhere_leaves_nothing_of_a_new_target(tmp_path: Path, method: str, error: BaseException) -> None:
    number = 0
    while True:
        number += 1
        with pytest.MonkeyPatch.context() as monkeypatch:
            call = fail_at(monkeypatch, method, number, error)
            try:
                write(Plan(tmp_path / "x" / "y" / "new", FILES))
            except (GenerationError, KeyboardInterrupt, SystemExit):
                assert call.left == 0
            else:
                break
        assert tree(tmp_path) == {}
    assert number > 1
    assert files_of(tmp_path / "x" / "y" / "new") == CONTENT


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", ["mkdir", "rename", "hardlink_to"])
def test_a_failure_anywhere_leaves_a_filled_target_as_it_was(tmp_path: Path, method: str, error: BaseException) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "mine.txt").write_text("mine")
    before = tree(tmp_path)
    number = 0
    while True:
        number += 1
        with pytest.MonkeyPatch.context() as monkeypatch:
            # A link that fails is replaced by a rename; let that one fail, too, to see the whole move fail.
            call = fail_at(monkeypatch, method, number, error)
            if method == "hardlink_to" and isinstance(error, OSError):
                fail_at(monkeypatch, "rename", number + 1, error)
            try:
                write(Plan(tmp_path, FILES))
            except (GenerationError, KeyboardInterrupt, SystemExit):
                pass
            else:
                break
        assert tree(tmp_path) == before
    assert call.left > 0 or method == "hardlink_to"
    assert files_of(tmp_path) == CONTENT | {"z/mine.txt": b"mine"}


def test_an_interrupt_right_after_a_move_is_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    move = writing._move

    def interrupted(source: Path, destination: Path) -> None:
        move(source, destination)
        if destination.name in stops:
            raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_move", interrupted)
    for name in ("a", "top.txt", "z"):
        stops = {name}
        with pytest.raises(KeyboardInterrupt):
            write(Plan(tmp_path, FILES))
        assert tree(tmp_path) == {"mine.txt": b"mine"}


def test_a_file_system_without_hard_links_is_served_by_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, source: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr(Path, "hardlink_to", refuse)

    write(Plan(tmp_path, FILES))
    assert files_of(tmp_path) == CONTENT | {"mine.txt": b"mine"}


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_while_a_folder_is_filled_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    hardlink_to = Path.hardlink_to

    def late(path: Path, source: Path) -> None:
        path.write_text("late")
        if not links:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        hardlink_to(path, source)

    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr(Path, "hardlink_to", late)

    with pytest.raises(TargetExistsError) as caught:
        write(Plan(tmp_path, FILES))
    assert caught.value.paths == (tmp_path / "top.txt",)
    assert tree(tmp_path) == {"mine.txt": b"mine", "top.txt": b"late"}


@pytest.mark.parametrize("appears", ["clash", "folder", "file"])
def test_a_target_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appears: str) -> None:
    target = tmp_path / "new"
    stage = writing._stage

    def late(files: tuple[PlannedFile, ...], staging: Path) -> None:
        stage(files, staging)
        if appears == "file":
            target.write_text("late")
        else:
            target.mkdir()
            (target / ("top.txt" if appears == "clash" else "other.txt")).write_text("late")

    monkeypatch.setattr(writing, "_stage", late)

    with pytest.raises(GenerationError) as caught:
        write(Plan(target, FILES))
    assert isinstance(caught.value, TargetExistsError) is (appears != "folder")
    assert "meanwhile" in caught.value.hint or appears != "folder"
    assert list(files_of(tmp_path).values()) == [b"late"]


def test_a_parent_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(GenerationError, match=r"file is not a folder") as caught:
        write(Plan(tmp_path / "file" / "x" / "new", FILES))
    assert "through folders only" in caught.value.hint
    assert tree(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.EACCES, "may write"), (errno.EROFS, "may write"), (errno.ENOSPC, "space"), (errno.EIO, "mend the cause")],
)
def test_an_error_of_the_system_gets_a_cause_and_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    fail_at(monkeypatch, "rename", 1, OSError(number, os.strerror(number)))

    with pytest.raises(GenerationError) as caught:
        write(Plan(tmp_path / "new", FILES))
    assert caught.value.cause == f"{tmp_path / 'new'} can't be written: {os.strerror(number).lower()}"
    assert hint in caught.value.hint
    assert tree(tmp_path) == {}


def test_a_name_that_is_too_long_for_the_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerationError) as caught:
        write(Plan(tmp_path / ("x" * 300), FILES))
    assert "shorter" in caught.value.hint
    assert tree(tmp_path) == {}


def test_folders_that_others_filled_meanwhile_are_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(files: tuple[PlannedFile, ...], staging: Path) -> None:
        (tmp_path / "x" / "theirs.txt").write_text("theirs")
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_stage", fail)

    with pytest.raises(KeyboardInterrupt):
        write(Plan(tmp_path / "x" / "y" / "new", FILES))
    assert tree(tmp_path) == {"x": None, "x/theirs.txt": b"theirs"}
