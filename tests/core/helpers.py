"""What several tests of the web core need."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from scaffold import Application, Request
from scaffold.http import Headers


class Answer:
    """What a WSGI application answered."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = int(status.split(" ")[0])
        self.reason = status.partition(" ")[2]
        self.headers = Headers(headers)
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


def make_environ(path: str = "/", method: str = "GET", body: bytes = b"", **values: Any) -> dict[str, Any]:
    """Return an environ that the validator of wsgiref accepts; ``path`` may hold a query."""
    target, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": target,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.update(values)
    setup_testing_defaults(environ)
    return environ


def make_request(path: str = "/", method: str = "GET", body: bytes = b"", **values: Any) -> Request:
    """Return a request that no application handles."""
    return Request(make_environ(path, method, body, **values))


def send(app: Any, environ: dict[str, Any]) -> Answer:
    """Call ``app`` as a server does, and return what it answered."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    blocks: Iterable[bytes] = app(environ, start_response)
    try:
        body = b"".join(blocks)
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()
    return Answer(*started[-1], body)


def ask(app: Any, path: str = "/", method: str = "GET", body: bytes = b"", **values: Any) -> Answer:
    """Call ``app`` under the validator of wsgiref, which raises for every breach of PEP 3333."""
    return send(validator(app), make_environ(path, method, body, **values))


def make_app(**settings: Any) -> Application:
    """Return an application without a project, with DEBUG off unless ``settings`` say otherwise."""
    return Application({"DEBUG": False, **settings})


def caught(code: str, file: Path) -> BaseException:
    """Run ``code`` as ``file`` and return what it raises."""
    file.write_text(code, encoding="utf-8")
    try:
        exec(compile(code, str(file), "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")
