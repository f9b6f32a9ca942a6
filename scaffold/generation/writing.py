"""Writing a plan whole or not at all.

The files are staged in a hidden folder on the same file system. Where the target does not exist or is empty, the
staging folder becomes the target by one rename. Where the target holds other files, the largest subtrees that are new
are moved in one by one, and moved out again when one of them fails. Whatever happens, Ctrl-C included, the staging
folder is removed and no file that was there before is touched.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scaffold.exceptions import GenerationError
from scaffold.generation.plans import Plan, refuse_clashes
from scaffold.generation.rendering import PlannedFile

__all__ = ["write"]

STAGING_PREFIX = ".scaffold-"
"""Start of the names of staging folders; what watches a project can leave these folders out."""

_HINTS = {
    errno.EACCES: "Choose a folder that you may write to.",
    errno.EPERM: "Choose a folder that you may write to.",
    errno.EROFS: "Choose a folder that you may write to.",
    errno.ENOSPC: "Free some space and try again.",
    errno.EDQUOT: "Free some space and try again.",
    errno.ENAMETOOLONG: "Choose a shorter name or folder.",
    errno.ENOTDIR: "Choose a path that leads through folders only.",
    errno.EEXIST: "Something appeared there meanwhile; look at it and try again.",
    errno.ENOTEMPTY: "Something appeared there meanwhile; look at it and try again.",
}
_OTHER_HINT = "Choose another folder, or mend the cause and try again."


@dataclass(frozen=True, slots=True)
class _Move:
    """A rename to be made: from where, to where, and what identifies the thing that moves."""

    source: Path
    destination: Path
    identity: os.stat_result


def write(plan: Plan) -> None:
    """Write ``plan``, so that all of it appears or nothing.

    Raises `TargetExistsError` when files are in the way, also when they appeared after planning, and
    `GenerationError` when the system refuses; nothing is left of the attempt then.
    """
    refuse_clashes(plan)
    with _explained(plan):
        if _stays_in_place(plan.target):
            _write(plan, plan.target, _merge)
        else:
            _write(plan, plan.target.parent, Path.rename)


def _write(plan: Plan, folder: Path, bring: Callable[[Path, Path], object]) -> None:
    """Stage the files in ``folder`` and ``bring`` them to the target; leave nothing when that fails."""
    missing = _missing_folders(folder)
    # The name is chosen before the folder is made: an interrupt in between can't leave it behind.
    staging = folder / f"{STAGING_PREFIX}{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _stage(plan.files, staging)
        bring(staging, plan.target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(missing)
        raise
    shutil.rmtree(staging, ignore_errors=True)


def _stays_in_place(target: Path) -> bool:
    """Whether the existing folder ``target`` has to be filled instead of being replaced.

    So it is when it holds something, when a shell stands in it (which would go on standing in the removed one), when
    it is a mount point, and where the system renames nothing over a folder.
    """
    if not target.is_dir():
        return False
    return os.name == "nt" or any(target.iterdir()) or target.samefile(Path.cwd()) or target.is_mount()


def _missing_folders(folder: Path) -> list[Path]:
    """The folders to create for ``folder``, innermost first; raise when the way there leads through a file."""
    missing: list[Path] = []
    for path in (folder, *folder.parents):
        if path.is_dir():
            return missing
        if os.path.lexists(path):
            raise NotADirectoryError(errno.ENOTDIR, f"{path} is not a folder")
        missing.append(path)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # gone already, or filled by somebody else
            folder.rmdir()


@contextmanager
def _explained(plan: Plan) -> Iterator[None]:
    """Turn the system's errors into ours, with a cause and a way out."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):  # a race that was lost: the files in the way say more than the system does
            refuse_clashes(plan)
        reason = (error.strerror or str(error)).lower()
        raise GenerationError(
            f"{plan.target} can't be written: {reason}", hint=_HINTS.get(error.errno or 0, _OTHER_HINT)
        ) from error


def _stage(files: tuple[PlannedFile, ...], staging: Path) -> None:
    staging.mkdir()
    for file in files:
        path = staging / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        # The mode is given at creation: a secret is at no moment readable for others.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), file.mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)


def _merge(staging: Path, target: Path) -> None:
    """Move what is new from ``staging`` into ``target``; on a failure, move everything back out."""
    moves = list(_moves(staging, target))
    try:
        for move in moves:
            _move(move.source, move.destination)
    except BaseException:
        for move in reversed(moves):
            _undo(move)
        raise


def _moves(staging: Path, target: Path) -> Iterator[_Move]:
    """Each file or largest subtree that ``target`` lacks."""
    for source in sorted(staging.iterdir()):
        destination = target / source.name
        if source.is_dir() and destination.is_dir():
            yield from _moves(source, destination)
        else:
            yield _Move(source, destination, source.lstat())


def _move(source: Path, destination: Path) -> None:
    """Rename without overwriting anything that appeared meanwhile."""
    if source.is_dir():  # replaces an empty folder at most
        source.rename(destination)
        return
    try:
        destination.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(destination):
            raise
        source.rename(destination)


def _undo(move: _Move) -> None:
    """Take back a move if it took place, which the identity of what is there now says for certain."""
    with suppress(OSError):
        if not os.path.samestat(move.identity, move.destination.lstat()):
            return
        if move.destination.is_dir():
            move.destination.rename(move.source)
        else:
            move.destination.unlink()
