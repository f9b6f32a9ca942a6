from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from scaffold.server import Address, Limits, Server, base_url, bind, stop_on_signals
from scaffold.server.poller import Poller

WAIT_SECONDS = 10
REQUEST = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


class Gate:
    """An application whose requests to /held wait until they are let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.released = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/held":
            self.entered.release()
            self.released.wait(WAIT_SECONDS)
        return hello(environ, start_response)

    def wait_entered(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=WAIT_SECONDS)


class Answers:
    """A ``may_accept`` that says no once it is told to, and tells that it has been asked since."""

    def __init__(self) -> None:
        self.answer = True
        self.refused = threading.Event()

    def __call__(self) -> bool:
        if not self.answer:
            self.refused.set()
        return self.answer


class Receiver:
    """A ``hand_over`` that keeps what it gets."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.changed = threading.Condition()

    def __call__(self, connection: socket.socket) -> None:
        with self.changed:
            self.sockets.append(connection)
            self.changed.notify_all()

    def wait(self, count: int) -> list[socket.socket]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.sockets) >= count, WAIT_SECONDS)
        return self.sockets


def test_stop_closes_idle_connections_and_returns(serve: Any) -> None:
    running = serve(hello)
    with running.connect() as fresh, running.connect() as kept:
        assert kept.get().answer()[0] == 200
        running.end()
        assert kept.rest() == b""
        assert fresh.rest() == b""


def test_stop_before_serving_makes_serving_return() -> None:
    with bind(Address("127.0.0.1", 0)) as listener, Server(hello, listener) as server:
        server.stop()
        server.serve_forever()


def test_a_stopped_server_leaves_the_listener_open(serve: Any) -> None:
    running = serve(hello)
    running.end()
    with running.connect() as client:
        client.get("/waits in the queue".replace(" ", "-"))
        with Server(hello, running.listener) as successor:
            thread = threading.Thread(target=successor.serve_forever)
            thread.start()
            assert client.answer()[0] == 200
            client.close()
            successor.shutdown()
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()


def test_requests_in_flight_are_answered_and_told_to_close(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(6)]
        for client in clients:
            client.get("/held")
        gate.wait_entered(6)
        running.server.stop()
        gate.released.set()
        for client in clients:
            status, fields, body = client.answer()
            assert (status, fields["connection"], body) == (200, "close", b"hello")
    running.thread.join(WAIT_SECONDS)
    assert not running.thread.is_alive()


