"""The limits that a project sets, and the pace of a transfer."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold import Application
from scaffold.exceptions import SettingsError
from scaffold.server import Limits
from scaffold.server.limits import Pace


def test_a_project_sets_limits_by_name() -> None:
    app = Application({"SERVER_LIMITS": {"connections": 5, "head_seconds": 0.5}, "MAX_BODY_BYTES": 7})
    assert app.server_limits() == Limits(connections=5, head_seconds=0.5, body_bytes=7)
    assert Application({"DEBUG": False}).server_limits() == Limits()


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("conections", 5, "no limit 'conections'", "Did you mean 'connections'"),
        ("zzz", 5, "no limit 'zzz'", "Those that may be set are request_line_bytes"),
        ("body_bytes", 5, "no limit 'body_bytes'", ""),
        ("backlog", 5, "no limit 'backlog'", ""),
        ("connections", 0, "connections = 0", "a whole number above 0"),
        ("connections", 1.5, "connections = 1.5", "a whole number above 0"),
        ("connections", True, "connections = True", "a whole number above 0"),
        ("head_seconds", -1, "head_seconds = -1", "a number above 0"),
        ("head_seconds", float("nan"), "head_seconds = nan", "a number above 0"),
        ("head_seconds", "10", "head_seconds = '10'", "a number above 0"),
    ],
)
def test_a_limit_that_is_none_is_refused(name: str, value: Any, message: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Limits.from_settings(1, {name: value}, source="settings.py:3")
    assert message in caught.value.cause
    assert hint in caught.value.hint
    assert caught.value.source == "settings.py:3"


def test_a_transfer_may_pause_for_so_long_and_not_be_slower_than_the_rate() -> None:
    pace = Pace(seconds=60, rate=500, now=100)
    assert pace.deadline == 160
    pace.advance(100_000, now=150)
    assert pace.deadline == 210
    pace.advance(1, now=205)
    assert pace.deadline == 265
    pace.advance(1, now=264)
    assert pace.deadline == 324
    dripping = Pace(seconds=60, rate=500, now=0)
    for second in range(1, 60):
        dripping.advance(1, now=second)
    assert dripping.deadline == 60 + 59 / 500
