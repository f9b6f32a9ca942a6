from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaffold.server import Address, Limits, Server, bind
from scaffold.server.handler import RequestHandler, State
from scaffold.server.transport import ClientGoneError, FilePart, Transport

WAIT_SECONDS = 10


@pytest.fixture
def pair() -> Iterator[tuple[Transport, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(WAIT_SECONDS)
    with ours, theirs:
        yield Transport(ours, Limits(write_seconds=0.05)), theirs


def test_receiving_tells_nothing_yet_from_the_end(pair: tuple[Transport, socket.socket]) -> None:
    transport, client = pair
    assert transport.receive() is None
    client.sendall(b"hello")
    assert transport.wait_receive(WAIT_SECONDS) == b"hello"
    client.close()
    assert transport.wait_receive(WAIT_SECONDS) == b""
    assert transport.receive() == b""


def test_waiting_for_what_does_not_come_times_out(pair: tuple[Transport, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        pair[0].wait_receive(0.01)


def test_everything_on_a_closed_connection_says_that_the_client_is_gone(
    pair: tuple[Transport, socket.socket],
) -> None:
    transport, client = pair
    client.close()
    transport.socket.close()
    with Path(__file__).open("rb") as file:
        for call in (
            transport.receive,
            lambda: transport.wait_receive(1),
            lambda: transport.send(b"x"),
            lambda: transport.push(b"x"),
            lambda: transport.push_file(FilePart(file, 0, 1)),
        ):
            with pytest.raises(ClientGoneError):
                call()
    transport.try_send(b"x")
    transport.end_output()
    transport.abort()
    transport.close()


def test_a_connection_that_breaks_during_a_wait_is_gone(pair: tuple[Transport, socket.socket]) -> None:
    class Breaking:
        """A socket whose second call fails, as one does that is reset while it is waited for."""

        def __init__(self) -> None:
            self.failures: list[OSError] = [BlockingIOError(), ConnectionResetError("reset")]

        def setblocking(self, flag: bool) -> None: ...

        def settimeout(self, seconds: float) -> None: ...

        def recv(self, size: int) -> bytes:
            raise self.failures.pop(0)

    transport = Transport(Breaking(), Limits())  # type: ignore[arg-type]
    with pytest.raises(ClientGoneError, match="reset"):
        transport.wait_receive(1)


def test_a_client_that_takes_nothing_is_given_up(pair: tuple[Transport, socket.socket]) -> None:
    with pytest.raises(ClientGoneError):
        pair[0].send(b"x" * 10_000_000)


def test_a_full_connection_is_waited_for(pair: tuple[Transport, socket.socket]) -> None:
    transport, client = pair
    sent = 0
    while True:
        try:
            sent += transport.socket.send(b"x" * 10_000)
        except BlockingIOError:
            break
    with pytest.raises(ClientGoneError):
        transport.send(b"more")
    received = 0
    while received < sent:
        received += len(client.recv(65536))
    transport.send(b"more")
    assert client.recv(100) == b"more"


@pytest.mark.parametrize("has_sendfile", [True, False])
def test_a_part_of_a_file_is_pushed(
    pair: tuple[Transport, socket.socket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_sendfile: bool
) -> None:
    if not has_sendfile:
        monkeypatch.setattr("scaffold.server.transport._sendfile", None)
    transport, client = pair
    (tmp_path / "file").write_bytes(b"0123456789")
    with (tmp_path / "file").open("rb") as file:
        assert transport.push_file(FilePart(file, 3, 4)) == 4
        assert client.recv(100) == b"3456"
        with pytest.raises(EOFError):
            transport.push_file(FilePart(file, 10, 1))
        while transport.push(b"x" * 10_000):
            pass
        assert transport.push_file(FilePart(file, 0, 1)) == 0


def test_a_handler_survives_a_broken_connection_and_logs_through_logging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "scaffold.server")
    with (
        bind(Address("127.0.0.1", 0)) as listener,
        Server(lambda environ, start_response: [], listener) as server,
        socket.create_connection(listener.getsockname(), WAIT_SECONDS),
    ):
        connection, address = listener.accept()
        handler = RequestHandler(connection, address, server)
        handler.log_error("%s", "odd\x1b")
        connection.close()
        handler.handle()  # there is no request to serve
        handler.on_readable(0)
        assert handler.state is State.CLOSED
        assert (handler.command, handler.path, handler.requestline) == ("", "", "")
    assert caplog.records[0].getMessage() == "127.0.0.1 odd\\x1b"
