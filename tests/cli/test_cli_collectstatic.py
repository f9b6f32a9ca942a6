"""``scaffold collectstatic`` as its users see it."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from cli_helpers import PATIENCE, scaffold, serving_project


def test_the_files_of_a_project_are_collected_without_its_secrets(mysite: Path) -> None:
    (mysite / ".env").unlink()
    first = scaffold("collectstatic", cwd=mysite, SECRET_KEY="build")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "Collected 3 files to public/static, 3 compressed.\n"
    second = scaffold("collectstatic", cwd=mysite, SECRET_KEY="build")
    assert second.stdout == "Collected 3 files to public/static (3 unchanged).\n"
    assert "public/static/" in (mysite / ".gitignore").read_text().splitlines()


def test_a_collected_site_serves_hashed_names_when_debug_is_off(mysite: Path) -> None:
    result = scaffold("collectstatic", "--json", cwd=mysite)
    name = json.loads(result.stdout)["files"]["site.css"]
    with serving_project(mysite, DEBUG="false", ALLOWED_HOSTS="127.0.0.1") as site:
        connection = HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
        connection.request("GET", "/")
        assert f'href="/static/{name}"' in connection.getresponse().read().decode()
        connection.request("GET", f"/static/{name}", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Encoding")) == (200, "gzip")
        assert answer.getheader("Cache-Control") == "public, max-age=31536000, immutable"
        connection.close()


def test_a_missing_target_is_named_with_its_place_and_nothing_is_written(mysite: Path) -> None:
    (mysite / "static/site.css").write_text("a {}\nb { background: url(favicom.svg) }\n")
    result = scaffold("collectstatic", cwd=mysite)
    assert result.returncode == 1
    assert "at static/site.css:2" in result.stderr
    assert "Did you mean 'favicon.svg'?" in result.stderr
    assert not (mysite / "public").exists()
    allowed = scaffold("collectstatic", "--allow-missing", cwd=mysite)
    assert allowed.returncode == 0
    assert "static/site.css:2: warning: 'favicom.svg' leads to" in allowed.stderr


def test_hidden_files_are_a_note_and_json_stays_json(mysite: Path) -> None:
    (mysite / "apps/home/static/site.css").write_text("a {}")
    result = scaffold("collectstatic", "--json", "--no-compress", cwd=mysite)
    assert result.stderr == "apps/home/static/site.css: note: hidden by static/site.css\n"
    data = json.loads(result.stdout)
    assert (data["hidden"], data["compressed"]) == (["apps/home/static/site.css"], [])


def test_an_app_that_is_broken_is_collected_all_the_same(mysite: Path) -> None:
    (mysite / "apps/home/views.py").write_text("1 / 0\n")
    assert scaffold("collectstatic", cwd=mysite).stdout.startswith("Collected 3 files")


def test_a_static_root_among_the_sources_is_refused(mysite: Path) -> None:
    with (mysite / "config/settings.py").open("a") as settings:
        settings.write('STATIC_ROOT = "static/collected"\n')
    result = scaffold("collectstatic", cwd=mysite)
    assert result.returncode == 1
    assert "static files are taken from" in result.stderr
    check = scaffold("check", cwd=mysite)
    assert "error [static.root]" in check.stdout


def test_check_names_the_template_that_asks_for_a_missing_file(mysite: Path) -> None:
    template = mysite / "apps/home/templates/home/index.html"
    template.write_text("{{ static('sit.css') }}\n{{ request.static('site.css') }}{{ static(name) }}")
    result = scaffold("check", cwd=mysite)
    assert (
        "apps/home/templates/home/index.html:1: warning [static.missing] there is no static file 'sit.css'"
        in result.stdout
    )
    assert "Did you mean 'site.css'?" in result.stdout
    assert "1 warning" in result.stdout


def test_a_folder_that_cannot_be_written_is_an_error_without_a_traceback(mysite: Path) -> None:
    (mysite / "public").write_text("a file")
    result = scaffold("collectstatic", cwd=mysite)
    assert result.returncode == 1
    assert "error: static files can't be collected" in result.stderr
    assert "Traceback" not in result.stderr
