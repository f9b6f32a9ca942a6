"""Static files: found in several folders, never outside of them; and whole folders with listings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application
from scaffold.staticfiles import DirectoryApplication, StaticFiles, safe_join

from .helpers import ask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    for name in ("site.css", "css/é b.css", ".env", ".git/config", "css/.hidden", "css/index.html"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "static-other").mkdir()
    (folder / "out").symlink_to(tmp_path)
    (folder / "secret-link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "inside.css").symlink_to(folder / "site.css")
    return folder


@pytest.mark.parametrize("path", ["site.css", "css/é b.css", "inside.css", "css"])
def test_what_lies_in_the_folder_is_found(root: Path, path: str) -> None:
    assert safe_join(root, path) == root / path


FORBIDDEN = [
    "",
    ".",
    "..",
    "../secret.txt",
    "css/../../secret.txt",
    "css/../site.css",
    "./site.css",
    "/etc/passwd",
    "css//index.html",
    "css/",
    ".env",
    ".git/config",
    "css/.hidden",
    "out/secret.txt",
    "out",
    "secret-link.txt",
    "loop",
    "..\\secret.txt",
    "css\\index.html",
    "site.css\x00",
    "missing.css",
    "site.css/x",
    "a" * 5000,
    "\ud800",
    "../static-other",
]


@pytest.mark.parametrize("path", FORBIDDEN, ids=lambda path: ascii(path)[:20])
def test_what_is_hidden_outside_or_missing_is_not_found(root: Path, path: str) -> None:
    assert safe_join(root, path) is None


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", ".env", "out/secret.txt", "secret-link.txt", "css"])
def test_what_is_forbidden_is_a_404_over_http(root: Path, path: str) -> None:
    app = Application({"DEBUG": False}, root=root.parent)
    assert ask(app, f"/static/{path}").status == 404


def test_a_static_file_is_served_and_asked_for_again_each_time(root: Path) -> None:
    app = Application({"DEBUG": False}, root=root.parent)
    answer = ask(app, "/static/site.css")
    assert (answer.status, answer.text, answer.headers["Cache-Control"]) == (200, "site.css", "no-cache")
    assert ask(app, "/static/site.css", HTTP_IF_NONE_MATCH=answer.headers["ETag"]).status == 304
    assert ask(app, app.static("css/é b.css").replace("%20", " ").replace("%C3%A9", "\xc3\xa9")).status == 200
    assert ask(app, "/static/site.css", "POST").status == 405


def test_the_projects_files_hide_those_of_its_apps(project: Any) -> None:
    urls = "urlpatterns = []\n"
    files = {
        "apps/blog/urls.py": urls,
        "apps/blog/static/a.css": "blog",
        "apps/blog/static/b.css": "blog",
        "apps/shop/urls.py": urls,
        "apps/shop/static/b.css": "shop",
        "static/a.css": "project",
    }
    app = Application.from_project(project(files))
    assert ask(app, "/static/a.css").text == "project"
    assert ask(app, "/static/b.css").text == "blog"


def test_the_static_url_is_a_setting(root: Path) -> None:
    app = Application({"DEBUG": False, "STATIC_URL": "/assets/v1/"}, root=root.parent)
    assert ask(app, "/assets/v1/site.css").status == 200
    assert app.static("a b.css") == "/assets/v1/a%20b.css"
    assert app.url_for("static", path="site.css") == "/assets/v1/site.css"


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    files = StaticFiles([tmp_path / "missing"])
    assert files.find("a.css") is None


# --- a whole folder --------------------------------------------------------------------------------------------------


def test_a_folder_is_listed_without_what_is_hidden_or_outside(root: Path) -> None:
    answer = ask(DirectoryApplication(root))
    assert answer.status == 200
    assert '<a href="./css/">css/</a>' in answer.text
    assert '<a href="./site.css">site.css</a>' in answer.text
    assert "Index of /" in answer.text
    for name in (".env", ".git", "secret", "out", "loop", "../"):
        assert name not in answer.text


def test_names_in_a_listing_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "<b>&?#.txt").write_text("x", encoding="utf-8")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "javascript:alert(1)").write_text("x", encoding="utf-8")
    text = ask(DirectoryApplication(tmp_path)).text
    assert '<a href="./%3Cb%3E%26%3F%23.txt">&lt;b&gt;&amp;?#.txt</a>' in text
    below = ask(DirectoryApplication(tmp_path), "/d/").text
    assert 'href="./javascript%3Aalert%281%29"' in below
    assert '<a href="../">../</a>' in below


def test_a_name_that_is_not_utf_8_is_left_out_of_a_listing(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.txt")).write_bytes(b"x")
    (tmp_path / "b.txt").write_bytes(b"x")
    answer = ask(DirectoryApplication(tmp_path))
    assert answer.status == 200
    assert "b.txt" in answer.text
    assert "a\\" not in answer.text


def test_an_index_page_is_served_in_place_of_a_listing(root: Path) -> None:
    answer = ask(DirectoryApplication(root), "/css/")
    assert (answer.text, answer.headers["Content-Type"]) == ("css/index.html", "text/html; charset=utf-8")


def test_an_index_page_outside_of_the_folder_is_not_served(root: Path) -> None:
    (root / "index.html").symlink_to(root.parent / "secret.txt")
    answer = ask(DirectoryApplication(root))
    assert "Index of /" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/site.css", 200, ""),
        ("/site.css/", 404, ""),
        ("/css", 308, "/css/"),
        ("/css?a=1", 308, "/css/?a=1"),
        ("//css", 308, "/css/"),
        ("//evil.example/", 404, ""),
        ("//evil.example", 404, ""),
        ("/missing", 404, ""),
        ("/../secret.txt", 404, ""),
        ("/.env", 404, ""),
        ("/out/", 404, ""),
        ("/\xff", 400, ""),
    ],
)
def test_a_path_leads_to_a_file_or_a_folder(root: Path, path: str, status: int, location: str) -> None:
    answer = ask(DirectoryApplication(root), path)
    assert (answer.status, answer.headers.get("Location", "")) == (status, location)


def test_a_folder_named_like_a_host_is_never_redirected_to_that_host(tmp_path: Path) -> None:
    (tmp_path / "evil.example").mkdir()
    assert ask(DirectoryApplication(tmp_path), "//evil.example").headers["Location"] == "/evil.example/"


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_a_folder_is_only_read(root: Path, method: str) -> None:
    answer = ask(DirectoryApplication(root), "/site.css", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_and_304_work_for_a_folder_too(root: Path) -> None:
    app = DirectoryApplication(root)
    answer = ask(app, "/site.css", "HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "8")
    assert ask(app, "/site.css", HTTP_IF_NONE_MATCH=answer.headers["ETag"]).status == 304


def test_what_is_no_regular_file_is_a_404(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert ask(DirectoryApplication(tmp_path), "/pipe").status == 404


def test_a_folder_that_cannot_be_read_is_a_404(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original: Callable[[Path], Any] = Path.iterdir

    def refuse(self: Path) -> Any:
        if self == root:
            raise PermissionError(13, "Permission denied")
        return original(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert ask(DirectoryApplication(root)).status == 404


def test_a_root_that_is_gone_is_a_404(tmp_path: Path) -> None:
    assert ask(DirectoryApplication(tmp_path / "gone")).status == 404
