"""Static files: found in several folders, never outside of them; and whole folders with listings."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import brotli
import pytest

from scaffold import Application
from scaffold.staticfiles import DirectoryApplication, StaticFiles, safe_join
from scaffold.staticfiles.collecting import Collector, gather
from scaffold.testing import LiveServer

from .helpers import ask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path)


def make_root(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    names = ("con", "NUL.txt", "css/aux", "aux .css", "com1.tar.gz", "lpt9", "conin$")  # of Windows' devices
    for name in (
        *names,
        "console.css",
        "null",
        "site.css",
        "css/é b.css",
        ".env",
        ".git/config",
        "css/.hidden",
        "css/index.html",
    ):
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


@pytest.mark.parametrize("path", ["site.css", "css/é b.css", "inside.css", "css", "console.css", "null"])
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
    "con",
    "NUL.txt",
    "css/aux",
    "aux .css",
    "com1.tar.gz",
    "lpt9",
    "conin$",
    "sub/a.css/..",
    "%2e%2e/secret.txt",
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


def test_a_miss_names_the_folders_and_the_nearest_file_to_the_developer_alone(root: Path) -> None:
    app = Application({"DEBUG": True}, root=root.parent)
    text = ask(app, "/static/sit.css", HTTP_ACCEPT="application/json").text
    assert f"Looked in {root}. Did you mean 'site.css'?" in text
    assert str(root) not in ask(app, "/static/sit.css", REMOTE_ADDR="192.0.2.1").text
    assert str(root) not in ask(Application({"DEBUG": False}, root=root.parent), "/static/sit.css").text


class Both(Application):
    """Answers below ``/folder/`` as the folder's own application does."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith("/folder/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/folder", environ["PATH_INFO"].removeprefix("/folder")
            return DirectoryApplication(self.root / "static")(environ, start_response)
        return super().__call__(environ, start_response)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("served")
    make_root(folder)
    with LiveServer(Both({"DEBUG": False}, root=folder)) as server:
        yield server


def get(server: LiveServer, target: str) -> tuple[int, bytes]:
    """Ask for a target as it is written: other clients tidy up the dots in it."""
    connection = HTTPConnection("127.0.0.1", urlsplit(server.url).port or 0, timeout=10)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


LEAVING = [
    "%2e%2e/secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "%252e%252e/secret.txt",
    "../secret.txt",
    "/../secret.txt",
    "css//index.html",
    "/etc/passwd",
    "%2fetc/passwd",
    "site.css%00",
    "site.css%00.txt",
    "..%5csecret.txt",
    "css%5cindex.html",
    "con",
    "NUL.txt",
    "css/aux",
    "out/secret.txt",
    "secret-link.txt",
    "loop",
    ".env",
    "%2eenv",
    ".git/config",
    "%ff%fe",
    "%c0%ae%c0%ae/secret.txt",
    f"{'a' * 3000}",
    f"{'a/' * 1000}b",
]


@pytest.mark.parametrize("mount", ["/static", "/folder"])
@pytest.mark.parametrize("path", LEAVING, ids=lambda path: ascii(path)[:30])
def test_no_path_leaves_the_folder_over_a_socket(live: LiveServer, mount: str, path: str) -> None:
    status, body = get(live, f"{mount}/{path}")
    assert status in {400, 404}
    assert b"[core]" not in body
    assert body != b"secret"


def test_what_is_there_is_served_over_a_socket(live: LiveServer) -> None:
    for mount in ("/static", "/folder"):
        assert get(live, f"{mount}/css/%C3%A9%20b.css") == (200, "css/é b.css".encode())


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


# --- collected -------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with collected files, and one that was added later."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static/site.css").write_text("a { color: red }\n" * 50)
    (tmp_path / "static/x é.png").write_bytes(b"picture")
    collect(tmp_path)
    (tmp_path / "static/late.txt").write_text("late")
    return tmp_path


def collect(root: Path, static_url: str = "/static/") -> None:
    Collector(gather([root / "static"]), root / "public/static", static_url=static_url).run()


def test_a_hashed_name_is_cached_for_ever_and_a_plain_one_asked_for_again(site: Path) -> None:
    app = make_app(site)
    url = app.static("site.css")
    assert re.fullmatch(r"/static/site\.[0-9a-f]{12}\.css", url)
    answer = ask(app, url)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert ask(app, "/static/site.css").headers["Cache-Control"] == "no-cache"
    assert ask(app, unquote(app.static("x é.png")).encode().decode("latin-1")).body == b"picture"
    assert ask(app, url, "HEAD").headers["Content-Length"] == answer.headers["Content-Length"]
    assert ask(app, url, "POST").status == 405
    assert ask(app, url, "OPTIONS").status == 204


