"""Which change a worker may have missed, where the clock of the file system is too coarse to tell by itself."""

from __future__ import annotations

from pathlib import Path

from scaffold.reload.messages import Channel
from scaffold.reload.sources import Snapshot
from scaffold.reload.supervisor import _Worker


def worker_loaded_at(time_ns: int, *, reason: tuple[str, ...] = (), files: dict[str, str] | None = None) -> _Worker:
    channel, other = Channel.pair()
    channel.close()
    other.close()
    return _Worker(1, channel, reason, "", loaded_ns=time_ns, files=files or {})


def test_a_save_in_the_same_clock_tick_as_the_end_of_a_load_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "marker.py"
    path.touch()
    stamp = path.stat().st_ctime_ns
    assert worker_loaded_at(stamp).has_missed(str(path))
    assert worker_loaded_at(stamp + 1).has_missed(str(path))
    assert not worker_loaded_at(stamp + 1_000_000_000).has_missed(str(path))


def test_a_module_that_the_project_wrote_as_it_loaded_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "made.py"
    path.write_text("x = 1\n")
    snapshot = Snapshot()
    snapshot.add_folder(str(tmp_path))
    stamp = path.stat().st_ctime_ns
    written = snapshot.written_since(stamp - 1)
    assert list(written) == [str(path)]
    assert snapshot.written_since(stamp) == {}
    assert not worker_loaded_at(stamp, files=written).has_missed(str(path))
    path.write_text("x = 2\n")
    assert worker_loaded_at(stamp, files=written).has_missed(str(path))


def test_a_module_outside_of_the_known_folders_that_each_load_writes_loads_once_more_and_not_for_ever(
    tmp_path: Path,
) -> None:
    path = tmp_path / "made.py"
    path.touch()
    stamp = path.stat().st_ctime_ns
    assert worker_loaded_at(stamp + 1).has_missed(str(path))
    assert not worker_loaded_at(stamp + 1, reason=(str(path),)).has_missed(str(path))


def test_a_folder_that_is_gone_has_no_files_of_late(tmp_path: Path) -> None:
    snapshot = Snapshot()
    snapshot.add_folder(str(tmp_path / "gone"))
    assert snapshot.written_since(0) == {}
