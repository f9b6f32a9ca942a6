"""The path that tells whether the site is well."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from scaffold import Application
from scaffold.exceptions import SettingsError

from .helpers import ask, make_environ, send

HEALTH = "scaffold.middleware.health.health"
HOSTS = "scaffold.middleware.hosts.validate_host"


def serve(path: str = "/up/", **checks: Any) -> Application:
    return Application({"DEBUG": False, "MIDDLEWARE": [HEALTH, HOSTS], "HEALTH_PATH": path, "HEALTH_CHECKS": checks})


def fail() -> None:
    raise ConnectionError("the password is 1234")


async def wait() -> None:
    pass


def test_a_site_that_is_well_says_so_under_any_host() -> None:
    answer = ask(serve(fine=lambda: None, true=lambda: True), "/up/", HTTP_HOST="10.0.0.7:8000")
    assert (answer.status, answer.text) == (200, '{"status":"ok"}')
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_gets_no_body() -> None:
    answer = ask(serve(), "/up/", "HEAD")
    assert (answer.status, answer.text) == (200, "")


def test_a_check_that_raises_or_returns_false_is_named_and_its_reason_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "scaffold.health"):
        answer = ask(serve(database=fail, queue=lambda: False, cache=lambda: None, none=lambda: 0), "/up/")
    assert (answer.status, answer.text) == (503, '{"status":"failing","failed":["database","queue"]}')
    assert answer.headers["Cache-Control"] == "no-store"
    assert "the password is 1234" in caplog.text
    assert "the health check 'queue' returned False" in caplog.text


@pytest.mark.parametrize(("path", "method"), [("/up", "GET"), ("/up/x", "GET"), ("/up/", "POST"), ("/", "GET")])
def test_everything_else_goes_on(path: str, method: str) -> None:
    assert ask(serve(), path, method, HTTP_HOST="elsewhere.example").status == 400


def test_the_access_log_is_told_to_be_quiet() -> None:
    environ = make_environ("/up/")
    send(serve(), environ)
    assert environ["scaffold.quiet"] is True


def test_a_check_may_be_a_dotted_name() -> None:
    assert ask(serve(folder="os.getcwd"), "/up/").status == 200


@pytest.mark.parametrize("check", [7, wait, "pathlib.nothing", "os.name"])
def test_a_check_that_cannot_be_asked_is_refused(check: Any) -> None:
    with pytest.raises(SettingsError, match="HEALTH_CHECKS"):
        serve(odd=check)
