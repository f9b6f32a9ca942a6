"""Checks of middleware, and of what others can see."""

from __future__ import annotations

import os
from typing import Any

import pytest

from scaffold import Application, Request
from scaffold.checks import run_checks

from .check_helpers import GOOD, KEY, check, found
from .helpers import make_app

OURS = "scaffold.middleware."
ORDER = [
    f"{OURS}{name}"
    for name in (
        "compression.compress",
        "etags.etags",
        "request_ids.request_ids",
        "access_log.access_log",
        "health.health",
        "security.security_headers",
        "csp.content_security_policy",
        "hosts.validate_host",
        "https.https",
        "cors.cors",
        "sessions.sessions",
        "csrf.protect",
    )
]
PAIRS = [
    ("compression", "sessions"),
    ("compression", "csrf"),
    ("compression", "etags"),
    ("request_ids", "hosts"),
    ("health", "hosts"),
    ("security", "csrf"),
    ("csp", "csrf"),
    ("hosts", "https"),
    ("hosts", "csrf"),
    ("cors", "csrf"),
    ("https", "sessions"),
]


def orders(names: list[Any], **settings: Any) -> list[tuple[str, str]]:
    app = make_app(DEBUG=True, SECRET_KEY=KEY, HEALTH_PATH="/up/", MIDDLEWARE=names, **settings)
    return [(item.id, item.message) for item in run_checks(app) if item.id.startswith("middleware.")]


def test_the_order_of_the_guide_is_right() -> None:
    assert orders(ORDER) == []


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_two_in_the_wrong_order_are_a_warning_with_the_reason(outer: str, inner: str) -> None:
    names = [name for module in (inner, outer) for name in ORDER if name.split(".")[2] == module]
    ((kind, message),) = orders(names)
    assert kind == "middleware.order"
    assert message.startswith(f"in MIDDLEWARE {OURS}{outer} comes after {OURS}{inner}: ")


def test_a_middleware_that_stands_twice_is_a_warning() -> None:
    def own(handler: Any) -> Any:
        return handler

    found = orders([ORDER[2], own, ORDER[2], own])
    assert [kind for kind, _ in found] == ["middleware.duplicate", "middleware.duplicate"]
    assert found[0][1] == "MIDDLEWARE holds scaffold.middleware.request_ids.request_ids 2 times"


def test_health_may_stand_anywhere_when_it_answers_nothing() -> None:
    names = [ORDER[7], ORDER[4]]
    assert [item.id for item in run_checks(make_app(DEBUG=True, SECRET_KEY=KEY, MIDDLEWARE=names))] == []


def test_a_health_check_that_can_not_be_imported_is_an_error_also_without_its_middleware(project: Any) -> None:
    settings = f"{GOOD}HEALTH_CHECKS = {{'cache': 'apps.blog.health.cahce'}}\n"
    files: dict[str, str | bytes] = {
        "config/settings.py": settings,
        "apps/blog/urls.py": "urlpatterns = []",
        "apps/blog/health.py": "def cache():\n    return True\n",
    }
    folder, (finding,) = check(project, files)
    assert (finding.id, finding.source) == ("settings.invalid", f"{folder}/config/settings.py:3")
    assert finding.hint == "Did you mean 'cache'?"


# --- what others can see ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize(
    ("line", "mode", "is_found"),
    [
        (f"SECRET_KEY={KEY}", 0o644, True),
        ("DATABASE_URL=postgres://a:b@c/d", 0o640, True),
        (f"SECRET_KEY={KEY}", 0o600, False),
        ("DEBUG=true", 0o644, False),
    ],
)
def test_secrets_that_other_users_can_read_are_a_warning(project: Any, line: str, mode: int, is_found: bool) -> None:
    folder = project({"config/settings.py": GOOD, ".env": f"{line}\n"})
    (folder / ".env").chmod(mode)
    wanted = [("warning", "settings.env-file", ".env")] if is_found else []
    assert found_in(folder) == wanted


def found_in(folder: Any) -> Any:
    from scaffold.checks import check_project

    return [(item.level, item.id, item.source.removeprefix(f"{folder}/")) for item in check_project(folder)]


@pytest.mark.parametrize(
    ("dockerfile", "line"),
    [
        ("FROM python\nENV DEBUG=true\n", 2),
        ("FROM python\nENV PORT=8000 \\\n    # a comment\n    DEBUG='1' \\\n    X=2\n", 4),
        ("env DEBUG yes\n", 1),
        ("FROM python\nENV DEBUG=false\n", 0),
        ("FROM python\n# ENV DEBUG=true\n", 0),
        ("FROM python\nRUN DEBUG=true scaffold collectstatic\n", 0),
        ("ENV PORT=8000\nRUN DEBUG=1 true\n", 0),
        ("ENV NO_DEBUG=1\n", 0),
    ],
)
def test_an_image_that_runs_with_debug_is_a_warning(project: Any, dockerfile: str, line: int) -> None:
    wanted = [("warning", "settings.public-debug", f"Dockerfile:{line}")] if line else []
    assert found(project, {"Dockerfile": dockerfile}) == wanted


@pytest.mark.parametrize(
    ("host", "debug", "is_found"),
    [("0.0.0.0", True, True), ("::", True, True), ("127.0.0.1", True, False), ("0.0.0.0", False, False)],
)
def test_a_host_that_listens_to_everybody_is_a_warning_with_debug(
    project: Any, host: str, debug: bool, is_found: bool
) -> None:
    settings = GOOD.replace("True", str(debug))
    wanted = [("warning", "settings.public-debug", ".env:2")] if is_found else []
    assert found(project, {"config/settings.py": settings, ".env": f"PORT=8000\nHOST={host}\n"}) == wanted


@pytest.mark.parametrize(
    ("call", "is_found"),
    [("app.run('0.0.0.0')", True), ("app.run(host='::')", True), ("app.run()", False), ("app.run('127.0.0.1')", False)],
)
def test_a_single_file_that_listens_to_everybody_is_a_warning_with_debug(
    tmp_path: Any, call: str, is_found: bool
) -> None:
    file = tmp_path / "site.py"
    file.write_text(
        "from scaffold import Application\n\napp = Application({'DEBUG': True})\n\n\n"
        f"@app.route('/')\ndef home(request):\n    return ''\n\n\nif __name__ == '__main__':\n    {call}\n"
    )
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    assert [(item.id, item.source) for item in run_checks(names["app"])] == (
        [("settings.public-debug", f"{file}:12")] if is_found else []
    )


def test_a_route_that_the_health_check_hides_is_an_error() -> None:
    app = Application({"HEALTH_PATH": "/up/"})

    @app.route("/up/")
    def up(request: Request) -> str:
        return ""

    (finding,) = [finding for finding in run_checks(app) if finding.id == "settings.health-path"]
    assert finding.level == "error"
    assert "nobody reaches the route /up/" in finding.message
