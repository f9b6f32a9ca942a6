"""File responses: types, names, conditional requests, and files that are closed in the end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest

from scaffold import FileResponse, HTTPError
from scaffold.http.response import BLOCK_BYTES, guess_type

from .helpers import Answer, ask, make_environ, make_request, send


def write(folder: Path, name: str = "page.txt", content: bytes = b"content") -> Path:
    file = folder / name
    file.write_bytes(content)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    return file


def respond(file: Path, method: str = "GET", **values: Any) -> Answer:
    response = FileResponse(file)
    response.prepare(make_request(method=method, **values))
    return ask(response, method=method, **values)


def test_a_file_is_sent_with_its_type_its_length_its_tag_and_its_date(tmp_path: Path) -> None:
    answer = respond(write(tmp_path))
    assert (answer.status, answer.body) == (200, b"content")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Length"] == "7"
    assert answer.headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert answer.headers["ETag"].strip('"')


def test_a_large_file_is_sent_in_blocks(tmp_path: Path) -> None:
    content = os.urandom(2 * BLOCK_BYTES + 1)
    response = FileResponse(write(tmp_path, content=content))
    blocks = list(response.blocks())
    response.close()
    assert [len(block) for block in blocks] == [BLOCK_BYTES, BLOCK_BYTES, 1]
    assert b"".join(blocks) == content


def test_an_empty_file_is_sent(tmp_path: Path) -> None:
    answer = respond(write(tmp_path, content=b""))
    assert (answer.body, answer.headers["Content-Length"]) == (b"", "0")


def test_what_is_written_to_a_file_while_it_is_sent_is_not_sent(tmp_path: Path) -> None:
    file = write(tmp_path)
    response = FileResponse(file)
    file.write_bytes(b"content and more")
    assert ask(response).body == b"content"


def test_a_client_that_has_the_file_gets_304_without_a_body(tmp_path: Path) -> None:
    file = write(tmp_path)
    tag = respond(file).headers["ETag"]
    for method in ("GET", "HEAD"):
        answer = respond(file, method, HTTP_IF_NONE_MATCH=tag)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert "Content-Type" not in answer.headers
        assert "Content-Length" not in answer.headers
    assert respond(file, HTTP_IF_MODIFIED_SINCE="Tue, 14 Nov 2023 22:13:20 GMT").status == 304


def test_a_file_that_was_written_again_is_sent(tmp_path: Path) -> None:
    file = write(tmp_path)
    tag = respond(file).headers["ETag"]
    file.write_bytes(b"new")
    assert respond(file, HTTP_IF_NONE_MATCH=tag).body == b"new"


def test_the_answer_to_a_post_is_never_304(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert respond(file, "POST", HTTP_IF_NONE_MATCH="*").status == 200


def test_a_file_that_is_an_error_page_is_never_304(tmp_path: Path) -> None:
    response = FileResponse(write(tmp_path))
    response.status = 404
    response.prepare(make_request(HTTP_IF_NONE_MATCH="*"))
    assert ask(response).status == 404


def test_a_view_may_take_the_tag_away(tmp_path: Path) -> None:
    response = FileResponse(write(tmp_path))
    del response.headers["ETag"]
    response.prepare(make_request(HTTP_IF_NONE_MATCH='"x"'))
    assert ask(response).status == 200


def test_head_of_a_file_tells_its_length(tmp_path: Path) -> None:
    answer = respond(write(tmp_path), "HEAD")
    assert (answer.body, answer.headers["Content-Length"]) == (b"", "7")


def test_a_file_that_is_not_there_or_is_a_folder_is_a_404(tmp_path: Path) -> None:
    for file in (tmp_path / "missing", tmp_path, tmp_path / "a\x00b"):
        with pytest.raises(HTTPError, match="404"):
            FileResponse(file)


def test_a_download_gets_a_name(tmp_path: Path) -> None:
    response = FileResponse(write(tmp_path), download_name='a "b"\r\n/é.txt', content_type="text/x")
    answer = ask(response)
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"a _b_____.txt\"; filename*=UTF-8''a%20%22b%22%0D%0A%2F%C3%A9.txt"
    )
    assert answer.headers["Content-Type"] == "text/x"
    plain = ask(FileResponse(write(tmp_path), download_name="a b.txt"))
    assert plain.headers["Content-Disposition"] == 'attachment; filename="a b.txt"'


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.json", "application/json; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/x-bzip2"),
        ("a.txt.xz", "application/x-xz"),
        ("a.txt.Z", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("a.nothing-of-this-name", "application/octet-stream"),
    ],
)
def test_the_type_follows_the_name(name: str, kind: str) -> None:
    assert guess_type(name) == kind


# --- wsgi.file_wrapper -----------------------------------------------------------------------------------------------


class Wrapper(FileWrapper):
    made: list[Wrapper] = []

    def __init__(self, file: Any, size: int = 0) -> None:
        super().__init__(file, size)
        self.made.append(self)


WRAPPED: dict[str, Any] = {"wsgi.file_wrapper": Wrapper}


@pytest.fixture
def wrappers() -> list[Wrapper]:
    Wrapper.made = []
    return Wrapper.made


def test_the_servers_own_way_to_send_a_file_is_used(tmp_path: Path, wrappers: list[Wrapper]) -> None:
    response = FileResponse(write(tmp_path))
    answer = send(response, make_environ(**WRAPPED))
    assert answer.body == b"content"
    assert len(wrappers) == 1
    assert wrappers[0].filelike.closed


def test_it_is_not_used_when_something_else_is_to_be_done_in_the_end(tmp_path: Path, wrappers: list[Wrapper]) -> None:
    events: list[str] = []
    response = FileResponse(write(tmp_path))
    response.call_on_close(lambda: events.append("closed"))
    assert send(response, make_environ(**WRAPPED)).body == b"content"
    assert wrappers == []
    assert events == ["closed"]


def test_it_is_not_used_without_a_body(tmp_path: Path, wrappers: list[Wrapper]) -> None:
    response = FileResponse(write(tmp_path))
    assert send(response, make_environ(method="HEAD", **WRAPPED)).body == b""
    assert wrappers == []


def test_the_file_is_closed_when_the_client_leaves(tmp_path: Path) -> None:
    response = FileResponse(write(tmp_path))
    blocks = response(make_environ(), lambda *_: lambda data: None)
    blocks.close()  # type: ignore[attr-defined]
    assert response._file.closed


def test_a_file_that_may_not_be_read_is_no_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.txt").write_text("a")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError):
        FileResponse(tmp_path / "a.txt")


def test_a_name_that_no_file_can_have_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(HTTPError, match="404"):
        FileResponse(tmp_path / ("x" * 5000))
