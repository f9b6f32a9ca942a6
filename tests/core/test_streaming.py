"""Streams of blocks, also asynchronous ones, and of server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import EventStreamResponse, HTTPError, ServerSentEvent, StreamingResponse

from .helpers import ask, make_environ, make_request


def test_an_asynchronous_source_is_sent_block_by_block_and_closed() -> None:
    events: list[str] = []

    async def source() -> AsyncIterator[str | bytes]:
        try:
            yield "é"
            yield b"b"
            yield "c"
        finally:
            events.append("closed")

    assert ask(StreamingResponse(source())).body == b"\xc3\xa9bc"
    assert events == ["closed"]


def test_a_refused_stream_sends_the_error_in_its_place() -> None:
    response = StreamingResponse(["a"], headers={"ETag": '"x"'})
    response.make_conditional(make_request(HTTP_IF_MATCH='"y"'))
    answer = ask(response)
    assert (answer.status, int(answer.headers["Content-Length"])) == (412, len(answer.body))


# --- server-sent events ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "sent"),
    [
        (ServerSentEvent("a"), "data: a\n\n"),
        (ServerSentEvent(""), "data: \n\n"),
        (ServerSentEvent("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (ServerSentEvent("a\u2028b\x0bc"), "data: a\u2028b\x0bc\n\n"),
        (ServerSentEvent({"a": "x\ny"}), 'data: {"a":"x\\ny"}\n\n'),
        (ServerSentEvent(7, event="n", id="é", retry=3000), "event: n\nid: é\nretry: 3000\ndata: 7\n\n"),
        (ServerSentEvent(id=""), "id: \n\n"),
        (ServerSentEvent(retry=0), "retry: 0\n\n"),
        (ServerSentEvent("\ud800"), "data: ?\n\n"),
    ],
)
def test_an_event_is_lines_and_an_empty_one(event: ServerSentEvent, sent: str) -> None:
    assert event.encode().decode() == sent


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "a\ndata: b"},
        {"event": "a\rb"},
        {"id": "1\n"},
        {"id": "1\x00"},
        {"id": 7},
        {"retry": -1},
        {"retry": True},
        {"retry": "1"},
        {"data": b"x"},
    ],
)
def test_what_would_end_a_line_early_or_is_ignored_by_browsers_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"text of one line|milliseconds|not bytes"):
        ServerSentEvent(**fields)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(max_size=40))
def test_no_data_can_pose_as_another_field(text: str) -> None:
    lines = ServerSentEvent(text).encode().decode().removesuffix("\n\n").replace("\r", "\n").split("\n")
    assert all(line.startswith("data: ") for line in lines)


def test_a_stream_of_events_opens_at_once_and_is_never_stored() -> None:
    answer = ask(EventStreamResponse(iter(["a", {"b": 1}, None, ServerSentEvent("c", id="3")])))
    assert answer.text == ':\n\ndata: a\n\ndata: {"b":1}\n\n:\n\nid: 3\ndata: c\n\n'
    assert answer.headers.multi_items() == [
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-store"),
        ("X-Accel-Buffering", "no"),
    ]


def test_the_events_are_closed_when_the_client_leaves() -> None:
    closed: list[bool] = []

    def events() -> Iterator[str]:
        try:
            while True:
                yield "again"
        finally:
            closed.append(True)

    blocks = EventStreamResponse(events())(make_environ(), lambda *_: lambda data: None)
    iterator = iter(blocks)
    assert [next(iterator), next(iterator)] == [b":\n\n", b"data: again\n\n"]
    blocks.close()  # type: ignore[attr-defined]
    assert closed == [True]


def test_events_may_come_asynchronously() -> None:
    async def events() -> AsyncIterator[object]:
        yield 1
        yield None

    assert ask(EventStreamResponse(events())).text == ":\n\ndata: 1\n\n:\n\n"


@pytest.mark.parametrize("events", ["text", b"bytes", {"a": 1}])
def test_what_is_one_event_is_no_stream(events: Any) -> None:
    with pytest.raises(ValueError, match="no stream of events"):
        EventStreamResponse(events)


@pytest.mark.parametrize(("field", "text"), [(None, ""), ("7", "7"), ("Ã©", "é")])
def test_a_client_that_comes_back_says_what_it_got_last(field: str | None, text: str) -> None:
    values: dict[str, Any] = {} if field is None else {"HTTP_LAST_EVENT_ID": field}
    assert make_request(**values).last_event_id == text


def test_an_id_that_is_not_utf_8_is_the_clients_fault() -> None:
    with pytest.raises(HTTPError, match="400"):
        _ = make_request(HTTP_LAST_EVENT_ID="\xff").last_event_id


def test_json_with_a_lone_surrogate_is_still_json() -> None:
    data = ServerSentEvent(["\ud800"]).encode().decode().removeprefix("data: ")
    assert json.loads(data) == ["?"]
