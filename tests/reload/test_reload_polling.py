"""Where the system tells of no changes, files are looked at instead."""

from __future__ import annotations

import errno
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from reload_helpers import PATIENCE, PROJECT, Site, new_app, poll, serving, view, write_tree

from scaffold.reload import watcher as watcher_module
from scaffold.reload.filters import FileKind
from scaffold.reload.inotify import InotifyFD
from scaffold.reload.mounts import mount_type, tells_of_changes
from scaffold.reload.watcher import Batch, Watcher

VIEWS = "apps/home/views.py"
LONG_AGO = 1_500_000_000_000_000_000
MOUNTS = """
22 1 0:20 / / rw shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /home/ada/my\\040sites rw - nfs4 server:/sites rw
31 22 0:31 / /mnt/host rw,relatime shared:2 master:3 - fuse.grpcfuse grpcfuse rw
32 22 0:32 / /mnt/over rw - virtiofs host rw
33 22 0:33 / /mnt/over rw - tmpfs tmpfs rw
34 22 0:34 / /mnt/windows rw - fuseblk /dev/sdb1 rw
35 22 0:35 / /mnt/c rw - 9p drvfs rw
"""
Watched = tuple[Path, "queue.SimpleQueue[Batch]", list[str]]


@contextmanager
def watching(root: Path, *, polls: bool = False) -> Iterator[Watched]:
    """A project that is watched, the batches that come of it, and what the watcher says."""
    write_tree(root, PROJECT)
    write_tree(root, {".gitignore": "made/\n", "made/x.py": "", "static/site.css": "a"})
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    said: list[str] = []
    watcher = Watcher(root, batches.put, said.append, poll=polls)
    watcher.start()
    try:
        yield root, batches, said
    finally:
        watcher.stop()


def next_batch(watched: Watched) -> dict[str, FileKind]:
    root, batches, _ = watched
    return {str(Path(path).relative_to(root)): kind for path, kind in batches.get(timeout=PATIENCE).items()}


def test_a_site_that_polls_serves_what_was_saved_without_any_watch(project: Path) -> None:
    with serving(project, "--poll") as site:
        site.save(VIEWS, view("second"))
        assert VIEWS in site.wait_for("reloaded in")
        assert site.text() == "second"
        write_tree(project / "apps/news", new_app("news", "the news"))
        site.wait_for("reloaded in")
        assert site.text("news/") == "the news"
        descriptors = Path(f"/proc/{site.process.pid}/fdinfo").iterdir()
        assert not any("inotify" in descriptor.read_text() for descriptor in descriptors)
        assert site.count("Looking for changes") == 0


def test_polling_sees_what_matters_and_nothing_else(tmp_path: Path) -> None:
    with watching(tmp_path, polls=True) as watched:
        write_tree(tmp_path, {"made/x.py": "1", "x.log": "", "notes.txt": "", ".env": "A=1\n", "static/site.css": "b"})
        (tmp_path / "manage.py").touch()
        assert next_batch(watched) == {".env": FileKind.ENVIRONMENT, "static/site.css": FileKind.STYLE}
        (tmp_path / "apps/home").rename(tmp_path / "apps/start")
        assert {"apps/home/views.py", "apps/start", "apps/start/views.py"} <= next_batch(watched).keys()
        shutil.rmtree(tmp_path / "apps/start")
        assert {"apps/start", "apps/start/views.py"} <= next_batch(watched).keys()
        assert watched[2] == []


def test_polling_sees_a_file_of_the_same_size_and_an_older_stamp(tmp_path: Path) -> None:
    with watching(tmp_path, polls=True) as watched:
        path = tmp_path / VIEWS
        path.write_text(view("again"))
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
        assert next_batch(watched) == {VIEWS: FileKind.SOURCE}


def test_polling_takes_a_changed_gitignore_into_account(tmp_path: Path) -> None:
    with watching(tmp_path, polls=True) as watched:
        (tmp_path / ".gitignore").write_text("")
        (tmp_path / "made/x.py").write_text("x = 1\n")
        seen: dict[str, FileKind] = {}
        while "made/x.py" not in seen:
            seen |= next_batch(watched)


