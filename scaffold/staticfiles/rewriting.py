"""Names that change with what a file holds, and files that refer to each other by them.

The hash of a style sheet or script is that of its final text, in which the names of those that it refers to stand: a
change of a picture changes the name of the style sheet that shows it. Files that refer to each other in a circle have
no such order. They are taken together: one hash of the whole group, in which references inside of the group stand as
they were written, is made, and each member's own is made of that one and its path. So the names of all members change
when one of them does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from scaffold.exceptions import did_you_mean
from scaffold.staticfiles.css import css_references
from scaffold.staticfiles.javascript import javascript_references
from scaffold.staticfiles.references import Reference, replaced, target_of

__all__ = ["HASH_DIGITS", "Fault", "Rewriting", "hashed_name", "rewrite"]

HASH_DIGITS = 12
"""Hexadecimal digits of the SHA-256 in a name: 48 bits, enough for the versions of one file."""

_SCANNERS: Mapping[str, Callable[[str], Iterator[Reference]]] = {
    ".css": css_references,
    ".js": javascript_references,
    ".mjs": javascript_references,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A reference that leads to no static file: ``source`` is ``file:line``."""

    source: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The hashed name of each file and the hash in it, and the bytes of those that refer to others.

    A reference to a file that is missing is among the ``faults``; where a source map is, which nobody but a developer
    would ask for, among the ``warnings``.
    """

    names: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def name(self, path: str, digest: str) -> None:
        """Give ``path`` the name that the hexadecimal ``digest`` makes."""
        self.digests[path] = digest[:HASH_DIGITS]
        self.names[path] = hashed_name(path, digest)


@dataclass(frozen=True, slots=True)
class _Text:
    """A file that refers to others: each reference with the path of its target."""

    text: str
    references: tuple[tuple[Reference, str], ...]

    def rendered(self, names: Mapping[str, str]) -> bytes:
        """Return the text with the ``names`` of the targets; a target that has none stays as it is written."""
        parts, position = [], 0
        for reference, target in self.references:
            if target in names:
                raw = self.text[reference.start : reference.end]
                parts += [self.text[position : reference.start], replaced(reference, raw, names[target])]
                position = reference.end
        return "".join([*parts, self.text[position:]]).encode("utf-8", "surrogateescape")


def rewrite(files: Mapping[str, Path], static_url: str) -> Rewriting:
    """Name all ``files``, by path, and rewrite the references in style sheets and scripts; raises ``OSError``."""
    result = Rewriting()
    texts: dict[str, _Text] = {}
    for path, file in files.items():
        scan = _SCANNERS.get(PurePosixPath(path).suffix.lower())
        if scan is None:
            with file.open("rb") as stream:
                result.name(path, hashlib.file_digest(stream, "sha256").hexdigest())
        else:
            # Bytes that are no UTF-8 come through as they are.
            text = file.read_bytes().decode("utf-8", "surrogateescape")
            texts[path] = _read(path, text, scan, files, static_url, result)
    for group in _groups(texts):
        _name(group, texts, result)
    return result


def hashed_name(path: str, digest: str) -> str:
    """Return ``path`` with the first digits of a hash before its last ending: ``css/site.1a2b3c4d5e6f.css``."""
    file = PurePosixPath(path)
    return str(file.with_name(f"{file.stem}.{digest[:HASH_DIGITS]}{file.suffix}"))


def _read(
    path: str,
    text: str,
    scan: Callable[[str], Iterator[Reference]],
    files: Mapping[str, Path],
    static_url: str,
    result: Rewriting,
) -> _Text:
    found = []
    for reference in sorted(scan(text), key=lambda item: item.start):
        target = target_of(reference, path, static_url)
        if target in files:
            found.append((reference, str(target)))
        elif target is not None:
            source = f"{files[path]}:{text.count(chr(10), 0, reference.start) + 1}"
            hint = did_you_mean(target, files) or "Add the file, or mend the reference."
            message = f"{reference.url!r} leads to {target!r}, which is no static file"
            (result.warnings if reference.kind == "map" else result.faults).append(Fault(source, message, hint))
    return _Text(text, tuple(found))


def _name(group: Sequence[str], texts: Mapping[str, _Text], result: Rewriting) -> None:
    """Name the members of a group; the names of all that they refer to outside of it are known."""
    if len(group) == 1 and group[0] not in _targets(texts[group[0]]):
        content = texts[group[0]].rendered(result.names)
        result.name(group[0], hashlib.sha256(content).hexdigest())
        result.contents[group[0]] = content
        return
    whole = hashlib.sha256()
    for path in sorted(group):
        content = texts[path].rendered(result.names)
        whole.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    for path in group:
        own = hashlib.sha256(whole.digest() + path.encode("utf-8", "surrogateescape"))
        result.name(path, own.hexdigest())
    for path in group:
        result.contents[path] = texts[path].rendered(result.names)


def _targets(text: _Text) -> list[str]:
    return [target for _, target in text.references]


def _groups(texts: Mapping[str, _Text]) -> Iterator[list[str]]:
    """Yield the files in groups, each after those that it refers to; a group's members refer to each other in circles.

    These are the strongly connected components, by Tarjan's algorithm with a stack of its own: a chain of imports may
    be longer than Python's.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: dict[str, None] = {}  # in order, those that belong to no group yet
    for root in sorted(texts):
        path = [] if root in order else [(root, iter(_targets(texts[root])))]
        while path:
            name, targets = path[-1]
            if name not in order:
                order[name] = lowest[name] = len(order)
                waiting[name] = None
            for target in targets:
                if target in texts and target not in order:
                    path.append((target, iter(_targets(texts[target]))))
                    break
                if target in waiting:
                    lowest[name] = min(lowest[name], order[target])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[name])
                if lowest[name] == order[name]:
                    yield _taken(waiting, name)


def _taken(waiting: dict[str, None], name: str) -> list[str]:
    """Remove ``name`` and all behind it, and return them."""
    group = []
    while name in waiting:
        group.append(waiting.popitem()[0])
    return group
