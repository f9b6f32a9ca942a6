"""The templates of a generated project."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application, Request, flash
from scaffold.generation import plan_project, write
from scaffold.testing import Client


@pytest.fixture
def app(tmp_path: Path) -> Application:
    write(plan_project("mysite", parent=tmp_path))
    app = Application({"DEBUG": False}, root=tmp_path / "mysite")
    app.route("/page")(lambda request: app.render("base.html", {}, request))
    app.route("/broken")(lambda request: 1 / 0)
    return app


def page(app: Application, path: str, mount: str) -> str:
    """The text of a page of an application that is mounted under a path."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": mount,
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_ACCEPT": "text/html",
        "wsgi.url_scheme": "http",
    }
    return b"".join(app(environ, lambda status, headers, exc_info=None: lambda data: None)).decode()


@pytest.mark.parametrize("mount", ["", "/sub"])
@pytest.mark.parametrize("path", ["/page", "/nowhere", "/broken"])
def test_every_link_of_a_page_begins_where_the_site_is_mounted(app: Application, path: str, mount: str) -> None:
    links = re.findall(r'(?:href|src)="([^"]*)"', page(app, path, mount))
    assert f"{mount}/" in links
    assert {link for link in links if not link.startswith((f"{mount}/static/", "data:"))} == {f"{mount}/"}


def test_the_base_template_needs_no_request(app: Application) -> None:
    assert '<a class="brand" href="/">' in app.render("base.html")


SECURE = {"TRUSTED_PROXIES": "127.0.0.1", "SECURE_SSL_REDIRECT": "true", "SECURE_HSTS_SECONDS": "60"}


@pytest.fixture
def production(tmp_path: Path, fresh_imports: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Application]:
    """Make a generated project's application as production has it, with these variables besides."""

    def make(**variables: str) -> Application:
        write(plan_project("shop", parent=tmp_path))
        for name, value in {"DEBUG": "false", "ALLOWED_HOSTS": "example.com", **variables}.items():
            monkeypatch.setenv(name, value)
        return Application.from_project(tmp_path / "shop")

    return make


def test_a_project_answers_over_http_until_its_environment_says_otherwise(production: Any) -> None:
    answer = Client(production(), host="example.com").get("/", headers={"X-Forwarded-Proto": "https"})
    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; script-src 'self'; ")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_three_variables_bring_a_project_behind_https(production: Any) -> None:
    client = Client(production(**SECURE), host="example.com")
    assert client.get("/").status == 301
    answer = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert (answer.status, answer.headers["Strict-Transport-Security"]) == (200, "max-age=60")
    assert client.get("/up/").json() == {"status": "ok"}


def test_a_message_is_shown_on_the_next_page(production: Any) -> None:
    app = production()

    @app.route("/said/")
    def said(request: Request) -> str:
        flash(request, "It is <saved>", "success")
        return "ok"

    client = Client(app, host="example.com")
    client.get("/said/")
    assert '<p class="flash success" role="status">It is &lt;saved&gt;</p>' in client.get("/").text
    assert 'class="flash' not in client.get("/").text
