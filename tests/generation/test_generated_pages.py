"""The templates of a generated project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application
from scaffold.generation import plan_project, write


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
