"""File responses: types, names, conditional requests, and files that are closed in the end."""

from __future__ import annotations

import email
import io
import os
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import FileResponse, HTTPError
from scaffold.http import Headers
from scaffold.http.files import BLOCK_BYTES, content_disposition, guess_type

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


def test_what_is_to_be_done_in_the_end_is_done_when_the_server_closes_the_file(
    tmp_path: Path, wrappers: list[Wrapper]
) -> None:
    events: list[str] = []
    response = FileResponse(write(tmp_path))
    response.call_on_close(lambda: events.append("closed"))
    assert send(response, make_environ(**WRAPPED)).body == b"content"
    assert len(wrappers) == 1
    assert events == ["closed"]
    response.close()
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
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(PermissionError):
            FileResponse(tmp_path / "a.txt")


def test_a_name_that_no_file_can_have_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(HTTPError, match="404"):
        FileResponse(tmp_path / ("x" * 5000))


def test_a_named_pipe_is_a_missing_file_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HTTPError, match="404"):
        FileResponse(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "inline", "text"),
    [
        ("a.txt", False, 'attachment; filename="a.txt"'),
        ("a.txt", True, 'inline; filename="a.txt"'),
        ("", False, "attachment"),
        ("", True, "inline"),
        ("100%.txt", False, "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a\ud800", False, "attachment; filename=\"a_\"; filename*=UTF-8''a%3F"),
    ],
)
def test_a_name_is_sent_as_clients_understand_it(name: str, inline: bool, text: str) -> None:
    assert content_disposition(name, inline=inline) == text


@settings(max_examples=150, deadline=None, database=None)
@given(st.text(max_size=60))
def test_no_name_can_inject_a_header(name: str) -> None:
    Headers()["Content-Disposition"] = content_disposition(name)


# --- from memory -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [b"0123456789", io.BytesIO(b"0123456789")])
def test_bytes_and_files_in_memory_are_sent_with_ranges_and_a_tag(source: Any) -> None:
    response = FileResponse(source, download_name="a.csv", inline=True)
    request = make_request(HTTP_RANGE="bytes=2-4")
    response.prepare(request)
    answer = ask(response, HTTP_RANGE="bytes=2-4")
    assert (answer.status, answer.body) == (206, b"234")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "ETag" in answer.headers


def test_a_file_is_sent_from_where_it_stands(tmp_path: Path) -> None:
    with write(tmp_path).open("rb") as file:
        file.seek(3)
        answer = ask(FileResponse(file, content_type="text/x"))
        assert (answer.body, answer.headers["Content-Length"], file.closed) == (b"tent", "4", True)


@pytest.mark.parametrize("source", [io.StringIO("a"), object(), iter([b"a"])])
def test_what_is_no_binary_file_that_can_seek_is_refused(source: Any) -> None:
    with pytest.raises(ValueError, match="is no"):
        FileResponse(source)


# --- conditions and ranges -------------------------------------------------------------------------------------------

CONTENT = bytes(range(256)) * 4


def test_a_single_range_is_sent_by_the_servers_own_way(tmp_path: Path, wrappers: list[Wrapper]) -> None:
    response = FileResponse(write(tmp_path, content=CONTENT))
    response.prepare(make_request(HTTP_RANGE="bytes=1000-"))
    answer = send(response, make_environ(**WRAPPED))
    assert (answer.status, answer.body, len(wrappers)) == (206, CONTENT[1000:], 1)
    assert answer.headers["Content-Range"] == "bytes 1000-1023/1024"


def test_several_ranges_are_parts_of_one_body(tmp_path: Path) -> None:
    answer = respond(write(tmp_path, content=CONTENT), HTTP_RANGE="bytes=-2, 0-0")
    message = email.message_from_bytes(
        b"Content-Type: " + answer.headers["Content-Type"].encode() + b"\r\n\r\n" + answer.body
    )
    parts: Any = message.get_payload()
    assert answer.status == 206
    assert "Content-Range" not in answer.headers
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert [part["Content-Range"] for part in parts] == ["bytes 1022-1023/1024", "bytes 0-0/1024"]
    assert [part.get_payload(decode=True) for part in parts] == [CONTENT[-2:], CONTENT[:1]]
    assert parts[0]["Content-Type"] == "text/plain; charset=utf-8"


def test_ranges_that_are_not_there_are_416_without_what_describes_the_file(tmp_path: Path) -> None:
    answer = respond(write(tmp_path), HTTP_RANGE="bytes=7-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */7")
    assert answer.text == "The file has 7 bytes, and none of those that were asked for.\n"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"HTTP_RANGE": "bytes=0-1"}, 206),
        ({"HTTP_RANGE": "bytes=9-1"}, 200),
        ({"HTTP_RANGE": "lines=1-2"}, 200),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": "TAG"}, 206),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": "W/TAG"}, 200),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": '"x"'}, 200),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": "Tue, 14 Nov 2023 22:13:20 GMT"}, 206),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": "Tue, 14 Nov 2023 22:13:21 GMT"}, 200),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": "nonsense"}, 200),
        ({"HTTP_RANGE": "bytes=0-1", "HTTP_IF_NONE_MATCH": "TAG"}, 304),
        ({"HTTP_RANGE": "bytes=99-", "HTTP_IF_MATCH": '"x"'}, 412),
        ({"HTTP_IF_MATCH": "TAG"}, 200),
        ({"HTTP_IF_UNMODIFIED_SINCE": "Tue, 14 Nov 2023 22:13:19 GMT"}, 412),
    ],
)
def test_conditions_are_looked_at_before_ranges(values: dict[str, str], status: int, tmp_path: Path) -> None:
    file = write(tmp_path)
    tag = respond(file).headers["ETag"]
    assert respond(file, **{key: text.replace("TAG", tag) for key, text in values.items()}).status == status


def test_head_knows_no_ranges(tmp_path: Path) -> None:
    answer = respond(write(tmp_path), "HEAD", HTTP_RANGE="bytes=0-1")
    assert (answer.status, answer.headers["Content-Length"], answer.headers["Accept-Ranges"]) == (200, "7", "bytes")
