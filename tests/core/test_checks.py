"""Checks: what can be known about a project before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scaffold import View
from scaffold.checks import Finding, check_project, run_checks
from scaffold.checks.views import check_views

from .helpers import make_app

HOSTS = "scaffold.middleware.hosts.validate_host"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789"
GOOD = f"DEBUG = True\nSECRET_KEY = {KEY!r}\n"
URLS = (
    "from scaffold import path\n\nfrom . import views\n\nurlpatterns = [path('<int:id>/', views.page, name='page')]\n"
)


def check(project: Any, files: dict[str, str | bytes]) -> tuple[Path, list[Finding]]:
    folder = project({"config/settings.py": GOOD, **files})
    return folder, check_project(folder)


def test_a_good_project_has_no_findings(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": URLS,
        "apps/blog/views.py": "def page(request, id):\n    return ''\n",
        "apps/blog/templates/blog/a.html": "{{ x }}",
        "apps/blog/commands/go.py": "def command():\n    pass\n",
    }
    assert check(project, files)[1] == []


# --- what keeps a project from being loaded -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "kind", "source"),
    [
        ({"config/settings.py": "DEBUG = 'yes'\n"}, "settings.invalid", "config/settings.py:1"),
        ({"config/settings.py": "\nx = (\n"}, "settings.invalid", "config/settings.py:2"),
        ({".env": "nonsense\n"}, "settings.invalid", ".env:1"),
        ({"config/settings.py": "INSTALLED_APPS = ['nothing_of_this_name']\n"}, "apps.import", ""),
        (
            {"config/settings.py": "MIDDLEWARE = ['extra_broken.x']\n", "extra_broken.py": "1/0"},
            "settings.invalid",
            "config/settings.py:1",
        ),
        (
            {
                "apps/a/urls.py": "from scaffold import path\nprefix = ''\nurlpatterns = [path('x', print)]\n",
                "apps/b/urls.py": "from scaffold import path\nprefix = ''\nurlpatterns = [path('x', print)]\n",
            },
            "routes.invalid",
            "apps/b/urls.py:3",
        ),
    ],
)
def test_a_project_that_cannot_be_loaded_is_one_finding(
    project: Any, files: dict[str, str | bytes], kind: str, source: str
) -> None:
    folder, (finding,) = check(project, files)
    assert (finding.level, finding.id) == ("error", kind)
    assert finding.source == (f"{folder}/{source}" if source else "")
    assert finding.message
    assert finding.hint


# --- apps and commands ----------------------------------------------------------------------------------------------


def test_a_broken_app_is_a_finding_and_the_others_are_checked(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "\n1 / 0\n",
        "apps/shop/urls.py": URLS,
        "apps/shop/views.py": "def page(request):\n    return ''\n",
    }
    folder, findings = check(project, files)
    assert [(item.level, item.id, item.source) for item in findings] == [
        ("error", "apps.import", f"{folder}/apps/blog/urls.py:2"),
        ("error", "views.parameters", f"{folder}/apps/shop/urls.py:5"),
    ]


def test_a_folder_that_looks_like_an_app_is_a_note(project: Any) -> None:
    folder, findings = check(project, {"apps/blog/__init__.py": "", "apps/tests/__init__.py": ""})
    (finding,) = findings
    assert (finding.level, finding.id, finding.source) == ("note", "apps.skipped", f"{folder}/apps/blog")
    assert finding.message == "blog is no app: it has no urls.py"


def test_a_broken_command_and_one_that_two_files_claim_are_findings(project: Any) -> None:
    command = "def command():\n    pass\n"
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "urlpatterns = []",
        "apps/shop/urls.py": "urlpatterns = []",
        "apps/blog/commands/go.py": command,
        "apps/shop/commands/go.py": command,
        "apps/shop/commands/broken.py": "1 / 0",
    }
    folder, findings = check(project, files)
    assert [(item.id, item.source) for item in findings] == [
        ("commands.import", f"{folder}/apps/shop/commands/broken.py:1"),
        ("commands.duplicate", f"{folder}/apps/shop/commands/go.py:1"),
    ]
    assert f"{folder}/apps/blog/commands/go.py" in findings[1].message


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"DEBUG": True, "SECRET_KEY": KEY}, []),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": ["example.com", "[::1]", ".example.org"]}, []),
        ({"DEBUG": True}, []),
        ({"DEBUG": True, "SECRET_KEY": "a" * 50}, [("warning", "settings.secret-key")]),
        ({"DEBUG": True, "SECRET_KEY": "short"}, [("warning", "settings.secret-key")]),
        ({"SECRET_KEY": "short"}, [("error", "settings.secret-key")]),
        ({"SECRET_KEY": KEY}, []),
        ({"MIDDLEWARE": [HOSTS]}, [("error", "settings.allowed-hosts")]),
        ({"MIDDLEWARE": [HOSTS], "DEBUG": True}, []),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": ["*"]}, [("warning", "settings.allowed-hosts")]),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": ["https://a.example"]}, [("error", "settings.allowed-hosts")]),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": ["a.example:8000"]}, [("error", "settings.allowed-hosts")]),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": ["[::1]:8000"]}, [("error", "settings.allowed-hosts")]),
        ({"DEBUG": True, "SECRET_KEY": KEY, "MAX_BODY_BYTES": 0}, [("error", "settings.max-body")]),
        ({"DEBUG": True, "SECRET_KEY": KEY, "ALLOWED_HOST": []}, [("warning", "settings.unknown")]),
    ],
)
def test_settings_that_make_no_sense_are_findings(settings: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    findings = run_checks(make_app(**settings))
    assert [(item.level, item.id) for item in findings] == expected
    assert all(item.message and item.hint for item in findings)


def test_a_finding_about_a_setting_names_its_line(project: Any) -> None:
    folder, findings = check(project, {"config/settings.py": "DEBUG = True\nSECRET_KEY = 'x'\nDEBUGG = 1\n"})
    assert [item.source for item in findings] == [f"{folder}/config/settings.py:2", f"{folder}/config/settings.py:3"]


def test_a_project_needs_a_key(project: Any) -> None:
    files: dict[str, str | bytes] = {"config/settings.py": "DEBUG = False\n", "apps/blog/urls.py": "urlpatterns = []"}
    folder, (finding,) = check(project, files)
    assert (finding.level, finding.id, finding.source) == ("error", "settings.secret-key", str(folder))
    assert finding.message == "SECRET_KEY is empty"


def test_errors_come_first() -> None:
    findings = run_checks(make_app(ALLOWED_HOSTS=["*", "a/b"], DEBUGG=1))
    assert [item.level for item in findings] == ["error", "warning", "warning"]


# --- views ----------------------------------------------------------------------------------------------------------


class Page(View):
    def get(self, request: object, id: int) -> str:  # noqa: A002
        return ""

    def post(self, request: object) -> str:
        return ""


class Caller:
    def __call__(self, request: object) -> str:
        return ""


@pytest.mark.parametrize(
    ("rule", "view", "names"),
    [
        ("/", lambda request: "", []),
        ("/<id>", lambda request, id: "", []),  # noqa: A006
        ("/<id>", lambda request, **params: "", []),
        ("/<id>", lambda *args, **params: "", []),
        ("/<id>", lambda request, id, page=1: "", []),  # noqa: A006
        ("/", lambda: "", ["<lambda>"]),
        ("/<id>", lambda request: "", ["<lambda>"]),
        ("/<id>", lambda request, pk: "", ["<lambda>"]),
        ("/", lambda request, id: "", ["<lambda>"]),  # noqa: A006
        ("/<int:id>", Page, ["Page.post"]),
        ("/", Caller(), []),
        ("/<id>", Caller(), ["Caller"]),
        ("/", dict, []),
    ],
)
def test_a_view_that_does_not_take_its_parameters_is_a_finding(rule: str, view: Any, names: list[str]) -> None:
    app = make_app()
    app.route(rule)(view)
    findings = list(check_views(app))
    for finding, name in zip(findings, names, strict=True):
        assert f"{name} of {app.routes[-1].path} can't be called" in finding.message
    for finding in findings:
        assert finding.source == app.routes[-1].source
        assert finding.hint.startswith("Make it take (request")


# --- templates ------------------------------------------------------------------------------------------------------


def test_a_template_that_does_not_compile_or_is_not_utf_8_is_a_finding(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "templates/a.html": "one\n{% if %}\n",
        "templates/b.html": b"\xff",
        "templates/c.html": "{{ fine }}",
        "templates/.d.html": "{% if %}",
    }
    folder, findings = check(project, files)
    assert [(item.id, item.source) for item in findings] == [
        ("templates.syntax", f"{folder}/templates/a.html:2"),
        ("templates.unreadable", "b.html"),
    ]