def make_app(root: Path, **values: Any) -> Application:
    return Application({"DEBUG": False, **values}, root=root)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("identity", None),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("", None),
        ("\xff;;q=,,", None),
    ],
)
@pytest.mark.parametrize("is_hashed", [True, False])
def test_the_compressed_form_that_the_client_likes_best_is_sent(
    site: Path, accepted: str, encoding: str | None, is_hashed: bool
) -> None:
    app = make_app(site)
    url = app.static("site.css") if is_hashed else "/static/site.css"
    answer = ask(app, url, HTTP_ACCEPT_ENCODING=accepted)
    unpack: Callable[[bytes], bytes] = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding or "", bytes)
    assert answer.headers.get("Content-Encoding") == encoding
    assert unpack(answer.body) == (site / "static/site.css").read_bytes()
    assert (answer.headers["Vary"], answer.headers["Content-Type"]) == ("Accept-Encoding", "text/css; charset=utf-8")
    assert answer.headers["Content-Length"] == str(len(answer.body))
    same = ask(app, url, HTTP_ACCEPT_ENCODING=accepted, HTTP_IF_NONE_MATCH=answer.headers["ETag"])
    assert (same.status, same.headers["Vary"]) == (304, "Accept-Encoding")


def test_what_a_304_says_is_what_caches_need(site: Path) -> None:
    app = make_app(site)
    tag = ask(app, "/static/site.css", HTTP_ACCEPT_ENCODING="br").headers["ETag"]
    for field in (tag, f'W/{tag}, "other"', "*"):
        answer = ask(app, "/static/site.css", HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=field)
        assert answer.status == 304
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (tag, "no-cache")
    assert ask(app, "/static/site.css", HTTP_IF_NONE_MATCH=tag).status == 200
    both = {"HTTP_IF_NONE_MATCH": tag, "HTTP_IF_MATCH": '"another"', "HTTP_ACCEPT_ENCODING": "br"}
    assert ask(app, "/static/site.css", **both).status == 412


def test_each_form_has_an_entity_tag_of_its_own(site: Path) -> None:
    app = make_app(site)
    tags = {ask(app, "/static/site.css", HTTP_ACCEPT_ENCODING=name).headers["ETag"] for name in ("", "br", "gzip")}
    assert len(tags) == 3


def test_what_has_no_compressed_form_does_not_vary(site: Path) -> None:
    answer = ask(make_app(site), "/static/late.txt", HTTP_ACCEPT_ENCODING="gzip")
    assert "Vary" not in answer.headers


def test_a_range_is_a_part_of_the_file_itself(site: Path) -> None:
    app = make_app(site)
    answer = ask(app, app.static("site.css"), HTTP_RANGE="bytes=2-6", HTTP_ACCEPT_ENCODING="gzip, br")
    assert (answer.status, answer.body, answer.headers.get("Content-Encoding")) == (206, b"{ col", None)
    whole = ask(app, app.static("site.css"), HTTP_ACCEPT_ENCODING="gzip, br")
    assert "Accept-Ranges" not in whole.headers
    tag = whole.headers["ETag"]
    assert ask(app, app.static("site.css"), HTTP_RANGE="bytes=2-6", HTTP_IF_RANGE=tag).status == 200


def test_a_file_that_was_not_collected_has_its_plain_url_and_one_warning(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(site)
    assert [app.static("late.txt") for _ in range(3)] == ["/static/late.txt"] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "The static file 'late.txt' was not collected, so its URL is the plain one."
    ]
    assert ask(app, "/static/late.txt").text == "late"


def test_while_debugging_the_files_in_their_folders_are_served(site: Path) -> None:
    app = make_app(site, DEBUG=True)
    (site / "static/site.css").write_text("new")
    assert app.static("site.css") == "/static/site.css"
    assert ask(app, "/static/site.css").text == "new"
    assert not app.static_files.is_collected


def test_a_file_of_the_collection_before_is_served_still(site: Path) -> None:
    former = make_app(site).static("site.css")
    (site / "static/site.css").write_text("new")
    collect(site)
    answer = ask(make_app(site), former)
    assert (answer.status, answer.headers["Cache-Control"][:6]) == (200, "public")
    assert make_app(site).static("site.css") != former


@pytest.mark.parametrize("static_url", ["/assets/", "/static/"])
def test_a_collection_that_is_of_no_use_is_an_error_in_the_log_alone(
    site: Path, static_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    if static_url == "/static/":
        (site / "public/static/staticfiles.json").write_text("{")
    app = make_app(site, STATIC_URL=static_url)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert ask(app, app.static("site.css")).status == 200
    assert app.static("site.css") == f"{static_url}site.css"


def test_collected_files_that_have_gone_are_not_counted_on(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = site / "public/static"
    for file in (*folder.glob("site.*.css"), *folder.glob("site.*.br")):
        file.unlink()
    app = make_app(site)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert app.static("site.css") == "/static/site.css"
    assert ask(app, "/static/site.css", HTTP_ACCEPT_ENCODING="br, gzip").headers["Cache-Control"] == "no-cache"


def test_the_manifest_itself_is_not_served(site: Path) -> None:
    assert ask(make_app(site), "/static/staticfiles.json").status == 404


def test_the_path_of_a_mount_comes_before_a_hashed_url(site: Path) -> None:
    app = make_app(site)
    app.route("/", name="home")(lambda request: request.static("site.css"))
    assert ask(app, SCRIPT_NAME="/m").text.startswith("/m/static/site.")
