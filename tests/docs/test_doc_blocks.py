"""Every fenced block of README.md and docs/ is run, written or parsed.

The blocks of a page run in order in a folder of their own, which the pages show as ``/home/ada``. A page with
``<!-- project: mysite -->`` below its title runs inside of a new project of that name. The language of a block and the
comments in the lines right above it decide what is done with it:

=================================  ====================================================================================
comment or language                what is done
=================================  ====================================================================================
``<!-- file: PATH -->``            the block is written to PATH, below the folder where the page starts
``<!-- append: PATH -->``          the block is put at the end of PATH
``<!-- shown: PATH -->``           the block must stand in PATH as it is
``<!-- tree: DIR -->``             the block draws a tree of files, each of which must exist in DIR
``<!-- serve -->``                 the last command starts a server with a port of the kernel's choice, which the page
                                   shows as 127.0.0.1:8000; it is stopped by Ctrl-C when the page ends or starts another
``<!-- command: NAME -->``         one of the README's two commands: one line that the shell can parse
``<!-- not run: REASON -->``       commands that need what a test must not ask for: the shell parses them
``console``                        each ``$ command`` runs, and its output and exit status (``<!-- exit: N -->`` for the
                                   last command, else 0) must be those shown. ``...`` stands for any text, a line of it
                                   for any lines. Times, durations and dates may differ
``python``                         runs in the page's own process; all blocks of a page share their names
``pycon``                          runs there too, and prints what is shown
``html``                           parsed as a template
``toml``, ``json``                 parsed
anything else                      fails: no block goes unchecked
=================================  ====================================================================================
"""

from __future__ import annotations

from pathlib import Path

import pytest
from doc_output import fits
from doc_pages import Block, Page, all_pages
from doc_runner import PageRunner

from scaffold.generation import plan_project, write

PAGES = [page for page in all_pages() if page.blocks]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_do_what_the_page_says(page: Page, tmp_path: Path, tools: Path) -> None:
    home = tmp_path.resolve()
    if "project" in page.markers:
        write(plan_project(page.markers["project"], parent=home))
    with PageRunner(page, home, tools) as runner:
        for block in page.blocks:
            runner.run(block)


def test_the_readme_gives_both_commands_for_a_fresh_clone() -> None:
    commands = {block.markers["command"]: block for block in all_pages()[0].blocks if "command" in block.markers}
    assert set(commands) == {"serve", "test"}
    assert {block.language for block in commands.values()} == {"sh"}


@pytest.mark.parametrize(
    ("language", "text"),
    [("", "no language\n"), ("ruby", "puts 1\n"), ("text", "no marker\n"), ("sh", "no marker\n")],
)
def test_a_block_that_no_rule_covers_is_an_error(language: str, text: str, tmp_path: Path, tools: Path) -> None:
    with PageRunner(all_pages()[0], tmp_path, tools) as runner, pytest.raises(AssertionError, match="no rule covers"):
        runner.run(Block(language, text, 1))


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (Block("python", "1 / 0\n", 3), "ZeroDivisionError"),
        (Block("pycon", ">>> 1 + 1\n3\n", 3), "Expected"),
        (Block("console", "$ echo one\ntwo\n", 3), "printed:\none"),
        (Block("console", "$ exit 3\n", 3), "exit status 3, expected 0"),
        (Block("text", "missing.py\n", 3, {"tree": "."}), "there is no"),
        (Block("sh", "if\n", 3, {"not run": "a test"}), "refuses"),
    ],
    ids=["python", "pycon", "output", "status", "tree", "shell"],
)
def test_a_block_that_does_something_else_is_an_error(block: Block, fault: str, tmp_path: Path, tools: Path) -> None:
    with PageRunner(all_pages()[0], tmp_path, tools) as runner, pytest.raises(AssertionError, match=fault):
        runner.run(block)


@pytest.mark.parametrize(
    ("actual", "expected", "does"),
    [
        ("", "", True),
        ("one", "", False),
        ("", "...", True),
        ("one\ntwo\nthree", "one\n...\nthree", True),
        ("one\nthree", "one\n...\nthree", True),
        ("one\ntwo", "one\n...\nthree", False),
        ("port 8123 is taken", "port ... is taken", True),
        ("port 8123 is\ntaken", "port ... taken", False),
    ],
)
def test_three_dots_stand_for_any_text_and_a_line_of_them_for_any_lines(actual: str, expected: str, does: bool) -> None:
    assert fits(actual, expected) is does
