"""Comments that speak for findings, apps' own checks, and the ids."""

from __future__ import annotations

import ast
import re
import threading
from pathlib import Path
from typing import Any

import pytest

import scaffold.checks
from scaffold import Application
from scaffold.checks import Finding, check_project, run_checks
from scaffold.checks.board import Board
from scaffold.checks.finding import LEVELS
from scaffold.checks.ids import IDS

from .helpers import make_app

GOOD = f"DEBUG = True\nSECRET_KEY = {'abcdefghijklmnopqrstuvwxyz0123456789'!r}\n"
ID = "static.missing"
WRONG = "{{ static('nothing.css') }}"
DOCS = Path(__file__).parents[2] / "docs"


def check(project: Any, files: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return level, id and line of what is found in a project with an app ``blog``."""
    folder = project({"config/settings.py": GOOD, "apps/blog/urls.py": "urlpatterns = []\n", **files})
    return [(item.level, item.id, item.source.rpartition("/")[2]) for item in check_project(folder)]


def check_template(project: Any, text: str) -> list[tuple[str, str, str]]:
    return check(project, {"templates/a.html": text})


# --- comments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"{WRONG} {{# scaffold: ignore[{ID}] it is made at night #}}",
        f"{{# scaffold: ignore[{ID}] it is made at night #}}\n{WRONG}",
        f"  {{#- scaffold: ignore[{ID}]\n it is made at night -#}}\n{WRONG}",
    ],
)
def test_a_comment_with_a_reason_speaks_for_the_findings_of_its_line(project: Any, text: str) -> None:
    assert check_template(project, text) == []


@pytest.mark.parametrize(
    "comment", ["  # scaffold: ignore[settings.secret-key] a toy", "\n# scaffold: ignore[settings.secret-key] a toy\n"]
)
def test_a_comment_in_the_settings_speaks_for_them(project: Any, comment: str) -> None:
    line = "SECRET_KEY = 'abc'"
    text = f"DEBUG = True{comment}{line}\n" if comment.endswith("\n") else f"DEBUG = True\n{line}{comment}\n"
    assert check(project, {"config/settings.py": text}) == []


def test_a_comment_for_another_id_or_another_line_speaks_for_nothing(project: Any) -> None:
    text = f"{WRONG} {{# scaffold: ignore[templates.missing] why #}}\n\n{{# scaffold: ignore[{ID}] why #}} x"
    assert check_template(project, text) == [
        ("warning", ID, "a.html:1"),
        ("note", "check.suppression", "a.html:1"),
        ("note", "check.suppression", "a.html:3"),
    ]


@pytest.mark.parametrize("comment", [f"ignore[{ID}]", "ignore[static.mising] why", "ignore[] why"])
def test_a_comment_without_a_reason_or_with_an_unknown_id_is_an_error_itself(project: Any, comment: str) -> None:
    assert check_template(project, f"{WRONG} {{# scaffold: {comment} #}}") == [
        ("error", "check.suppression", "a.html:1"),
        ("warning", ID, "a.html:1"),
    ]


def test_what_is_no_comment_is_none(project: Any) -> None:
    text = f"X = '# scaffold: ignore[{ID}]'\n"
    assert check(project, {"apps/blog/views.py": text}) == []


def test_comments_for_what_was_not_looked_for_are_left_alone(project: Any) -> None:
    files = {"apps/blog/views.py": "X = 1  # scaffold: ignore[deploy.debug] why\n"}
    folder = project({"config/settings.py": GOOD, "apps/blog/urls.py": "urlpatterns = []\n", **files})
    assert check_project(folder) == []
    assert "check.suppression" in [item.id for item in check_project(folder, deploy=True)]


# --- an app's own checks --------------------------------------------------------------------------------------------

OWN = (
    "from scaffold.checks import Finding\n\n\ndef checks(app):\n    yield Finding({}, __file__ + ':1', 'No.', 'Do.')\n"
)


def test_an_app_has_checks_of_its_own(project: Any) -> None:
    files = {"apps/blog/checks.py": OWN.format("'warning', 'blog.empty'")}
    assert check(project, files) == [("warning", "blog.empty", "checks.py:1")]


def test_a_comment_may_speak_for_the_finding_of_an_own_check(project: Any) -> None:
    text = "# scaffold: ignore[blog.empty] it is new\n" + OWN.format("'warning', 'blog.empty'")
    assert check(project, {"apps/blog/checks.py": text}) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\ndef checks(app):\n    return 1 / 0\n", 4),
        ("X = 1\n", 1),
        ("def checks(app):\n    return [1]\n", 1),
        ("def checks(app):\n    return 1\n", 1),
        (OWN.format("'warning', 'shop.empty'"), 1),
        (OWN.format("'fatal', 'blog.empty'"), 1),
    ],
)
def test_a_broken_check_is_a_finding_and_breaks_no_other(project: Any, text: str, line: int) -> None:
    files = {
        "apps/blog/checks.py": text,
        "apps/shop/urls.py": "urlpatterns = []\n",
        "apps/shop/checks.py": OWN.format("'note', 'shop.fine'"),
    }
    assert check(project, files) == [
        ("error", "checks.invalid", f"checks.py:{line}"),
        ("note", "shop.fine", "checks.py:1"),
    ]


def test_checks_that_can_not_be_imported_are_one_finding(project: Any) -> None:
    assert check(project, {"apps/blog/checks.py": "\n1 / 0\n"}) == [("error", "modules.import", "checks.py:2")]


def test_the_quick_checks_import_nothing(project: Any) -> None:
    folder = project(
        {
            "config/settings.py": GOOD,
            "apps/blog/urls.py": "urlpatterns = []\n",
            "apps/blog/checks.py": "1 / 0\n",
            "apps/blog/commands/go.py": "1 / 0\n",
            "templates/a.html": WRONG,
        }
    )
    app = Application.from_project(folder)
    assert [item.id for item in run_checks(app, quick=True)] == [ID]


# --- ids ------------------------------------------------------------------------------------------------------------


def test_every_id_in_the_code_is_known() -> None:
    groups = {name.partition(".")[0] for name in IDS}
    found = {
        node.value
        for path in Path(scaffold.checks.__file__).parent.glob("*.py")
        if path.name != "ids.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"[a-z]+\.[a-z]+(?:-[a-z]+)*", node.value) and not node.value.endswith(".py")
        if node.value.partition(".")[0] in groups
    }
    assert found == IDS


def test_every_id_has_its_place_in_the_documentation() -> None:
    for name in IDS:
        page, _, anchor = Finding("note", name, "", "", "").page.partition("#")
        assert f'<a id="{anchor}"></a>`{name}`' in (DOCS / page).read_text(encoding="utf-8"), name


@pytest.mark.parametrize(
    ("source", "place"),
    [("/a/b.py:12", ("/a/b.py", 12)), ("/a/b.py", ("/a/b.py", 0)), ("", ("", 0)), ("C:/b.py", ("C:/b.py", 0))],
)
def test_the_place_of_a_finding_is_a_file_and_a_line(source: str, place: tuple[str, int]) -> None:
    assert Finding("note", "a.b", source, "", "").place == place


# --- the board ------------------------------------------------------------------------------------------------------


def test_a_board_shows_what_was_posted_last_to_any_thread() -> None:
    board = Board()
    assert (board.latest.findings, board.latest.time) == ((), 0.0)
    findings = run_checks(make_app())
    poster = threading.Thread(target=lambda: board.post(findings, time=2.0, seconds=0.5))
    poster.start()
    poster.join(10)
    assert (board.latest.findings, board.latest.time, board.latest.seconds) == (tuple(findings), 2.0, 0.5)
    assert {item.level for item in findings} <= set(LEVELS)
