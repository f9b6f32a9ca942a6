"""Where a folder is mounted from: a file system that others write to does not tell of what they do."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["mount_type", "tells_of_changes"]

MOUNTS = Path("/proc/self/mountinfo")
# Network file systems, and the folders of its host that a virtual machine or a container sees.
_SILENT = re.compile(
    r"9p|acfs|afs|ceph|cifs|coda|fakeowner|fuse(\..*)?|glusterfs|gpfs|grpcfuse|lustre|ncpfs|nfs4?|osxfs|prl_fs|smb3|smbfs"
    r"|vboxsf|virtiofs|vmhgfs"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def tells_of_changes(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Return whether the file system of ``folder`` can be expected to tell of every change."""
    return _SILENT.fullmatch(mount_type(folder, mounts)) is None


def mount_type(folder: Path, mounts: Path = MOUNTS) -> str:
    """Return the type of the file system of ``folder`` by proc_pid_mountinfo(5); an empty text where it can't be had.

    Of several that are mounted at one place, the last one is seen.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found, depth = "", -1
    for line in lines:
        fields, _, kind = line.partition(" - ")
        point = Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = kind.split()[0], len(point.parts)
    return found
