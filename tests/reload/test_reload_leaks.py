"""What a reload takes is given back. For a long run: RELOADS=1000 pytest -s tests/reload/test_reload_leaks.py"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from reload_helpers import Site, children_of, is_alive, poll, serving, view

VIEWS = "apps/home/views.py"
RELOADS = int(os.environ.get("RELOADS", "30"))
WARM_UP = 10
GROWTH = 1.05


@dataclass(frozen=True)
class Possessions:
    """What the supervisor and the nursery hold, and how many processes there are besides the worker."""

    kilobytes: tuple[int, int]
    descriptors: tuple[int, int]
    threads: tuple[int, int]
    processes: int


def resident_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def entries(pid: int, folder: str) -> int:
    return len(list(Path(f"/proc/{pid}/{folder}").iterdir()))


def nursery_of(site: Site) -> int:
    """The only child of the supervisor."""
    (nursery,) = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text().split()
    return int(nursery)


def possessions_of(site: Site) -> Possessions:
    """What is held when the workers before the present one have ended."""
    poll(lambda: len(children_of(nursery_of(site))) == 1, "the old workers to be gone")
    supervisor, nursery = site.process.pid, nursery_of(site)
    return Possessions(
        (resident_kilobytes(supervisor), resident_kilobytes(nursery)),
        (entries(supervisor, "fd"), entries(nursery, "fd")),
        (entries(supervisor, "task"), entries(nursery, "task")),
        len(children_of(supervisor)),
    )


def reload_often(site: Site, times: int) -> None:
    for number in range(times):
        site.save(VIEWS, view(f"text {number}"))
        site.wait_for("reloaded in")
        assert site.text() == f"text {number}"


def test_reloads_leave_nothing_behind(project: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving(project, environ={"TMPDIR": str(temporary)}) as site:
        site.wait_for_watcher()
        reload_often(site, WARM_UP)
        before = possessions_of(site)
        files = sorted(project.rglob("*"))
        reload_often(site, RELOADS)
        after = possessions_of(site)
        sys.stdout.write(f"\n{RELOADS} reloads\nbefore: {before}\nafter:  {after}\n")
        assert [new <= old * GROWTH for old, new in zip(before.kilobytes, after.kilobytes, strict=True)] == [True, True]
        assert (after.descriptors, after.threads, after.processes) == (
            before.descriptors,
            before.threads,
            before.processes,
        )
        assert sorted(project.rglob("*")) == files
        assert list(temporary.iterdir()) == []
        below = children_of(site.process.pid)
    assert [pid for pid in below if is_alive(pid)] == []
