"""Collecting static files: from the folders of the project and its apps into one, under names for production.

What was written is in the manifest, which is replaced last: a run that is interrupted leaves the former collection
valid. Before the first file is written, all names to come are noted in a journal, so that the next run knows what an
interrupted one has left. Nothing that neither of the two names is ever overwritten or removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from scaffold.exceptions import StaticFilesError
from scaffold.staticfiles.compressing import compressed, compressors, is_compressible
from scaffold.staticfiles.finding import is_public_path, safe_join, walk
from scaffold.staticfiles.manifest import (
    ENDINGS,
    MANIFEST_NAME,
    TEMPORARY_PREFIX,
    Entry,
    Manifest,
    read_manifest,
    write_atomically,
)
from scaffold.staticfiles.rewriting import Rewriting, rewrite

__all__ = ["Collector", "Report", "Sources", "gather", "refuse_target"]

JOURNAL_NAME = f"{TEMPORARY_PREFIX}collecting"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files to collect, by path; those that another hides, each with it; and those left out, each with a reason."""

    files: Mapping[str, Path]
    shadowed: tuple[tuple[Path, Path], ...] = ()
    skipped: tuple[tuple[Path, str], ...] = ()


@dataclass(slots=True)
class Report:
    """What a collection did, by plain paths; ``removed`` are names below the target."""

    names: Mapping[str, str]
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    compressed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def gather(folders: Sequence[Path]) -> Sources:
    """Return what lies in ``folders``; the first that holds a path wins.

    Raises `StaticFilesError` for a path that is a file here and a folder there.
    """
    files: dict[str, Path] = {}
    shadowed, skipped = [], []
    for folder in folders:
        for path, file in walk(folder):
            reason = _reason_to_skip(folder, path)
            if reason:
                skipped.append((file, reason))
            elif path in files:
                shadowed.append((file, files[path]))
            else:
                files[path] = file
    for path, file in files.items():
        for parent in map(str, PurePosixPath(path).parents):
            if parent in files:
                cause = f"{parent} is a file and a folder among the static files"
                raise StaticFilesError(cause, source=str(file), hint=f"Rename it, or {files[parent]}.")
    return Sources(dict(sorted(files.items())), tuple(shadowed), tuple(skipped))


def _reason_to_skip(folder: Path, path: str) -> str:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is no UTF-8"
    if not is_public_path(path):
        return "its name is one that is never served"
    target = safe_join(folder, path)
    if target is None:
        return "it leads out of its folder, or nowhere"
    if target.is_dir():
        return "it is a link to a folder"
    return "" if target.is_file() else "it is no file"


def refuse_target(target: Path, project: Path, folders: Sequence[Path]) -> None:
    """Raise `StaticFilesError` where files must not be collected to: STATIC_ROOT among the sources or above them."""
    resolved = target.resolve()
    hint = "Set STATIC_ROOT to a folder of its own, such as 'public/static'."
    if project.resolve().is_relative_to(resolved):
        raise StaticFilesError(f"STATIC_ROOT is {resolved}, which holds the project itself", hint=hint)
    for folder in map(Path.resolve, folders):
        if resolved.is_relative_to(folder) or folder.is_relative_to(resolved):
            raise StaticFilesError(f"STATIC_ROOT is {resolved}, but static files are taken from {folder}", hint=hint)
    if resolved.exists() and not resolved.is_dir():
        raise StaticFilesError(f"STATIC_ROOT is {resolved}, which is no folder", hint=hint)


