"""The kernel keeps so many events and no more; what is lost then is looked for."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
from collections.abc import Iterator
from pathlib import Path

from reload_helpers import PATIENCE, PROJECT, Site, new_app, poll, serving, view, write_tree
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask, WatchDescriptor

from scaffold.reload import watcher as watcher_module
from scaffold.reload.inotify import Observer
from scaffold.reload.watcher import Batch, Watcher

VIEWS = "apps/home/views.py"
FILES = 20_000


@contextlib.contextmanager
def halted(site: Site) -> Iterator[None]:
    """The supervisor stands still, so that nobody takes events from the kernel."""
    stat = Path(f"/proc/{site.process.pid}/stat")
    site.process.send_signal(signal.SIGSTOP)
    poll(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the supervisor to stand still")
    try:
        yield
    finally:
        site.process.send_signal(signal.SIGCONT)


def burst(folder: Path) -> None:
    """Make events of more files than the kernel keeps for a reader."""
    folder.mkdir(exist_ok=True)
    parent = os.open(folder, os.O_RDONLY)
    try:
        for number in range(FILES):
            os.close(os.open(f"f{number}.txt", os.O_WRONLY | os.O_CREAT, dir_fd=parent))
    finally:
        os.close(parent)


def test_what_changes_while_events_are_lost_is_served_and_so_is_the_next_edit(project: Path) -> None:
    assert int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) < 2 * FILES
    with serving(project) as site:
        site.wait_for_watcher()
        with halted(site):
            burst(project / "apps/home")
            site.save(VIEWS, view("lost"))
            write_tree(project / "apps/news", new_app("news", "the news"))
        site.wait_for("reloaded in")
        assert (site.text(), site.text("news/")) == ("lost", "the news")
        site.save("apps/news/views.py", view("newer news"))
        assert "apps/news/views.py" in site.wait_for("apps/news/views.py")
        assert site.text("news/") == "newer news"


def test_a_folder_at_the_top_that_came_while_events_were_lost_is_watched(project: Path) -> None:
    with serving(project) as site:
        site.wait_for_watcher()
        with halted(site):
            burst(project / "apps/home")
            write_tree(project, {"library/tools.py": "x = 1\n"})
        site.wait_for("reloaded in")
        site.save("library/tools.py", "x = 2\n")
        site.wait_for("library/tools.py")


def test_the_kernels_word_that_events_were_lost_is_passed_on() -> None:
    losses: list[str] = []
    observer = Observer(lambda: losses.append("lost"), lambda: losses.append("limit"))
    descriptor = observer._descriptor
    descriptor.handle_event(InotifyEvent(WatchDescriptor(-1), Mask(InotifyConstants.IN_Q_OVERFLOW), 0, b""))
    observer.stop()
    assert losses == ["lost"]
    assert not descriptor.is_alive()


def test_a_large_batch_is_followed_by_a_look_where_no_loss_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, PROJECT)
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    watcher = Watcher(tmp_path, batches.put, print, poll=True)
    watcher._survey.begin([str(tmp_path)])
    (tmp_path / VIEWS).write_text(view("second"))
    watcher._is_polling = False
    event = watcher_module.FileDeletedEvent(str(tmp_path / "x.txt"))
    for _ in range(watcher_module.LARGE_BATCH + 1):
        watcher.dispatch(event)
    watcher._thread.start()
    assert set(batches.get(timeout=PATIENCE)) == {str(tmp_path / VIEWS)}
    watcher.stop()
