"""Responses: what can be sent, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from scaffold import JSONResponse, RedirectResponse, Response, StreamingResponse

from .helpers import ask, make_environ, send


def test_a_text_is_sent_as_utf_8_html() -> None:
    answer = ask(Response("é"))
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"\xc3\xa9")
    assert answer.headers.multi_items() == [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "2")]


def test_bytes_are_sent_as_they_are() -> None:
    assert ask(Response(b"\xff", content_type="image/x")).body == b"\xff"


def test_a_response_shows_its_text_and_itself() -> None:
    response = Response("é", 404)
    assert response.text == "é"
    assert repr(response) == "<Response 404 text/html; charset=utf-8>"


def test_the_headers_given_replace_those_of_the_response() -> None:
    answer = ask(Response("x", headers={"content-type": "text/css", "X-A": "1", "Content-Length": "99"}))
    assert answer.headers.multi_items() == [("content-type", "text/css"), ("X-A", "1"), ("Content-Length", "1")]


@pytest.mark.parametrize("status", [0, 100, 101, 199, 600, 1000, -1])
def test_a_status_that_is_not_final_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="no status of a final response"):
        Response(status=status)


def test_a_status_without_a_phrase_is_sent() -> None:
    assert ask(Response(status=299)).reason == "Unknown Status"


@pytest.mark.parametrize("body", [None, 7, ["a"], iter("a"), bytearray(b"a")])
def test_a_body_that_is_neither_text_nor_bytes_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match="a body is a text or bytes"):
        Response(body)


@pytest.mark.parametrize("name", ["X", "Content-Type"])
def test_a_header_cannot_be_injected(name: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        Response(headers={name: "a\r\nSet-Cookie: b=1"})
    with pytest.raises(ValueError, match="control character"):
        Response(content_type="text/html\r\nX: y")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_neither_body_nor_its_headers(status: int) -> None:
    answer = ask(Response("text", status))
    assert (answer.body, answer.headers.multi_items()) == (b"", [])


@pytest.mark.parametrize("response", [Response("text"), JSONResponse([1]), StreamingResponse(["a"])])
def test_head_has_the_headers_without_the_body(response: Response) -> None:
    answer = ask(response, method="HEAD")
    assert answer.body == b""
    assert "Content-Type" in answer.headers


def test_head_tells_the_length() -> None:
    assert ask(Response("text"), method="HEAD").headers["Content-Length"] == "4"


# --- JSON ------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Point:
    x: int
    at: datetime.date


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True]}, '{"a":[1,null,true]}'),
        ("é", '"é"'),
        (datetime.date(2024, 2, 29), '"2024-02-29"'),
        (datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC), '"2024-02-29T12:00:00+00:00"'),
        (datetime.time(12, 30), '"12:30:00"'),
        (uuid.UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (Point(1, datetime.date(2024, 2, 29)), '{"x":1,"at":"2024-02-29"}'),
    ],
)
def test_a_value_is_sent_as_json(value: object, text: str) -> None:
    answer = ask(JSONResponse(value, 201, headers={"X-A": "1"}))
    assert (answer.status, answer.text) == (201, text)
    assert answer.headers["Content-Type"] == "application/json"


def test_a_lone_surrogate_is_sent_as_its_escape() -> None:
    assert json.loads(ask(JSONResponse("a\ud800")).body) == "a\ud800"


@pytest.mark.parametrize("value", [{1, 2}, object(), b"x", Point, float("nan"), float("inf"), {(1, 2): 3}])
def test_a_value_that_json_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        JSONResponse([value])


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/a", "/a"),
        ("/é?q=ü", "/%C3%A9?q=%C3%BC"),
        ("/%C3%A9", "/%C3%A9"),
        ("https://example.com:8000/a?b=c&d=[e]#f", "https://example.com:8000/a?b=c&d=[e]#f"),
        ("/a b", "/a%20b"),
        ("/a\r\nSet-Cookie: b=1", "/a%0D%0ASet-Cookie:%20b=1"),
        ("/\t/evil.example", "/%09/evil.example"),
        ("\\\\evil.example", "%5C%5Cevil.example"),
    ],
)
def test_a_location_is_percent_encoded_and_cannot_inject_a_header(location: str, sent: str) -> None:
    answer = ask(RedirectResponse(location))
    assert (answer.status, answer.headers["Location"]) == (302, sent)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_has_one_of_five_statuses(status: int) -> None:
    assert ask(RedirectResponse("/", status)).status == status


@pytest.mark.parametrize("status", [200, 300, 304, 400])
def test_another_status_is_no_redirect(status: int) -> None:
    with pytest.raises(ValueError, match="no status of a redirect"):
        RedirectResponse("/", status)


# --- streaming -------------------------------------------------------------------------------------------------------


class Source:
    """Blocks, with a note of what happened to them."""

    def __init__(self, *blocks: str | bytes) -> None:
        self.blocks = blocks
        self.events: list[str] = []

    def __iter__(self) -> Iterator[str | bytes]:
        for block in self.blocks:
            self.events.append(f"block {block!r}")
            yield block

    def close(self) -> None:
        self.events.append("close")


def test_a_stream_is_sent_block_by_block_and_closed() -> None:
    source = Source("é", b"b")
    answer = ask(StreamingResponse(source, 201, headers={"X-A": "1"}, content_type="text/plain"))
    assert (answer.status, answer.body) == (201, b"\xc3\xa9b")
    assert answer.headers.multi_items() == [("Content-Type", "text/plain"), ("X-A", "1")]
    assert source.events == ["block 'é'", "block b'b'", "close"]


def test_a_stream_is_closed_without_being_read_for_head_and_for_a_status_without_a_body() -> None:
    for method, status in (("HEAD", 200), ("GET", 204)):
        source = Source("a")
        answer = ask(StreamingResponse(source, status), method=method)
        assert answer.body == b""
        assert source.events == ["close"]


def test_a_stream_is_closed_when_the_client_leaves() -> None:
    source = Source("a", "b")
    blocks = StreamingResponse(source)(make_environ(), lambda *_: lambda data: None)
    assert next(iter(blocks)) == b"a"
    blocks.close()  # type: ignore[attr-defined]
    assert source.events == ["block 'a'", "close"]


def test_a_stream_that_cannot_be_closed_is_sent_too() -> None:
    assert ask(StreamingResponse(["a", "b"])).body == b"ab"


@pytest.mark.parametrize("body", ["text", b"bytes"])
def test_a_whole_body_is_no_stream(body: Any) -> None:
    with pytest.raises(ValueError, match="send a whole body with Response"):
        StreamingResponse(body)


def test_a_block_of_none_does_not_end_the_stream_in_silence() -> None:
    with pytest.raises(TypeError):
        send(StreamingResponse([None, "a"]), make_environ())  # type: ignore[list-item]


# --- close -----------------------------------------------------------------------------------------------------------


def test_functions_are_called_after_the_body_the_last_one_first() -> None:
    events: list[str] = []
    source = Source("a")
    response = StreamingResponse(source)
    response.call_on_close(lambda: events.append(f"one after {len(source.events)}"))
    response.call_on_close(lambda: events.append(f"two after {len(source.events)}"))
    assert ask(response).body == b"a"
    assert events == ["two after 1", "one after 1"]
    assert source.events[-1] == "close"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_functions_are_called_for_a_whole_body_too(method: str) -> None:
    events: list[str] = []
    response = Response("a")
    response.call_on_close(lambda: events.append("closed"))
    ask(response, method=method)
    assert events == ["closed"]


def test_functions_are_called_when_the_client_leaves_before_the_body() -> None:
    events: list[str] = []
    response = Response("a")
    response.call_on_close(lambda: events.append("closed"))
    blocks = response(make_environ(), lambda *_: lambda data: None)
    assert events == []
    blocks.close()  # type: ignore[attr-defined]
    assert events == ["closed"]


def test_a_function_that_fails_does_not_keep_the_others_from_being_called() -> None:
    events: list[str] = []
    response = Response("a")
    response.call_on_close(lambda: events.append("first given"))
    response.call_on_close(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        response.close()
    assert events == ["first given"]
    response.close()
    assert events == ["first given"]


def test_a_body_may_be_assigned() -> None:
    response = Response()
    response.body = "é"
    assert response.body == b"\xc3\xa9"
    with pytest.raises(ValueError, match="a text or bytes, not int"):
        response.body = 1  # type: ignore[assignment]
