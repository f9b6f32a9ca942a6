"""Finding files below folders, and never outside of them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["find", "is_public_path", "safe_join", "walk"]

# A device has these names whatever follows the first dot: "nul.txt" is the null device of Windows as well.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:[.:].*)?", re.IGNORECASE | re.DOTALL
)
_FORBIDDEN = "\x00\\:" if os.name == "nt" else "\x00\\"


def safe_join(root: Path, path: str) -> Path | None:
    """Return ``root / path``, or None when that would leave ``root``, also through a symbolic link.

    ``path`` is percent-decoded with slashes between its segments. What `is_public_path` refuses is not found either.
    """
    if not is_public_path(path):
        return None
    target, has_link = str(root), False
    try:
        for part in path.split("/"):
            target = os.path.join(target, part)  # noqa: PTH118 - this is done for every request
            has_link = has_link or stat.S_ISLNK(os.lstat(target).st_mode)
        # Only a link can lead out, and links are rare: what follows is twenty times the work.
        if has_link and not Path(target).resolve(strict=True).is_relative_to(root.resolve()):
            return None
    except (OSError, RuntimeError, ValueError):
        return None
    return Path(target)


def is_public_path(path: str) -> bool:
    """Say whether ``path`` is one that a file for the public may have.

    It has no empty, ``.`` or ``..`` segment, no NUL and no backslash. Hidden names are refused as well: ``.env`` and
    ``.git`` are not for the public. So are the names of Windows' devices, on every system, since a project moves.
    """
    if any(char in path for char in _FORBIDDEN):
        return False
    return not any(not part or part[0] == "." or _DEVICE.fullmatch(part) for part in path.split("/"))


def find(folders: Sequence[Path], path: str) -> Path | None:
    """Return the file for ``path`` in the first of ``folders`` that holds it, or None."""
    for folder in folders:
        file = safe_join(folder, path)
        if file is not None and file.is_file():
            return file
    return None


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield path and file of each file below ``folder``, hidden ones left out.

    A symbolic link to a folder is yielded and not followed: it may lead to a folder above it. Names that are not
    Unicode, which no URL could ask for, are yielded all the same.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in sorted([*names, *links]):
            if not name.startswith("."):
                file = Path(parent, name)
                yield file.relative_to(folder).as_posix(), file
