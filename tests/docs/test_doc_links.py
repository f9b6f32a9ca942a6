"""Links lead somewhere, and files that are named exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_pages import DOCS, ROOT, Page, all_pages

_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(?<!`)`(?P<code>[^`\n]+)`(?!`)")
_FILE = re.compile(r"[a-z0-9_.-]+(?:/[a-z0-9_.-]+)+\.(?:py|html|css|toml|md|svg|yml)")

PAGES = pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)


def files_named(page: Page) -> Iterator[str]:
    """Yield the paths, with a slash in them, that the page sets in code."""
    for found in _CODE.finditer(page.prose):
        if _FILE.fullmatch(found["code"]):
            yield found["code"]


def files_written(page: Page) -> set[str]:
    """The paths that the blocks of the page write, also as seen from a project's folder."""
    names = {block.markers[key] for block in page.blocks for key in ("file", "append") if key in block.markers}
    return names | {name.partition("/")[2] for name in names}


@PAGES
def test_every_link_inside_of_the_documentation_leads_somewhere(page: Page) -> None:
    for found in _LINK.finditer(page.prose):
        target, _, anchor = found["target"].partition("#")
        if "://" in found["target"]:
            continue
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), f"{page.name} links to {found['target']}, which is not there"
        if anchor:
            anchors = [heading.anchor for heading in Page(path).headings]
            assert anchor in anchors, f"{page.name} links to #{anchor}; there are {anchors}"


@PAGES
def test_every_file_that_a_page_names_exists(page: Page, example_project: Path) -> None:
    known = files_written(page)
    templates = example_project.glob("apps/*/templates")
    folders = [ROOT, example_project, example_project.parent, *templates]
    missing = [
        name
        for name in files_named(page)
        if name not in known and not any((folder / name).exists() for folder in folders)
    ]
    assert missing == []


def test_every_page_is_reached_from_the_index() -> None:
    index = Page(DOCS / "index.md")
    targets = {found["target"].partition("#")[0] for found in _LINK.finditer(index.prose)}
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"index.md"}
    assert pages <= targets


@PAGES
def test_a_page_has_one_title_in_its_first_line(page: Page) -> None:
    assert page.text.startswith("# ")
    assert [heading.level for heading in page.headings].count(1) == 1
