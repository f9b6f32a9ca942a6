"""The middleware that compresses, and what it leaves alone."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scaffold import EventStreamResponse, FileResponse, JSONResponse, Request, Response, StreamingResponse
from scaffold.middleware import Handler
from scaffold.middleware.compression import MAX_FILE_BYTES, compress
from scaffold.middleware.etags import etags

from .helpers import Answer, make_environ, make_request, send

TEXT = "compress me, please " * 100


def respond(view: Handler | Response, method: str = "GET", **values: Any) -> Answer:
    values.setdefault("HTTP_ACCEPT_ENCODING", "gzip, br")
    handler: Handler = view if not isinstance(view, Response) else lambda request: view
    request = make_request(method=method, **values)
    response = compress(handler)(request)
    response.prepare(request)
    return send(response, make_environ(method=method, **values))


def is_compressed(answer: Answer) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize("response", [Response(TEXT), Response(TEXT, 404), JSONResponse([TEXT])])
def test_a_long_text_is_compressed(response: Response) -> None:
    plain = response.body
    answer = respond(response)
    assert is_compressed(answer)
    assert gzip.decompress(answer.body) == plain
    assert int(answer.headers["Content-Length"]) == len(answer.body) < len(plain)
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("field", ["", "br", "gzip;q=0", "identity", "gzip;q=0.5, identity;q=1", "\x00,;;q"])
def test_a_client_that_does_not_want_it_gets_it_plain_but_caches_are_told(field: str) -> None:
    answer = respond(Response(TEXT), HTTP_ACCEPT_ENCODING=field)
    assert (answer.text, answer.headers["Vary"]) == (TEXT, "Accept-Encoding")


@pytest.mark.parametrize(
    "response",
    [
        Response("short"),
        Response(TEXT, 204),
        Response(TEXT, content_type="image/png"),
        Response(TEXT, headers={"Content-Encoding": "br"}),
        Response(TEXT, headers={"Cache-Control": "public, no-transform"}),
        EventStreamResponse(["x"]),
    ],
)
def test_what_would_not_gain_or_must_not_change_is_left_alone(response: Response) -> None:
    answer = respond(response)
    assert not is_compressed(answer)
    assert "Vary" not in answer.headers


def test_what_holds_secrets_is_never_compressed() -> None:
    def with_token(request: Request) -> Response:
        request.carries_secrets = True
        return Response(TEXT)

    cookie = Response(TEXT)
    cookie.set_cookie("session", "secret")
    assert respond(with_token).text == TEXT
    assert respond(cookie).text == TEXT


def test_a_stream_is_compressed_block_by_block_and_closed() -> None:
    events: list[str] = []

    def source() -> Iterator[str]:
        try:
            yield TEXT
            events.append("second")
            yield "end"
        finally:
            events.append("closed")

    response = compress(lambda request: StreamingResponse(source()))(make_request(HTTP_ACCEPT_ENCODING="gzip"))
    blocks = response(make_environ(), lambda *_: lambda data: None)
    iterator, inflate = iter(blocks), zlib.decompressobj(31)
    assert inflate.decompress(next(iterator)).decode() == TEXT
    assert events == []
    assert inflate.decompress(b"".join(iterator)) == b"end"
    assert inflate.eof
    blocks.close()  # type: ignore[attr-defined]
    assert events == ["second", "closed"]


def test_from_where_a_stream_holds_secrets_nothing_is_compressed() -> None:
    secret = "token=abcdefghijklmnop"

    def view(request: Request) -> Response:
        def source() -> Iterator[str]:
            yield TEXT
            request.carries_secrets = True
            yield secret
            yield secret

        return StreamingResponse(source())

    answer = respond(view)
    assert gzip.decompress(answer.body).decode() == TEXT + secret + secret
    assert answer.body.count(secret.encode()) == 2


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    return path


def test_a_file_is_compressed_and_its_tag_still_counts(file: Path) -> None:
    answer = respond(lambda request: FileResponse(file))
    tag = answer.headers["ETag"]
    assert gzip.decompress(answer.body).decode() == TEXT
    assert tag.startswith("W/")
    assert "Accept-Ranges" not in answer.headers
    again = respond(lambda request: FileResponse(file), HTTP_IF_NONE_MATCH=tag)
    assert (again.status, again.headers["ETag"], again.headers["Vary"]) == (304, tag, "Accept-Encoding")
    assert not is_compressed(again)


def test_a_range_of_a_file_is_sent_as_it_is(file: Path) -> None:
    answer = respond(lambda request: FileResponse(file), HTTP_RANGE="bytes=0-7")
    assert (answer.status, answer.body, answer.headers["Vary"]) == (206, b"compress", "Accept-Encoding")


def test_a_large_file_is_left_to_the_kernel(file: Path) -> None:
    with file.open("wb") as large:
        large.truncate(MAX_FILE_BYTES + 1)
    assert not is_compressed(respond(lambda request: FileResponse(file)))


@pytest.mark.parametrize("make", [lambda file: Response(TEXT), FileResponse, lambda file: StreamingResponse([TEXT])])
def test_head_says_what_get_would(file: Path, make: Any) -> None:
    head, get = (respond(lambda request: make(file), method) for method in ("HEAD", "GET"))
    assert head.body == b""
    assert head.headers.multi_items() == get.headers.multi_items()


def test_a_page_with_a_tag_is_compressed_and_not_sent_twice() -> None:
    view = etags(lambda request: Response(TEXT))
    tag = respond(view).headers["ETag"]
    again = respond(view, HTTP_IF_NONE_MATCH=tag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
