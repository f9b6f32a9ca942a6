"""Pages of the documentation, read into blocks. The scheme is told in ``test_doc_blocks.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,})(?P<language>[^`\s]*)[^`]*")
_MARKER = re.compile(r"<!-- (?P<key>[a-z ]+?)(?:: (?P<value>.*?))? -->")
_HEADING = re.compile(r"(?P<level>#{1,6}) (?P<text>.+)")


@dataclass(frozen=True)
class Block:
    """A fenced block: ``line`` is that of its first line of text, ``markers`` are the comments right before it."""

    language: str
    text: str
    line: int
    markers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Heading:
    """A heading with the anchor that GitHub gives it, and the text of its section (sections below it included)."""

    level: int
    text: str
    anchor: str
    section: str


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the project's root."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """The whole text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The fenced blocks, in order."""
        return tuple(_blocks(self.text.splitlines()))

    @cached_property
    def markers(self) -> dict[str, str]:
        """The markers of the whole page, which stand in the line below its title."""
        return _markers(self.text.splitlines()[1:2])

    @cached_property
    def prose(self) -> str:
        """The text without the fenced blocks."""
        return "\n".join(_prose(self.text.splitlines()))

    @cached_property
    def headings(self) -> tuple[Heading, ...]:
        """The headings, in order."""
        return tuple(_headings(self.prose))


def all_pages() -> list[Page]:
    """Return the README and every page below ``docs/``."""
    return [Page(ROOT / "README.md"), *(Page(path) for path in sorted(DOCS.rglob("*.md")))]


def _blocks(lines: list[str]) -> Iterator[Block]:
    start: int | None = None
    opening: re.Match[str] | None = None
    for number, line in enumerate(lines):
        if opening is None:
            opening = _FENCE.fullmatch(line)
            start = number
        elif start is not None and line.strip() == opening["fence"]:
            indent = len(opening["indent"])
            text = "".join(f"{row[indent:]}\n" for row in lines[start + 1 : number])
            yield Block(opening["language"], text, start + 2, _markers_above(lines, start))
            opening = None


def _markers_above(lines: list[str], start: int) -> dict[str, str]:
    first = start
    while first > 0 and lines[first - 1].strip().startswith("<!--"):
        first -= 1
    return _markers(lines[first:start])


def _markers(lines: list[str]) -> dict[str, str]:
    found = (_MARKER.fullmatch(line.strip()) for line in lines)
    return {item["key"]: item["value"] or "" for item in found if item is not None}


def _prose(lines: list[str]) -> Iterator[str]:
    fence = ""
    for line in lines:
        opening = _FENCE.fullmatch(line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opening is not None:
            fence = opening["fence"]
        else:
            yield line


def _headings(text: str) -> Iterator[Heading]:
    lines = text.splitlines()
    found = [(number, item) for number, line in enumerate(lines) if (item := _HEADING.fullmatch(line)) is not None]
    seen: dict[str, int] = {}
    for position, (number, item) in enumerate(found):
        level = len(item["level"])
        below = (other for other, rival in found[position + 1 :] if len(rival["level"]) <= level)
        section = "\n".join(lines[number + 1 : next(below, len(lines))])
        anchor = re.sub(r"[^\w\- ]", "", item["text"].lower()).replace(" ", "-")
        count = seen[anchor] = seen.get(anchor, -1) + 1
        yield Heading(level, item["text"], f"{anchor}-{count}" if count else anchor, section)
