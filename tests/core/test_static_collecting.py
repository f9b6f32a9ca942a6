"""Collecting static files: what is written, what is kept, what is removed, and what is never touched."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import brotli
import pytest

from scaffold.exceptions import StaticFilesError
from scaffold.staticfiles import Manifest, collecting, read_manifest
from scaffold.staticfiles.collecting import Collector, Report, gather, refuse_target

LONG = "body { color: red }\n" * 50


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    fill(folder, {"css/site.css": f"{LONG}a{{b:url(../i/x.png)}}", "i/x.png": "picture", "LICENSE": "free"})
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "public" / "static"


def fill(folder: Path, files: Mapping[str, str]) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


def collect(source: Path, target: Path, **options: Any) -> Report:
    return Collector(gather([source]), target, static_url="/static/", **options).run()


def manifest_of(target: Path) -> Manifest:
    manifest = read_manifest(target)
    assert manifest is not None
    return manifest


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_each_file_is_written_under_its_name_and_a_hashed_one(source: Path, target: Path) -> None:
    report = collect(source, target)
    css, picture, text = (report.names[path] for path in ("css/site.css", "i/x.png", "LICENSE"))
    assert set(tree(target)) == {
        *("staticfiles.json", "LICENSE", text, "i/x.png", picture),
        *(name + ending for name in ("css/site.css", css) for ending in ("", ".br", ".gz")),
    }
    content = (target / css).read_bytes()
    assert content.endswith(f"url(../{picture})}}".encode())
    assert content == (target / "css/site.css").read_bytes()
    assert gzip.decompress((target / f"{css}.gz").read_bytes()) == content
    assert brotli.decompress((target / f"{css}.br").read_bytes()) == content
    assert (report.compressed, sorted(report.written)) == (["css/site.css"], ["LICENSE", "css/site.css", "i/x.png"])


def test_the_same_files_are_collected_to_the_same_bytes(source: Path, target: Path, tmp_path: Path) -> None:
    collect(source, target)
    collect(source, tmp_path / "other")
    assert tree(target) == tree(tmp_path / "other")


def test_collected_files_are_as_readable_as_any_other(source: Path, target: Path) -> None:
    mask = os.umask(0o022)
    try:
        collect(source, target)
    finally:
        os.umask(mask)
    assert {file.stat().st_mode & 0o777 for file in target.rglob("*") if file.is_file()} == {0o644}


def test_a_second_run_writes_what_has_changed_alone(source: Path, target: Path) -> None:
    collect(source, target)
    before = {file: file.stat().st_ino for file in target.rglob("*") if file.is_file()}
    report = collect(source, target)
    assert (report.written, report.removed, len(report.unchanged)) == ([], [], 3)
    assert {file: file.stat().st_ino for file in target.rglob("*") if file.is_file()} == before
    fill(source, {"i/x.png": "another"})
    report = collect(source, target)
    assert (sorted(report.written), report.unchanged) == (["css/site.css", "i/x.png"], ["LICENSE"])


def test_the_hashed_files_of_one_collection_before_are_kept_for_open_pages(source: Path, target: Path) -> None:
    names = []
    for text in ("one", "two", "three"):
        fill(source, {"a.txt": text})
        names.append(collect(source, target).names["a.txt"])
        collect(source, target)  # changes nothing, so it ages nothing
    assert [(target / name).exists() for name in names] == [False, True, True]
    assert (target / "a.txt").read_text() == "three"
    (source / "a.txt").unlink()
    report = collect(source, target)
    assert report.removed == sorted(["a.txt", names[1]])
    assert (target / names[2]).exists()


def test_clear_keeps_nothing_of_former_collections(source: Path, target: Path) -> None:
    fill(source, {"old/a.txt": "one"})
    name = collect(source, target).names["old/a.txt"]
    (source / "old/a.txt").unlink()
    report = collect(source, target, clear=True)
    assert not (target / name).exists()
    assert not (target / "old").exists()
    assert (report.unchanged, len(report.written)) == ([], 3)


def test_without_compression_former_compressed_files_go(source: Path, target: Path) -> None:
    collect(source, target)
    collect(source, target, compress=False)
    assert not [*target.rglob("*.gz"), *target.rglob("*.br")]


def test_without_brotli_there_is_gzip(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "compressors", lambda: ("gzip",))
    collect(source, target)
    assert not [*target.rglob("*.br")]
    assert [*target.rglob("*.gz")]


def test_what_gets_no_smaller_is_not_compressed(source: Path, target: Path) -> None:
    (source / "noise.txt").write_bytes(os.urandom(4000))
    fill(source, {"short.txt": "x"})
    assert collect(source, target).compressed == ["css/site.css"]


def test_a_compressed_file_among_the_sources_is_a_file_of_its_own(source: Path, target: Path) -> None:
    fill(source, {"data.json": "[]" * 500, "data.json.gz": "my own"})
    report = collect(source, target)
    assert (target / "data.json.gz").read_text() == "my own"
    assert "gzip" not in manifest_of(target).files["data.json"].encodings
    assert (target / report.names["data.json.gz"]).read_text() == "my own"


def test_a_file_that_was_damaged_or_removed_is_written_again(source: Path, target: Path) -> None:
    name = collect(source, target).names["css/site.css"]
    (target / name).write_text("")
    (target / "i/x.png").unlink()
    assert sorted(collect(source, target).written) == ["css/site.css", "i/x.png"]
    assert (target / name).read_text().startswith("body")


def test_a_preview_writes_nothing(source: Path, target: Path) -> None:
    report = Collector(gather([source]), target, static_url="/static/").preview()
    assert len(report.written) == 3
    assert not target.exists()


# --- interrupted -----------------------------------------------------------------------------------------------------


def test_an_interrupted_run_leaves_the_former_collection_valid(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = collect(source, target)
    fill(source, {"i/x.png": "another", "z.txt": "new"})
    write, count = collecting.write_atomically, iter(range(100))

    def interrupted(file: Path, content: bytes) -> None:
        if next(count) == 4:
            raise KeyboardInterrupt
        write(file, content)

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "write_atomically", interrupted)
        with pytest.raises(KeyboardInterrupt):
            collect(source, target)
    manifest = manifest_of(target)
    assert {path: entry.name for path, entry in manifest.files.items()} == former.names
    assert all((target / name).is_file() for name in former.names.values())
    (source / "z.txt").unlink()
    fill(source, {"i/x.png": "a third"})
    (target / f"{collecting.TEMPORARY_PREFIX}0123").write_text("never finished")
    collect(source, target)
    assert {*tree(target)} == {"staticfiles.json", *manifest_of(target).names()}


def test_the_first_run_may_be_interrupted_too(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            collect(source, target)
    assert read_manifest(target) is None
    assert len(collect(source, target).written) == 3


def test_a_file_that_changes_meanwhile_gets_no_name_that_is_wrong(source: Path, target: Path) -> None:
    collector = Collector(gather([source]), target, static_url="/static/")
    fill(source, {"LICENSE": "not free"})
    with pytest.raises(StaticFilesError, match="was changed while it was collected") as caught:
        collector.run()
    assert caught.value.source == str(source / "LICENSE")
    assert read_manifest(target) is None


# --- nobody loses a file ---------------------------------------------------------------------------------------------


def test_a_folder_that_holds_something_else_is_refused(source: Path, target: Path) -> None:
    fill(target, {"mine.txt": "precious"})
    with pytest.raises(StaticFilesError, match="is not empty, and was not made by collectstatic"):
        collect(source, target, clear=True)
    assert [*tree(target)] == ["mine.txt"]


def test_a_file_that_was_put_there_is_neither_overwritten_nor_removed(source: Path, target: Path) -> None:
    collect(source, target)
    fill(target, {"robots.txt": "mine"})
    collect(source, target, clear=True)
    assert (target / "robots.txt").read_text() == "mine"
    fill(source, {"robots.txt": "theirs"})
    with pytest.raises(StaticFilesError, match=r"robots\.txt is in the way"):
        collect(source, target)
    assert (target / "robots.txt").read_text() == "mine"


def test_what_a_manifest_says_of_files_elsewhere_is_not_believed(source: Path, target: Path, tmp_path: Path) -> None:
    collect(source, target)
    fill(tmp_path, {"precious.txt": "x"})
    file = target / "staticfiles.json"
    data = json.loads(file.read_text())
    data["previous"] = {"../../precious.txt": {**data["files"]["LICENSE"], "name": "../../precious.txt"}}
    file.write_text(json.dumps(data))
    with pytest.raises(StaticFilesError, match="is no path of a static file"):
        collect(source, target)
    assert (tmp_path / "precious.txt").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 2}', '{"version": 1, "files": []}', "[" * 9000])
def test_a_broken_manifest_is_an_error_that_says_what_to_do(source: Path, target: Path, text: str) -> None:
    fill(target, {"staticfiles.json": text})
    with pytest.raises(StaticFilesError, match="can't be read") as caught:
        collect(source, target)
    assert caught.value.hint.startswith("Remove the folder")
    assert caught.value.source == str(target / "staticfiles.json")


@pytest.mark.parametrize(
    ("root", "message"),
    [
        (".", "holds the project itself"),
        ("..", "holds the project itself"),
        ("static", "static files are taken from"),
        ("static/collected", "static files are taken from"),
        ("apps/blog", "static files are taken from"),
        ("manage.py", "is no folder"),
        ("link", "static files are taken from"),
    ],
)
def test_a_target_among_the_sources_is_refused(tmp_path: Path, root: str, message: str) -> None:
    fill(tmp_path, {"static/a.css": "", "apps/blog/static/b.css": "", "manage.py": ""})
    (tmp_path / "link").symlink_to(tmp_path / "static")
    with pytest.raises(StaticFilesError, match=message):
        refuse_target(tmp_path / root, tmp_path, [tmp_path / "static", tmp_path / "apps/blog/static"])


def test_a_target_of_its_own_is_fine(tmp_path: Path) -> None:
    refuse_target(tmp_path / "public/static", tmp_path, [tmp_path / "static"])


# --- what is collected -----------------------------------------------------------------------------------------------


def test_the_first_folder_wins_and_what_it_hides_is_named(tmp_path: Path) -> None:
    fill(tmp_path, {"one/a.css": "1", "two/a.css": "2", "two/b.css": "2"})
    found = gather([tmp_path / "one", tmp_path / "two", tmp_path / "missing"])
    assert found.files == {"a.css": tmp_path / "one/a.css", "b.css": tmp_path / "two/b.css"}
    assert found.shadowed == ((tmp_path / "two/a.css", tmp_path / "one/a.css"),)


def test_what_is_never_served_is_not_collected(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    fill(folder, {"a.css": "", ".env": "", ".git/config": "", "aux.js": "", "sub/nul": ""})
    fill(tmp_path, {"secret.txt": ""})
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "dangling.txt").symlink_to(tmp_path / "nothing")
    (folder / "folder").symlink_to(folder / "sub")
    (folder / "inside.css").symlink_to(folder / "a.css")
    os.mkfifo(folder / "pipe")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt")).write_bytes(b"")
    found = gather([folder])
    assert sorted(found.files) == ["a.css", "inside.css"]
    reasons = {ascii(file.name): reason for file, reason in found.skipped}
    assert set(reasons) == {"'aux.js'", "'nul'", "'folder'", "'out.txt'", "'dangling.txt'", "'pipe'", "'\\udcff.txt'"}
    assert reasons["'out.txt'"] == "it leads out of its folder, or nowhere"


def test_a_path_that_is_a_file_and_a_folder_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path, {"one/a": "", "two/a/b.css": ""})
    with pytest.raises(StaticFilesError, match="a is a file and a folder"):
        gather([tmp_path / "one", tmp_path / "two"])


def test_two_files_that_would_have_one_name_are_an_error(source: Path, target: Path) -> None:
    name = collect(source, target).names["LICENSE"]
    fill(source, {name: "another"})
    with pytest.raises(StaticFilesError, match="two static files would be called"):
        collect(source, target)


def test_a_file_may_not_be_called_like_the_manifest_but_a_web_applications_manifest_may(
    source: Path, target: Path
) -> None:
    fill(source, {"manifest.json": "{}"})
    assert "manifest.json" in collect(source, target).names
    fill(source, {"staticfiles.json": "{}"})
    with pytest.raises(StaticFilesError, match=r"two static files would be called 'staticfiles\.json'"):
        collect(source, target)
