"""The checks behind ``scaffold check --deploy``: what matters where visitors come."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from scaffold.application import Application
from scaffold.checks import Finding, check_project, run_checks
from scaffold.staticfiles.collecting import Collector, gather

from .helpers import make_app

KEY = "abcdefghijklmnopqrstuvwxyz0123456789"
OURS = "scaffold.middleware."
REQUEST_IDS = f"{OURS}request_ids.request_ids"
HEALTH = f"{OURS}health.health"
CSP = f"{OURS}csp.content_security_policy"
HOSTS = f"{OURS}hosts.validate_host"
HTTPS = f"{OURS}https.https"
CORS = f"{OURS}cors.cors"
SECURITY = f"{OURS}security.security_headers"
SESSIONS = f"{OURS}sessions.sessions"
CSRF = f"{OURS}csrf.protect"
YEAR = 365 * 24 * 3600

GOOD: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": ["example.com"],
    "TRUSTED_PROXIES": ["10.0.0.0/8"],
    "MIDDLEWARE": [REQUEST_IDS, HEALTH, CSP, HOSTS, HTTPS, CORS, SECURITY, SESSIONS, CSRF],
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": YEAR,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SECURE_CSP": {"default-src": ["'self'"]},
    "HEALTH_PATH": "/up/",
    "LOG_FORMAT": "json",
}
PAGES = {"404.html": "", "500.html": ""}


def findings(**changes: Any) -> list[tuple[str, str]]:
    app = Application({**GOOD, **changes}, root=Path("/nonexistent"), templates=PAGES)
    return [(item.level, item.id) for item in run_checks(app, deploy=True)]


def test_a_site_that_is_ready_has_no_findings() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("changes", "level", "name"),
    [
        ({"DEBUG": True}, "error", "deploy.debug"),
        ({"SECRET_KEY": f"django-insecure-{KEY}"}, "error", "deploy.secret-key"),
        ({"SECRET_KEY": f"Change-Me-{KEY}"}, "error", "deploy.secret-key"),
        ({"SECRET_KEY": "a" * 50}, "error", "settings.secret-key"),
        ({"SECRET_KEY_FALLBACKS": ["a" * 50]}, "warning", "deploy.secret-fallbacks"),
        ({"SECRET_KEY_FALLBACKS": [KEY]}, "warning", "deploy.secret-fallbacks"),
        ({"ALLOWED_HOSTS": []}, "error", "settings.allowed-hosts"),
        ({"ALLOWED_HOSTS": ["*"]}, "warning", "settings.allowed-hosts"),
        ({"TRUSTED_PROXIES": ["10.0.0.1", "0.0.0.0/0"]}, "error", "deploy.trusted-proxies"),
        ({"TRUSTED_PROXIES": ["::/0"]}, "error", "deploy.trusted-proxies"),
        ({"TRUSTED_PROXIES": []}, "warning", "deploy.redirect-loop"),
        ({"SECURE_SSL_REDIRECT": False}, "warning", "deploy.https-redirect"),
        ({"SECURE_HSTS_SECONDS": 0}, "warning", "deploy.hsts"),
        ({"SECURE_HSTS_PRELOAD": False}, "note", "deploy.hsts-preload"),
        ({"SECURE_HSTS_SECONDS": 3600}, "warning", "deploy.hsts-preload"),
        ({"MAX_BODY_BYTES": 2**30}, "warning", "deploy.max-body"),
        ({"LOG_LEVEL": "DEBUG"}, "warning", "deploy.log-level"),
        ({"LOG_FORMAT": "text"}, "note", "deploy.log-format"),
        ({"HEALTH_PATH": ""}, "note", "deploy.health"),
        ({"SESSION_COOKIE_SECURE": False}, "warning", "deploy.session-secure"),
        (
            {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True},
            "warning",
            "deploy.session-samesite",
        ),
        ({"SESSION_STORE": "file:///var/lib/sessions"}, "note", "deploy.session-store"),
        ({"CSRF_TRUSTED_ORIGINS": ["http://a.example"]}, "warning", "deploy.csrf-origins"),
        ({"CORS_ALLOWED_ORIGINS": ["*"]}, "warning", "deploy.cors"),
        ({"CORS_ALLOWED_ORIGINS": ["http://a.example"]}, "warning", "deploy.cors"),
        ({"X_FRAME_OPTIONS": ""}, "warning", "deploy.frames"),
        ({"X_FRAME_OPTIONS": "SAMEORIGIN"}, "note", "deploy.frames"),
        ({"SECURE_REFERRER_POLICY": ""}, "warning", "deploy.referrer"),
        ({"SECURE_REFERRER_POLICY": "unsafe-url"}, "warning", "deploy.referrer"),
        ({"SECURE_CROSS_ORIGIN_OPENER_POLICY": ""}, "note", "deploy.opener"),
        ({"SECURE_CSP": {}}, "warning", "deploy.csp"),
        ({"SECURE_CSP": {}, "SECURE_CSP_REPORT_ONLY": {"default-src": "'self'"}}, "warning", "deploy.csp"),
        ({"SECURE_CSP": {"img-src": "'self'"}}, "warning", "deploy.csp"),
        ({"SECURE_CSP": {"default-src": "'self' 'unsafe-inline'"}}, "warning", "deploy.csp-unsafe"),
        ({"SECURE_CSP": {"script-src": ["'self'", "'unsafe-eval'"]}}, "warning", "deploy.csp-unsafe"),
        ({"SECURE_CSP": {"script-src": ["https:"]}}, "warning", "deploy.csp-unsafe"),
    ],
)
def test_each_setting_that_is_unfit_for_the_public_is_one_finding(
    changes: dict[str, Any], level: str, name: str
) -> None:
    assert findings(**changes) == [(level, name)]


@pytest.mark.parametrize(
    "policy",
    [
        {"script-src": ["'self'", "'unsafe-inline'", "'nonce'"]},
        {"script-src": ["'unsafe-inline'", "https:", "'nonce'", "'strict-dynamic'"]},
        {"default-src": "'self' 'unsafe-inline'", "script-src": "'self'"},
    ],
)
def test_what_browsers_ignore_beside_a_nonce_and_what_is_no_script_is_fine(policy: dict[str, Any]) -> None:
    assert findings(SECURE_CSP=policy) == []


@pytest.mark.parametrize(
    ("middleware", "level", "name"),
    [
        (HOSTS, "warning", "deploy.no-hosts"),
        (SECURITY, "warning", "deploy.no-security"),
        (HTTPS, "warning", "deploy.no-https"),
        (CSP, "warning", "deploy.no-csp"),
        (CSRF, "warning", "deploy.no-csrf"),
        (SESSIONS, "note", "deploy.no-sessions"),
        (REQUEST_IDS, "note", "deploy.no-request-ids"),
        (HEALTH, "note", "deploy.no-health"),
    ],
)
def test_each_middleware_that_is_missing_is_one_finding(middleware: str, level: str, name: str) -> None:
    rest = [item for item in GOOD["MIDDLEWARE"] if item != middleware]
    changes = {"SECURE_REDIRECT_EXEMPT": ["/up/"]} if middleware == HEALTH else {}
    assert findings(MIDDLEWARE=rest, **changes) == [(level, name)]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [(REQUEST_IDS, HOSTS), (HOSTS, HTTPS), (HOSTS, CSRF), (SECURITY, CSRF), (CSP, CSRF), (CORS, CSRF)],
)
def test_middleware_in_the_wrong_order_is_a_finding(outer: str, inner: str) -> None:
    names = [*GOOD["MIDDLEWARE"]]
    first, second = names.index(outer), names.index(inner)
    names[first], names[second] = inner, outer
    app = Application({**GOOD, "MIDDLEWARE": names}, root=Path("/nonexistent"), templates=PAGES)
    messages = [item.message for item in run_checks(app, deploy=True) if item.id == "middleware.order"]
    wanted = f"in MIDDLEWARE {outer.rpartition('.')[0]} comes after {inner.rpartition('.')[0]}: "
    assert any(message.startswith(wanted) for message in messages), messages


def test_a_health_path_behind_the_redirect_is_a_note() -> None:
    names = [HTTPS, *(item for item in GOOD["MIDDLEWARE"] if item != HTTPS)]
    assert ("note", "deploy.health") in findings(MIDDLEWARE=names)
    assert ("note", "deploy.health") not in findings(MIDDLEWARE=names, SECURE_REDIRECT_EXEMPT=["/up/"])


def test_middleware_of_the_projects_own_is_nobodys_business() -> None:
    def own(handler: Any) -> Any:
        return handler

    assert findings(MIDDLEWARE=[own, *GOOD["MIDDLEWARE"]]) == []


def test_without_the_option_nothing_of_it_is_looked_for() -> None:
    assert [item.id for item in run_checks(make_app(DEBUG=True, SECRET_KEY=KEY))] == []


# --- files ----------------------------------------------------------------------------------------------------------

SETTINGS = "\n".join(f"{name} = {value!r}" for name, value in GOOD.items())
FROM_ENVIRONMENT = SETTINGS.replace(f"SECRET_KEY = {KEY!r}", "SECRET_KEY = env('SECRET_KEY')")


def check(project: Any, files: dict[str, str | bytes]) -> tuple[Path, list[Finding]]:
    pages = {"templates/404.html": "", "templates/500.html": ""}
    folder = project({"config/settings.py": f"from scaffold import env\n{FROM_ENVIRONMENT}\n", **pages, **files})
    if (folder / ".env").exists() and ".env" in files:
        (folder / ".env").chmod(0o600)
    return folder, check_project(folder, deploy=True)


def test_a_key_that_is_written_in_the_code_is_a_warning(project: Any) -> None:
    folder, (finding,) = check(project, {"config/settings.py": f"{SETTINGS}\n"})
    assert (finding.level, finding.id) == ("warning", "deploy.secret-in-code")
    assert finding.source == f"{folder}/config/settings.py:2"


def test_the_key_of_the_example_is_an_error(project: Any) -> None:
    line = f"SECRET_KEY={KEY}\n"
    _, (finding,) = check(project, {".env": line, ".env.example": line})
    assert (finding.level, finding.id) == ("error", "deploy.secret-key")
    assert finding.message == "SECRET_KEY is an example's, which anybody can read"


def test_an_example_that_can_not_be_read_is_no_matter(project: Any) -> None:
    assert check(project, {".env": f"SECRET_KEY={KEY}\n", ".env.example": "?\n"})[1] == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_file_of_secrets_that_others_can_read_is_a_warning(project: Any) -> None:
    folder, found = check(project, {".env": f"SECRET_KEY={KEY}\n"})
    assert found == []
    (folder / ".env").chmod(0o640)
    (finding,) = check_project(folder, deploy=True)
    assert (finding.level, finding.id, finding.source) == ("warning", "settings.env-file", f"{folder}/.env")


def test_error_pages_that_are_missing_are_a_note(project: Any) -> None:
    folder, _ = check(project, {".env": f"SECRET_KEY={KEY}\n"})
    (folder / "templates/500.html").unlink()
    (finding,) = check_project(folder, deploy=True)
    assert (finding.level, finding.id) == ("note", "deploy.error-pages")
    assert finding.message == "there is no template 500.html"


def test_static_files_that_are_not_collected_or_changed_since_are_a_warning(project: Any) -> None:
    files: dict[str, str | bytes] = {".env": f"SECRET_KEY={KEY}\n", "static/site.css": "a {}"}
    folder, (finding,) = check(project, files)
    assert (finding.level, finding.id) == ("warning", "deploy.static-files")
    assert finding.message.startswith("static files are not collected")

    target = folder / "public/static"
    target.mkdir(parents=True)
    Collector(gather([folder / "static"]), target, static_url="/static/").run()
    assert check_project(folder, deploy=True) == []

    os.utime(folder / "static/site.css", (2**31, 2**31))
    (finding,) = check_project(folder, deploy=True)
    assert finding.message == "static files were changed after the last collection, such as site.css"