def test_a_scan_that_takes_long_is_followed_by_a_long_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(1000))
    watcher = Watcher(tmp_path, lambda batch: None, print, poll=True)
    monkeypatch.setattr(watcher_module, "time", SimpleNamespace(monotonic=lambda: float(next(now))))
    watcher._look()
    assert watcher._pause == watcher_module.POLL_REST


def refuse(*arguments: object) -> int:
    raise OSError(errno.ENOSPC, "no more")


@pytest.mark.parametrize("name", ["add_callback", "_create_inotify_fd"])
def test_where_no_more_can_be_watched_the_files_are_looked_at_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(InotifyFD, name, refuse)
    with watching(tmp_path) as watched:
        (tmp_path / VIEWS).write_text(view("second"))
        assert next_batch(watched) == {VIEWS: FileKind.SOURCE}
    (line,) = watched[2]
    assert "no more watches" in line
    assert "fs.inotify.max_user_watches" in line
    assert "--reload=poll" in line


def test_a_folder_too_many_that_comes_later_makes_it_look_at_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(tmp_path) as watched:
        (tmp_path / VIEWS).write_text(view("second"))
        assert next_batch(watched) == {VIEWS: FileKind.SOURCE}
        monkeypatch.setattr("watchdog.observers.inotify_c.inotify_add_watch", refuse)
        write_tree(tmp_path, {"apps/news/views.py": "x = 1\n"})
        seen: dict[str, FileKind] = {}
        while "apps/news/views.py" not in seen:
            seen |= next_batch(watched)
        (tmp_path / "apps/news/views.py").write_text("x = 2\n")
        assert next_batch(watched) == {"apps/news/views.py": FileKind.SOURCE}
        assert len(watched[2]) == 1


LIMITED = "echo 3 > /proc/sys/user/max_inotify_watches && exec "


def may_limit() -> bool:
    """Whether this system lets a process have a limit of its own."""
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", LIMITED + "true"]
    return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE).returncode == 0


class LimitedSite(Site):
    """A site whose processes may watch three folders."""

    def command(self, path: Path) -> list[str]:
        become = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
        limited = ["unshare", "--user", "--map-root-user", "sh", "-c", LIMITED + '"$0" "$@"', sys.executable]
        return ["-c", become, *limited, *super().command(path)]


@pytest.mark.skipif(not os.environ.get("CI") and not may_limit(), reason="no limit can be set here")
def test_the_systems_own_limit_is_noticed(project: Path) -> None:
    with LimitedSite(project) as site:
        site.wait_for("Looking for changes every 0.5 s: the system allows no more watches")
        poll(lambda: site.count("ready") == 1, "the first worker")
        site.save(VIEWS, view("second"))
        site.wait_for("reloaded in")
        assert site.text() == "second"


def test_a_folder_on_the_network_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "tells_of_changes", lambda root: False)
    monkeypatch.setattr(watcher_module, "mount_type", lambda root: "nfs4")
    with watching(tmp_path) as watched:
        (tmp_path / VIEWS).write_text(view("second"))
        assert next_batch(watched) == {VIEWS: FileKind.SOURCE}
    (line,) = watched[2]
    assert f"{tmp_path} is on nfs4" in line
    assert "--reload=poll" in line


@pytest.mark.parametrize(
    ("folder", "kind", "tells"),
    [
        ("/home/ada/site", "ext4", True),
        ("/home/ada/my sites/one", "nfs4", False),
        ("/home/ada/my sites more", "ext4", True),
        ("/mnt/host/site", "fuse.grpcfuse", False),
        ("/mnt/over", "tmpfs", True),
        ("/mnt/windows/site", "fuseblk", True),
        ("/mnt/c/site", "9p", False),
    ],
)
def test_the_mount_says_whether_events_can_be_had(tmp_path: Path, folder: str, kind: str, tells: bool) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.strip())
    assert mount_type(Path(folder), mounts) == kind
    assert tells_of_changes(Path(folder), mounts) is tells


def test_where_mounts_are_not_listed_events_are_expected(tmp_path: Path) -> None:
    assert tells_of_changes(tmp_path, tmp_path / "missing")
