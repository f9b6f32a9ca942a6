"""The control channel."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scaffold.reload.messages import Channel, Message
from scaffold.reload.processes import describe_exit


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    mine, other = Channel.pair()
    with mine, Channel(other) as theirs:
        yield mine, theirs


def test_messages_arrive_in_order_with_their_fields(pair: tuple[Channel, Channel]) -> None:
    mine, theirs = pair
    assert mine.send("ready", files={"a": "b\n"})
    assert mine.send("stale", paths=["x"])
    assert theirs.receive() == [Message("ready", {"files": {"a": "b\n"}}), Message("stale", {"paths": ["x"]})]


def test_a_message_may_come_in_pieces(pair: tuple[Channel, Channel]) -> None:
    mine, theirs = pair
    mine.connection.sendall(b'{"kind": "stop", "descr')
    assert theirs.receive() == []
    mine.connection.sendall(b'iptors": 0, "fields": {}}\n')
    assert theirs.receive() == [Message("stop")]


def test_descriptors_travel_with_their_message(pair: tuple[Channel, Channel]) -> None:
    mine, theirs = pair
    reader, writer = os.pipe()
    assert mine.send("stop")
    assert mine.send("adopt", descriptors=[writer])
    os.close(writer)
    messages: list[Message] = []
    while len(messages) < 2:
        messages += theirs.receive() or []
    (copy,) = messages[1].descriptors
    assert not os.get_inheritable(copy)
    os.write(copy, b"through")
    os.close(copy)
    assert os.read(reader, 100) == b"through"
    os.close(reader)


def test_descriptors_that_nobody_took_are_closed_with_the_channel() -> None:
    mine, other = Channel.pair()
    reader, writer = os.pipe()
    with mine, Channel(other) as theirs:
        mine.connection.setblocking(True)
        assert mine.send("adopt", descriptors=[writer])
        os.close(writer)
        theirs._descriptors.extend(theirs._read()[1])
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_the_end_of_a_channel_is_told(pair: tuple[Channel, Channel]) -> None:
    mine, theirs = pair
    mine.close()
    assert theirs.receive() is None
    assert not theirs.send("late")
    assert mine.receive() is None


def test_silence_is_no_message(pair: tuple[Channel, Channel]) -> None:
    mine, _ = pair
    mine.connection.settimeout(0.001)
    assert mine.receive() == []


@pytest.mark.parametrize(
    ("status", "text"),
    [(3, "ended with status 3"), (-9, "was ended by SIGKILL"), (-250, "was ended by signal 250")],
)
def test_how_a_process_ended_is_said_in_words(status: int, text: str) -> None:
    assert describe_exit(status) == text
