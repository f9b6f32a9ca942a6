"""The quick checks of a worker."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application
from scaffold.developer import DeveloperPage
from scaffold.reload import checking
from scaffold.reload.checking import LONGEST_WAIT_SECONDS, Checking, shown_findings
from scaffold.reload.messages import Channel

PATIENCE = 10.0


def told(app: Application, last_request: float = 0.0) -> tuple[dict[str, Any], DeveloperPage, float]:
    """Return what the supervisor is told first, the page, and how long it took; the thread has ended then."""
    channel, other = Channel.pair()
    page = DeveloperPage(app, root=Path())
    began = time.monotonic()
    with channel, Channel(other) as supervisor:
        thread = Checking(app, page, channel, lambda: last_request or time.monotonic())
        thread.start()
        messages: list[Any] | None = []
        while not messages:
            messages = supervisor.receive()
            assert messages is not None
            assert time.monotonic() < began + PATIENCE
        seconds = time.monotonic() - began
        supervisor.close()
        thread.again()
        thread.join(PATIENCE)
        assert not thread.is_alive()
    return messages[0].fields, page, seconds


def test_findings_are_posted_and_told_without_notes() -> None:
    app = Application({"DEBUG": True, "SECRET_KEY": "abc"}, templates={"a.html": "{{ static('no.css') }}"})
    fields, page, seconds = told(app, last_request=0.1)
    assert [item["id"] for item in fields["findings"]] == ["settings.secret-key", "static.missing"]
    assert page.board is not None
    assert len(page.board.latest.findings) >= 2
    assert page.board.latest.seconds > 0
    assert seconds < LONGEST_WAIT_SECONDS


def test_checks_that_fail_are_told_and_end_nothing() -> None:
    class Broken(Application):
        @property
        def routes(self) -> Any:
            raise RuntimeError("no routes today")

    fields, page, _ = told(Broken({"DEBUG": True}), last_request=0.1)
    assert fields == {"findings": [], "error": "RuntimeError: no routes today"}
    assert page.board is None


def test_who_is_never_left_in_peace_is_checked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LONGEST_WAIT_SECONDS", 0.5)
    _, _, seconds = told(Application({"DEBUG": True}))
    assert 0.5 <= seconds < PATIENCE


def test_a_finding_whose_line_alone_has_moved_is_not_shown_again() -> None:
    finding = {"level": "error", "id": "a.b", "file": "/site/a.py", "line": 3, "message": "no"}
    lines, seen = shown_findings([finding, finding], frozenset(), str)
    assert lines == ["/site/a.py:3: error [a.b] no"]
    lines, seen = shown_findings([{**finding, "line": 4}], seen, str)
    assert lines == []
    lines, seen = shown_findings([], seen, str)
    assert shown_findings([{**finding, "line": 0}], seen, str)[0] == ["/site/a.py: error [a.b] no"]