def test_a_head_that_has_begun_may_be_finished_after_the_stop(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    with running.connect() as held, running.connect() as slow:
        slow.send(REQUEST[:10])
        held.get("/held")
        gate.wait_entered()
        running.server.stop()
        gate.released.set()
        assert held.answer()[0] == 200
        assert slow.send(REQUEST[10:]).answer()[1]["connection"] == "close"
    running.thread.join(WAIT_SECONDS)
    assert not running.thread.is_alive()


def test_a_second_stop_ends_at_once(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    with running.connect() as client:
        client.get("/held")
        gate.wait_entered()
        running.server.stop()
        running.end()
        assert client.rest() == b""
        gate.released.set()


def test_the_grace_period_ends(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    running = serve(gate, limits=Limits(grace_seconds=0.05))
    with running.connect() as client:
        client.get("/held")
        gate.wait_entered()
        running.end()
        assert client.rest() == b""
        gate.released.set()
    assert "did not end within 0.05 s: 1" in caplog.text


def test_closing_while_a_request_is_in_flight_leaves_nothing_open(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    with running.connect() as client:
        client.get("/held")
        gate.wait_entered()
        running.server.stop()
        running.end()
        threading.Timer(0.05, gate.released.set).start()
        running.server.server_close()
        assert client.rest() == b""


def test_a_stale_server_accepts_nothing_more(serve: Any) -> None:
    may_accept = Answers()
    running = serve(hello, may_accept=may_accept)
    with running.connect() as kept:
        assert kept.get().answer()[0] == 200
        may_accept.answer = False
        with running.connect() as queued:
            queued.get()
            assert may_accept.refused.wait(WAIT_SECONDS)
            kept.get()
            running.end()
            assert kept.rest() == b""
            with Server(hello, running.listener) as successor:
                thread = threading.Thread(target=successor.serve_forever)
                thread.start()
                assert queued.answer()[0] == 200
                queued.close()
                successor.stop()
                thread.join(WAIT_SECONDS)


def test_a_stale_server_hands_idle_connections_over_unread(serve: Any) -> None:
    may_accept, receiver = Answers(), Receiver()
    old = serve(hello, may_accept=may_accept, hand_over=receiver)
    new = serve(hello)
    with old.connect() as fresh, old.connect() as kept, old.connect() as quiet:
        assert quiet.get().answer()[0] == 200
        assert kept.get().answer()[0] == 200
        may_accept.answer = False
        kept.get("/after")
        for connection in receiver.wait(3):
            new.server.adopt(connection)
        assert kept.answer()[0] == 200
        assert fresh.get().answer()[0] == 200
        assert quiet.get().answer()[0] == 200
        assert sorted(record.path for record in new.wait_for_records(3)) == ["/", "/", "/after"]
        assert {record.remote_addr for record in new.records} == {"127.0.0.1"}
    assert len(old.records) == 2


def test_a_fresh_connection_is_handed_over_before_a_byte_is_read(serve: Any) -> None:
    may_accept, receiver = Answers(), Receiver()
    running = serve(hello, may_accept=may_accept, hand_over=receiver)
    with running.connect() as barrier, running.connect() as fresh:
        assert barrier.get().answer()[0] == 200
        may_accept.answer = False
        fresh.send(REQUEST)
        for connection in receiver.wait(2):
            connection.settimeout(WAIT_SECONDS)
            if connection.getpeername() == fresh.socket.getsockname():
                assert connection.recv(100) == REQUEST
            connection.close()


def test_a_request_in_flight_keeps_its_connection_for_the_hand_over(serve: Any) -> None:
    gate, may_accept, receiver = Gate(), Answers(), Receiver()
    running = serve(gate, may_accept=may_accept, hand_over=receiver)
    with running.connect() as client:
        client.get("/held")
        gate.wait_entered()
        may_accept.answer = False
        gate.released.set()
        assert "connection" not in client.answer()[1]
        client.get("/after")
        receiver.wait(1)[0].close()


def test_a_request_in_flight_is_told_to_close_when_nobody_takes_over(serve: Any) -> None:
    gate, may_accept = Gate(), Answers()
    running = serve(gate, may_accept=may_accept)
    with running.connect() as client:
        client.get("/held")
        gate.wait_entered()
        may_accept.answer = False
        with running.connect():
            assert may_accept.refused.wait(WAIT_SECONDS)
            gate.released.set()
            assert client.answer()[1]["connection"] == "close"


def test_stop_hands_idle_connections_over_even_unasked(serve: Any) -> None:
    receiver = Receiver()
    running = serve(hello, hand_over=receiver)
    with running.connect() as client:
        assert client.get().answer()[0] == 200
        running.end()
        receiver.wait(1)[0].close()


def test_a_connection_that_is_just_being_given_back_is_not_handed_over_twice(serve: Any) -> None:
    gate, may_accept, receiver = Gate(), Answers(), Receiver()
    running = serve(gate, may_accept=may_accept, hand_over=receiver)
    pool, given_back, may_go = running.server._pool, threading.Event(), threading.Event()
    hand_back = pool._hand_back

    def slow_hand_back(handler: Any) -> None:
        given_back.set()
        may_go.wait(WAIT_SECONDS)
        hand_back(handler)

    pool._hand_back = slow_hand_back
    patience = threading.Event()
    with running.connect() as client:
        client.get("/held")
        gate.wait_entered()
        may_accept.answer = False
        with running.connect():
            assert may_accept.refused.wait(WAIT_SECONDS)
        gate.released.set()
        assert client.answer()[0] == 200
        assert given_back.wait(WAIT_SECONDS)
        for _ in range(2):
            stirring = socket.socket()
            running.server.adopt(stirring)
            for _ in range(1000):
                if stirring.fileno() < 0:
                    break
                patience.wait(0.005)
            assert stirring.fileno() < 0
        assert receiver.sockets == []
        may_go.set()
        (connection,) = receiver.wait(1)
        assert connection.getpeername() == client.socket.getsockname()
        connection.close()
    running.end()


def test_a_failing_hand_over_closes_the_connection(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def hand_over(connection: socket.socket) -> None:
        raise OSError("nobody there")

    running = serve(hello, hand_over=hand_over)
    with running.connect() as client:
        assert client.get().answer()[0] == 200
        running.end()
        assert client.rest() == b""
    assert "nobody there" in caplog.text


def test_adopting_after_the_end_or_a_dead_connection_closes_it(serve: Any) -> None:
    running = serve(hello)
    unconnected = socket.socket()
    running.server.adopt(unconnected)
    with running.connect() as client:
        assert client.get().answer()[0] == 200
    running.end()
    late = socket.socket()
    running.server.adopt(late)
    assert late.fileno() == -1
    assert unconnected.fileno() == -1


def test_connections_adopted_by_a_server_that_never_served_are_closed() -> None:
    with bind(Address("127.0.0.1", 0)) as listener:
        server = Server(hello, listener)
        connection = socket.socket()
        server.adopt(connection)
        server.server_close()
        server.server_close()
        server.stop()
        assert connection.fileno() == -1


def test_an_idle_connection_times_out(serve: Any) -> None:
    running = serve(hello, limits=Limits(keep_alive_seconds=0.05))
    with running.connect() as client:
        assert client.get().answer()[0] == 200
        assert client.rest() == b""


def test_a_slow_head_times_out_whatever_drips_in(serve: Any) -> None:
    running = serve(hello, limits=Limits(head_seconds=0.15, linger_seconds=0.05))
    with running.connect() as client, running.connect() as silent:
        for byte in REQUEST[:5]:
            client.send(bytes([byte]))
            running.server.adopt(socket.socket())  # stirs the loop
        status, fields, _ = client.answer()
        assert (status, fields["connection"]) == (408, "close")
        assert client.rest() == b""
        assert silent.rest() == b""
    assert running.wait_for_records(1)[0].status == 408


def test_slow_heads_hold_no_thread(serve: Any) -> None:
    running = serve(hello, limits=Limits(threads=1))
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(running.connect()).send(REQUEST[:10])
        assert stack.enter_context(running.connect()).get().answer()[0] == 200


def test_more_connections_than_the_bound_are_turned_away(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    running = serve(hello, limits=Limits(connections=2, linger_seconds=5))
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(running.connect()) for _ in range(2)]
        for client in kept:
            assert client.get().answer()[0] == 200
        for _ in range(3):
            status, fields, _ = stack.enter_context(running.connect()).answer()
            assert (status, fields["retry-after"]) == (503, "1")
        for client in kept:
            assert client.get().answer()[0] == 200
    assert len(caplog.records) == 1
    with running.connect() as client:
        client.get()


def test_more_blocked_requests_than_first_threads_grow_the_pool(serve: Any) -> None:
    gate = Gate()
    running = serve(gate, limits=Limits(threads=7))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(9)]
        for client in clients:
            client.get("/held")
        gate.wait_entered(7)
        gate.released.set()
        assert [client.answer()[0] for client in clients] == [200] * 9


def test_the_server_waits_when_descriptors_run_out(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [OSError(errno.EMFILE, "Too many open files")]
    accept = Server.get_request

    def get_request(self: Server) -> Any:
        if failures:
            raise failures.pop()
        return accept(self)

    monkeypatch.setattr(Server, "get_request", get_request)
    running = serve(hello)
    with running.connect() as client:
        assert client.get().answer()[0] == 200
    assert "Too many open files" in caplog.text


def test_a_broken_listener_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_request(self: Server) -> Any:
        raise OSError(errno.EINVAL, "broken")

    monkeypatch.setattr(Server, "get_request", get_request)
    with (
        bind(Address("127.0.0.1", 0)) as listener,
        Server(hello, listener) as server,
        socket.create_connection(listener.getsockname()),
        pytest.raises(OSError, match="broken"),
    ):
        server.serve_forever()


def test_an_access_log_that_fails_costs_nothing_but_its_line(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def access_log(record: object) -> None:
        raise ValueError("the stream is closed")

    running = serve(hello, access_log=access_log)
    with running.connect() as client:
        for _ in range(2):
            assert client.get().answer()[0] == 200
    assert "the stream is closed" in caplog.text


def test_without_an_access_log_nothing_is_recorded(serve: Any) -> None:
    running = serve(hello, access_log=None)
    with running.connect() as client:
        assert client.get().answer()[0] == 200
        assert client.send(b"nonsense\r\n\r\n").answer()[0] == 400


def test_a_reset_connection_is_forgotten(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "scaffold.server")
    running = serve(hello)
    for data in (b"", REQUEST[:10], b"nonsense\r\n\r\n"):
        with running.connect() as client:
            client.send(data)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with running.connect() as client:
        assert client.get().answer()[0] == 200
    running.end()
    assert all(record.levelno == logging.DEBUG for record in caplog.records)


def test_a_poller_can_be_woken_after_its_end_and_without_measure() -> None:
    poller = Poller()
    for _ in range(10_000):
        poller.wake()
    assert poller.wait(WAIT_SECONDS) == ([], False)
    poller.close()
    poller.wake()


def test_signals_stop_the_server_and_handlers_come_back() -> None:
    former = signal.getsignal(signal.SIGTERM)

    class Target:
        calls = 0

        def stop(self) -> None:
            self.calls += 1

    target = Target()
    with stop_on_signals(target):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert target.calls == 2
    assert signal.getsignal(signal.SIGTERM) is former


PROGRAM = """
import sys, threading
from scaffold.server import Address, Server, base_url, bind, stop_on_signals

def app(environ, start_response):
    if environ["PATH_INFO"] == "/held":
        print("held", flush=True)
        threading.Event().wait(60)
    start_response("200 OK", [])
    return [b"hello"]

with bind(Address("127.0.0.1", 0)) as listener, Server(app, listener) as server, stop_on_signals(server):
    print(listener.getsockname()[1], flush=True)
    server.serve_forever()
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("held", [False, True])
def test_a_process_ends_by_signals(number: signal.Signals, held: bool) -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            with socket.create_connection(("127.0.0.1", int(process.stdout.readline())), WAIT_SECONDS) as client:
                if held:
                    client.sendall(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert process.stdout.readline() == "held\n"
                    process.send_signal(number)
                process.send_signal(number)
                if held and process.poll() is None:
                    # Two signals that arrive together may count as one.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(0.5)
                    process.send_signal(number)
                assert process.wait(WAIT_SECONDS) == 0
                assert process.stdout.read() == "stopped\n"
                assert process.stderr.read() == ""
        finally:
            process.kill()


def test_the_server_is_found_at_its_base_url(serve: Any) -> None:
    running = serve(hello)
    assert base_url(running.listener) == f"http://127.0.0.1:{running.server.server_port}/"
    assert os.get_inheritable(running.listener.fileno()) is False


def test_a_connection_with_many_requests_lets_others_in_between(serve: Any) -> None:
    gate = Gate()
    running = serve(gate, limits=Limits(threads=1))
    with running.connect() as greedy, running.connect() as modest:
        greedy.send(REQUEST.replace(b"/x", b"/held") + REQUEST * 39)
        gate.wait_entered()
        modest.get("/modest")
        patience = threading.Event()
        for _ in range(1000):
            if running.server._pool.ready:
                break
            patience.wait(0.005)
        gate.released.set()
        assert modest.answer()[0] == 200
        assert [greedy.answer()[0] for _ in range(40)] == [200] * 40
    paths = [record.path for record in running.wait_for_records(41)]
    assert paths.index("/modest") < 40
