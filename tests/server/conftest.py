from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scaffold.server import AccessRecord, Address, Limits, Server, bind

WAIT_SECONDS = 10


class Running:
    """A server in a thread, with what it logged."""

    def __init__(self, app: Any, host: str = "127.0.0.1", **options: Any) -> None:
        self.records: list[AccessRecord] = []
        self.recorded = threading.Condition()
        self.listener = bind(Address(host, 0))
        options.setdefault("access_log", self._record)
        self.server = Server(app, self.listener, **options)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def _record(self, record: AccessRecord) -> None:
        with self.recorded:
            self.records.append(record)
            self.recorded.notify_all()

    def wait_for_records(self, count: int) -> list[AccessRecord]:
        with self.recorded:
            assert self.recorded.wait_for(lambda: len(self.records) >= count, WAIT_SECONDS)
        return self.records

    def connect(self) -> Client:
        return Client(self.listener.getsockname())

    def end(self) -> None:
        self.server.stop()
        self.thread.join(WAIT_SECONDS)
        assert not self.thread.is_alive()

    def close(self) -> None:
        self.server.stop()
        self.server.stop()
        self.thread.join(WAIT_SECONDS)
        self.server.server_close()
        self.listener.close()
        assert not self.thread.is_alive()


class Client:
    """A raw connection; answers are read one by one."""

    def __init__(self, address: tuple[Any, ...]) -> None:
        self.socket = socket.create_connection(address[:2], timeout=WAIT_SECONDS)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> Client:
        self.socket.sendall(data)
        return self

    def get(self, target: str = "/", *fields: str, method: str = "GET", version: str = "HTTP/1.1") -> Client:
        lines = [f"{method} {target} {version}", "Host: localhost", *fields, "", ""]
        return self.send("\r\n".join(lines).encode("latin-1"))

    def post(self, body: bytes, *fields: str, target: str = "/") -> Client:
        self.get(target, f"Content-Length: {len(body)}", *fields, method="POST")
        return self.send(body)

    def head(self) -> tuple[int, dict[str, str]]:
        status = self.file.readline().split(b" ", 2)
        assert len(status) == 3, status
        fields: dict[str, str] = {}
        while (line := self.file.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = line.partition(": ")
            assert name.lower() not in fields, f"{name} twice"
            fields[name.lower()] = value
        return int(status[1]), fields

    def answer(self, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
        status, fields = self.head()
        if bodiless:
            return status, fields, b""
        if "content-length" in fields:
            return status, fields, self.file.read(int(fields["content-length"]))
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.file.readline(), 16):
                body += self.file.read(size)
                assert self.file.readline() == b"\r\n"
            assert self.file.readline() == b"\r\n"
            return status, fields, body
        return status, fields, self.file.read()

    def rest(self) -> bytes:
        """All that comes until the server closes; a reset counts as the end."""
        try:
            return self.file.read()
        except ConnectionError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    with contextlib.ExitStack() as stack:

        def start(app: Any, **options: Any) -> Running:
            options.setdefault("limits", Limits(threads=8))
            running = Running(app, **options)
            stack.callback(running.close)
            return running

        yield start
