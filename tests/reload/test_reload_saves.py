"""Each way of saving is one reload, whatever a program does with names and files on the way."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reload_helpers import PATIENCE, Site, new_app, serving, view, write_tree

VIEWS = "apps/home/views.py"
LONG_AGO = 1_500_000_000_000_000_000
# Longer than a batch of events is waited for.
SLOW_SECONDS = 0.03


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def in_pieces(path: Path, text: str) -> None:
    with path.open("w") as file:
        for character in text:
            file.write(character)
            file.flush()


def into_the_past(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def like_vim(path: Path, text: str, seconds: float = 0.0) -> None:
    """May a file be made here? Then the old one becomes the backup, and a new one is written under its name."""
    probe = path.with_name("4913")
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    probe.unlink()
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    pause(seconds)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(descriptor, text.encode())
    os.fsync(descriptor)
    os.close(descriptor)
    path.chmod(0o644)
    backup.unlink()


def like_a_slow_vim(path: Path, text: str) -> None:
    like_vim(path, text, SLOW_SECONDS)


def like_pycharm(path: Path, text: str) -> None:
    """The new text under a passing name, the old file under another, and then they change places."""
    new, old = path.with_name(path.name + "___jb_tmp___"), path.with_name(path.name + "___jb_old___")
    new.write_text(text)
    path.rename(old)
    new.rename(path)
    old.unlink()


def by_sed(path: Path, text: str) -> None:
    answer = text.partition('"')[2].partition('"')[0]
    subprocess.run(["sed", "-i", f's/return ".*"/return "{answer}"/', path], check=True, timeout=PATIENCE)


@pytest.fixture
def site(project: Path) -> Iterator[Site]:
    with serving(project) as site:
        let_it_settle(site)
        yield site


def let_it_settle(site: Site) -> None:
    """Wait until the site is watched, and has shown it."""
    site.wait_for_watcher()
    site.save("apps/home/begin.py", "x = 1\n")
    site.wait_for("begin.py")


def reloads_until_another_save(site: Site) -> list[str]:
    """The lines of all reloads after it has settled and before that of a file which is saved now."""
    site.save("apps/home/fence.py", "x = 1\n")
    site.wait_for("fence.py")
    return [line for line in site.lines if "reloaded" in line or "failed to load" in line][1:-1]


@pytest.mark.parametrize(
    "save",
    [in_place, in_pieces, into_the_past, like_vim, like_a_slow_vim, like_pycharm, by_sed],
    ids=lambda save: save.__name__,
)
def test_each_way_of_saving_is_one_reload(site: Site, save: Callable[[Path, str], None]) -> None:
    save(site.root / VIEWS, view("second"))
    site.wait_for("reloaded in")
    assert site.text() == "second"
    assert len(reloads_until_another_save(site)) == 1


def test_reading_touching_and_saving_the_same_bytes_are_none(site: Site) -> None:
    write_tree(site.root, {"tests/test_home.py": "x = 1\n"})
    site.wait_for("reloaded in")
    for path in (site.root / VIEWS, site.root / "tests/test_home.py"):
        path.read_text()
        path.touch()
        path.chmod(0o600)
        path.write_text(path.read_text())
    assert len(reloads_until_another_save(site)) == 1


def test_a_file_that_is_deleted_is_one_reload(site: Site) -> None:
    (site.root / VIEWS).unlink()
    assert VIEWS in site.wait_for("with errors")
    assert len(reloads_until_another_save(site)) == 1


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=PATIENCE)


def test_a_file_that_git_checks_out_is_one_reload(project: Path) -> None:
    for arguments in (("init",), ("add", "."), ("commit", "-m", "first")):
        git(project, *arguments)
    (project / VIEWS).write_text(view("second"))
    with serving(project) as site:
        let_it_settle(site)
        git(project, "checkout", VIEWS)
        site.wait_for("reloaded in")
        assert site.text() == "first"
        assert len(reloads_until_another_save(site)) == 1


def test_another_branch_with_500_files_is_one_reload(project: Path) -> None:
    modules = {f"apps/home/part{number % 10}/m{number}.py": "x = 1\n" for number in range(500)}
    write_tree(project, modules)
    for arguments in (("init",), ("add", "."), ("commit", "-m", "first"), ("checkout", "-b", "other")):
        git(project, *arguments)
    write_tree(project, dict.fromkeys(modules, "x = 22\n"))
    write_tree(project, {VIEWS: view("second")})
    write_tree(project / "apps/news", new_app("news", "the news"))
    for arguments in (("add", "."), ("commit", "-m", "second"), ("checkout", "main")):
        git(project, *arguments)
    with serving(project) as site:
        let_it_settle(site)
        git(project, "checkout", "other")
        assert " more" in site.wait_for("reloaded in")
        assert (site.text(), site.text("news/")) == ("second", "the news")
        assert len(reloads_until_another_save(site)) == 1
