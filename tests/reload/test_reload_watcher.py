"""The watcher: what is written becomes a batch of paths."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from reload_helpers import PATIENCE, PROJECT, new_app, write_tree
from watchdog import events

from scaffold.reload.filters import FileKind
from scaffold.reload.watcher import COUNTED_EVENTS, Batch, Watcher


class Watched:
    """A folder that is watched, and the batches that came of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        self.said: list[str] = []
        self.watcher = Watcher(root, self.batches.put, self.said.append)

    def changes(self, *names: str) -> Batch:
        """Wait until all of ``names`` have changed; return all changes until then."""
        seen: Batch = {}
        while not {str(self.root / name) for name in names} <= seen.keys():
            seen |= self.batches.get(timeout=PATIENCE)
        return {str(Path(path).relative_to(self.root)): kind for path, kind in seen.items()}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    write_tree(tmp_path, PROJECT)
    write_tree(
        tmp_path,
        {
            ".gitignore": "made/\n",
            "made/x.py": "",
            ".venv/pyvenv.cfg": "",
            "web/node_modules/y.py": "",
            "web/templates/page.html": "",
        },
    )
    watched = Watched(tmp_path)
    watched.watcher.start()
    yield watched
    watched.watcher.stop()


def test_a_save_is_reported_with_its_kind(watched: Watched) -> None:
    (watched.root / "apps/home/views.py").write_text("x = 1\n")
    assert watched.changes("apps/home/views.py") == {"apps/home/views.py": FileKind.SOURCE}
    (watched.root / "web/templates/page.html").write_text("x")
    assert watched.changes("web/templates/page.html") == {"web/templates/page.html": FileKind.TEMPLATE}


def test_reading_and_ignored_files_are_not_reported(watched: Watched) -> None:
    (watched.root / "apps/home/views.py").read_text()
    write_tree(watched.root, {"made/x.py": "1", ".venv/z.py": "", "web/node_modules/y.py": "1", "x.log": ""})
    (watched.root / "manage.py").write_text("x = 1\n")
    assert watched.changes("manage.py") == {"manage.py": FileKind.SOURCE}


def test_ignored_folders_are_not_even_watched(watched: Watched) -> None:
    assert watched.watcher._folders is not None
    assert watched.watcher._folders.alone == {str(watched.root), str(watched.root / "web")}


def test_renames_and_deletions_are_reported_with_both_names(watched: Watched) -> None:
    (watched.root / "apps/home/views.py").rename(watched.root / "apps/home/pages.py")
    assert set(watched.changes("apps/home/views.py", "apps/home/pages.py").values()) == {FileKind.SOURCE}
    (watched.root / "apps/home/pages.py").unlink()
    watched.changes("apps/home/pages.py")


def test_a_folder_that_is_moved_in_is_reported_with_its_files(watched: Watched) -> None:
    write_tree(watched.root / "made/news", new_app("news", "text"))
    (watched.root / "made/news").rename(watched.root / "apps/news")
    changes = watched.changes("apps/news", "apps/news/views.py")
    assert changes["apps/news/urls.py"] is FileKind.SOURCE
    (watched.root / "apps/news").rename(watched.root / "made/news")
    watched.changes("apps/news")


def test_a_new_folder_at_the_top_is_watched_from_then_on(watched: Watched) -> None:
    write_tree(watched.root, {"library/tools/a.py": ""})
    watched.changes("library/tools/a.py")
    (watched.root / "library/tools/b.py").write_text("")
    watched.changes("library/tools/b.py")


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(watched: Watched) -> None:
    for _ in range(2):
        shutil.rmtree(watched.root / "apps")
        watched.changes("apps")
        write_tree(watched.root, {"apps/home/views.py": "x = 1\n"})
        watched.changes("apps/home/views.py")
        (watched.root / "apps/home/views.py").write_text("x = 2\n")
        watched.changes("apps/home/views.py")


def test_a_folder_that_is_ignored_no_more_is_watched(watched: Watched) -> None:
    (watched.root / ".gitignore").write_text("")
    (watched.root / "manage.py").write_text("x = 1\n")
    watched.changes("manage.py")
    (watched.root / "made/x.py").write_text("x = 1\n")
    watched.changes("made/x.py")


def test_opening_and_reading_are_not_among_the_events_that_count() -> None:
    names = {name for name, kind in vars(events).items() if kind in COUNTED_EVENTS}
    assert names == {
        "DirCreatedEvent",
        "DirDeletedEvent",
        "DirMovedEvent",
        "FileClosedEvent",
        "FileCreatedEvent",
        "FileDeletedEvent",
        "FileMovedEvent",
    }


def test_an_empty_or_ignored_new_folder_is_no_change(watched: Watched) -> None:
    (watched.root / "empty").mkdir()
    (watched.root / ".mypy_cache").mkdir()
    (watched.root / "manage.py").write_text("x = 1\n")
    assert watched.changes("manage.py") == {"manage.py": FileKind.SOURCE}


def test_a_changed_gitignore_counts_at_once(watched: Watched) -> None:
    (watched.root / ".gitignore").write_text("apps/home/views.py\n")
    (watched.root / "manage.py").write_text("x = 0\n")
    watched.changes("manage.py")
    (watched.root / "apps/home/views.py").write_text("x = 1\n")
    (watched.root / "manage.py").write_text("x = 1\n")
    assert watched.changes("manage.py") == {"manage.py": FileKind.SOURCE}


def test_a_folder_that_is_not_there_can_not_be_watched(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path / "missing", lambda batch: None, print)
    with pytest.raises(OSError, match="No such file"):
        watcher.start()
