"""Checks: what can be known about a project before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scaffold.checks import Finding, check_project, run_checks

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


def test_a_command_whose_parameters_typer_has_no_options_for_is_a_finding(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/shop/urls.py": "urlpatterns = []",
        "apps/shop/commands/fine.py": "async def command(name: str, copies: int = 1):\n    pass\n",
        "apps/shop/commands/odd.py": "\ndef command(names: int | str):\n    pass\n",
        "apps/shop/commands/rest.py": "def command(name: str, *rest: str):\n    pass\n",
        "apps/shop/commands/unknown.py": "def command(name: 'Nothing'):\n    pass\n",
    }
    folder, findings = check(project, files)
    assert [(item.level, item.id, item.source) for item in findings] == [
        ("error", "commands.signature", f"{folder}/apps/shop/commands/odd.py:2"),
        ("error", "commands.signature", f"{folder}/apps/shop/commands/rest.py:1"),
        ("error", "commands.signature", f"{folder}/apps/shop/commands/unknown.py:1"),
    ]


def test_a_command_of_a_single_file_is_checked_too() -> None:
    app = make_app(DEBUG=True)

    @app.command
    def odd(names: int | str) -> None:
        pass

    assert [item.id for item in run_checks(app)] == ["commands.signature"]


# --- modules --------------------------------------------------------------------------------------------------------

WSGI = (
    "from pathlib import Path\n\nfrom scaffold import Application\n\n"
    "application = Application.from_project(Path(__file__).resolve().parent.parent)\n"
)


def test_every_module_that_can_not_be_imported_is_a_finding(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "urlpatterns = []",
        "apps/blog/deep/__init__.py": "",
        "apps/blog/deep/inner.py": "\n\n1 / 0\n",
        "apps/blog/quits.py": "import sys\nsys.exit('bye')\n",
        "apps/blog/services.py": "\ndef broken(:\n",
        "apps/blog/tests/__init__.py": "1 / 0",
        "apps/blog/test_it.py": "1 / 0",
        "apps/blog/conftest.py": "1 / 0",
        "apps/blog/__main__.py": "1 / 0",
        "apps/blog/scripts/once.py": "1 / 0",
        "config/wsgi.py": "import nothing_of_this_name\n",
    }
    folder, findings = check(project, files)
    assert [(item.level, item.id, item.source) for item in findings] == [
        ("error", "modules.import", f"{folder}/apps/blog/deep/inner.py:3"),
        ("error", "modules.import", f"{folder}/apps/blog/quits.py:2"),
        ("error", "modules.import", f"{folder}/apps/blog/services.py:2"),
        ("error", "modules.import", f"{folder}/config/wsgi.py:1"),
    ]
    assert (
        findings[0].message == "the module apps.blog.deep.inner can't be imported: ZeroDivisionError: division by zero"
    )
    assert all(item.hint for item in findings)


def test_what_several_modules_fail_for_is_one_finding(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "from . import views",
        "apps/blog/views.py": "from . import models",
        "apps/blog/models.py": "1 / 0",
        "apps/shop/urls.py": "urlpatterns = []",
        "apps/shop/a.py": "from . import b",
        "apps/shop/b.py": "1 / 0",
        "config/settings.py": GOOD.replace("True", "False"),
        "config/wsgi.py": WSGI,
    }
    folder, findings = check(project, files)
    assert [(item.id, item.source) for item in findings] == [
        ("apps.import", f"{folder}/apps/blog/models.py:1"),
        ("modules.import", f"{folder}/apps/shop/b.py:1"),
    ]


def test_loading_the_application_once_more_is_quiet(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    files: dict[str, str | bytes] = {"config/settings.py": f"{GOOD}DEBUGG = 1\n", "config/wsgi.py": WSGI}
    assert [item.id for item in check(project, files)[1]] == ["settings.unknown"]
    assert capsys.readouterr() == ("", "")


def test_the_modules_of_an_installed_package_are_its_makers_business(project: Any, tmp_path: Path) -> None:
    package = tmp_path / "site/site-packages/extra"
    settings = f"{GOOD}INSTALLED_APPS = ['extra']\n"
    files: dict[str, str | bytes] = {
        "config/settings.py": f"import sys\nsys.path.append({str(package.parent)!r})\n{settings}",
        "site-packages/extra/urls.py": "urlpatterns = []",
        "site-packages/extra/optional.py": "import nothing_of_this_name",
    }
    assert check(project, files)[1] == []


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


def test_a_finding_about_a_setting_of_the_environment_names_the_line_that_reads_it(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "short")
    settings = "from scaffold import env\n\nDEBUG = True\nSECRET_KEY = env('SECRET_KEY')\n"
    folder, (finding,) = check(project, {"config/settings.py": settings})
    assert (finding.id, finding.source) == ("settings.secret-key", f"{folder}/config/settings.py:4")


def test_a_project_needs_a_key(project: Any) -> None:
    files: dict[str, str | bytes] = {"config/settings.py": "DEBUG = False\n", "apps/blog/urls.py": "urlpatterns = []"}
    folder, (finding,) = check(project, files)
    assert (finding.level, finding.id, finding.source) == (
        "error",
        "settings.secret-key",
        f"{folder}/config/settings.py:1",
    )
    assert finding.message == "SECRET_KEY is empty"


def test_errors_come_first() -> None:
    findings = run_checks(make_app(ALLOWED_HOSTS=["*", "a/b"], DEBUGG=1))
    assert [item.level for item in findings] == ["error", "warning", "warning"]


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
        ("templates.unreadable", f"{folder}/templates/b.html"),
    ]


def test_a_template_that_names_one_which_is_not_there_is_a_finding(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "templates/base.html": "{% block body %}{% endblock %}",
        "templates/a.html": "\n{% extends 'bsae.html' %}",
        "templates/b.html": "{% if x %}\n{% include 'gone.html' %}{% endif %}{% include ['gone.html', 'base.html'] %}",
        "templates/c.html": "{% import 'forms.html' as forms %}\n{% from 'forms.html' import field %}",
        "templates/d.html": "{% include 'gone.html' ignore missing %}{% include name %}{% include x ~ '.html' %}",
        "templates/e.html": "{% extends 'base.html' %}{% block body %}{% include './base.html' %}{% endblock %}",
        "templates/f.html": "{# {% include 'gone.html' %} #}{% raw %}{% include 'gone.html' %}{% endraw %}",
        "templates/g.html": "{% include ['gone.html', 'lost.html'] %}",
    }
    folder, findings = check(project, files)
    assert [(item.level, item.id, item.source.removeprefix(f"{folder}/templates/")) for item in findings] == [
        ("error", "templates.missing", place) for place in ("a.html:2", "b.html:2", "c.html:1", "c.html:2", "g.html:1")
    ]
    assert (findings[0].message, findings[0].hint) == ("there is no template 'bsae.html'", "Did you mean 'base.html'?")
    assert findings[-1].message == "there is no template 'gone.html' or 'lost.html'"


def test_a_template_without_a_file_behind_its_name_is_a_finding(project: Any, tmp_path: Path) -> None:
    folder = project({"config/settings.py": GOOD, "templates/a.html": ""})
    (folder / "templates/b.html").symlink_to(tmp_path / "nothing")
    (finding,) = check_project(folder)
    assert (finding.id, finding.source) == ("templates.unreadable", f"{folder}/templates/b.html")