class Collector:
    """Writes ``sources`` to the folder ``target``.

    Raises `StaticFilesError` when there is a manifest that can't be read, or when the folder holds what no collection
    has written. With ``clear``, all files are written anew and nothing of former collections is kept.
    """

    def __init__(
        self, sources: Sources, target: Path, *, static_url: str, compress: bool = True, clear: bool = False
    ) -> None:
        self.sources = sources
        self.target = target
        self.clear = clear
        self.compressors = compressors() if compress else ()
        self.former = read_manifest(target)
        self._journal = _read_journal(target)
        self._refuse_foreign_folder()
        self.rewriting: Rewriting = rewrite(sources.files, static_url)
        self.static_url = static_url
        self.report = Report(self.rewriting.names)
        self._reused = dict(self._unchanged())
        self._refuse_foreign_files()

    def preview(self) -> Report:
        """Return what `run` would do, but for what it would compress and remove."""
        self.report.unchanged = [*self._reused]
        self.report.written = [path for path in self.sources.files if path not in self._reused]
        return self.report

    def run(self) -> Report:
        """Write what has changed, then the manifest, and remove what is no longer wanted."""
        former = {} if self.former is None else self.former.files
        self.target.mkdir(parents=True, exist_ok=True)
        if self._journal or len(self._reused) < len(self.sources.files):
            self._note_names()
        entries = {path: self._reused.get(path) or self._write(path) for path in self.sources.files}
        names = {entry.name for entry in entries.values()}
        retired = {entry.name: entry for entry in former.values() if entry.name not in names}
        if not retired and self.former is not None:  # nothing has changed, so open pages are as old as before
            retired = {name: entry for name, entry in self.former.previous.items() if name not in names}
        manifest = Manifest(self.static_url, self.compressors, entries, {} if self.clear else retired)
        if manifest != self.former:
            manifest.write(self.target)
        self._remove_all_but(set(manifest.names()))
        self.report.unchanged = [*self._reused]
        return self.report

    # --- what is there ------------------------------------------------------------------------------------------

    def _ours(self) -> set[str]:
        return {*self._journal, *(self.former.names() if self.former else ())}

    def _refuse_foreign_folder(self) -> None:
        is_ours = self.former is not None or (self.target / JOURNAL_NAME).is_file()
        if not is_ours and self.target.is_dir() and any(self.target.iterdir()):
            raise StaticFilesError(
                f"{self.target} is not empty, and was not made by collectstatic: there is no {MANIFEST_NAME}",
                hint="Empty it, or set STATIC_ROOT to a folder of its own.",
            )

    def _refuse_foreign_files(self) -> None:
        for name in sorted(self._new_names() - self._ours()):
            file = self.target / name
            if file.exists() or file.is_symlink():
                raise StaticFilesError(
                    f"{file} is in the way: it was not made by collectstatic", hint="Move it to a static folder."
                )

    def _new_names(self) -> set[str]:
        """Return all names that may be written, those of compressed forms included."""
        plain = [*self.sources.files, *self.rewriting.names.values(), MANIFEST_NAME]
        if len({*plain}) < len(plain):
            twice = next(name for name in plain if plain.count(name) > 1)
            raise StaticFilesError(
                f"two static files would be called {twice!r}",
                source=str(self.sources.files.get(twice, "")),
                hint="Remove or rename the one that already has this name.",
            )
        return {*plain[:-1], *(name + ENDINGS[form] for name in plain[:-1] for form in self.compressors)}

    def _unchanged(self) -> Iterator[tuple[str, Entry]]:
        """Yield the entries of the files that lie in the target as they should."""
        if self.former is None or self.clear or self.former.compressors != self.compressors:
            return
        for path, name in self.rewriting.names.items():
            entry = self.former.files.get(path)
            if entry is not None and entry.name == name and _lies_there(self.target, path, entry):
                yield path, entry

    # --- writing ------------------------------------------------------------------------------------------------

    def _note_names(self) -> None:
        journal = self.target / JOURNAL_NAME
        if journal.is_file():  # an interrupted run may have left files that were never finished
            for file in self.target.rglob(f"{TEMPORARY_PREFIX}*"):
                if file != journal:
                    file.unlink(missing_ok=True)
        names = sorted({*self._journal, *self._new_names()})
        write_atomically(journal, json.dumps(names).encode())

    def _write(self, path: str) -> Entry:
        content = self._content(path)
        name = self.rewriting.names[path]
        forms = dict(self._compressed(path, content))
        for target in (name, path):
            file = self.target / target
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, content)
            for encoding, data in forms.items():
                write_atomically(self.target / (target + ENDINGS[encoding]), data)
        self.report.written.append(path)
        if forms:
            self.report.compressed.append(path)
        sizes = {encoding: len(data) for encoding, data in forms.items()}
        return Entry(name, self.rewriting.digests[path], len(content), sizes)

    def _content(self, path: str) -> bytes:
        content = self.rewriting.contents.get(path)
        if content is None:
            file = self.sources.files[path]
            content = file.read_bytes()
            if not hashlib.sha256(content).hexdigest().startswith(self.rewriting.digests[path]):
                cause = "a static file was changed while it was collected"
                raise StaticFilesError(cause, source=str(file), hint="Run it again when nothing writes to the file.")
        return content

    def _compressed(self, path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield the compressed forms that are worth it, but for those whose name is a static file's own."""
        for encoding in self.compressors if is_compressible(path) else ():
            data = compressed(content, encoding)
            if data is not None and path + ENDINGS[encoding] not in self.sources.files:
                yield encoding, data

    def _remove_all_but(self, wanted: Iterable[str]) -> None:
        for name in sorted(self._ours() - {*wanted}):
            file = self.target / name
            try:
                file.unlink()
            except (FileNotFoundError, NotADirectoryError):
                continue
            self.report.removed.append(name)
            _remove_empty_folders(file.parent, self.target)
        (self.target / JOURNAL_NAME).unlink(missing_ok=True)


def _lies_there(target: Path, path: str, entry: Entry) -> bool:
    sizes = {"": entry.size, **{ENDINGS[encoding]: size for encoding, size in entry.encodings.items()}}
    try:
        return all(
            (target / (name + ending)).stat().st_size == size
            for name in (path, entry.name)
            for ending, size in sizes.items()
        )
    except OSError:
        return False


def _remove_empty_folders(folder: Path, root: Path) -> None:
    with contextlib.suppress(OSError):  # it is not empty
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def _read_journal(target: Path) -> frozenset[str]:
    """Return the names that an interrupted run was about to write; a journal that can't be read names none."""
    try:
        names = json.loads((target / JOURNAL_NAME).read_bytes())
    except (OSError, ValueError, RecursionError):
        return frozenset()
    names = names if isinstance(names, list) else []
    return frozenset(name for name in names if isinstance(name, str) and is_public_path(name))
