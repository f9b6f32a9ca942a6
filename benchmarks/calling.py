"""Calls a WSGI application in a loop, without a socket: ``python calling.py MODULE:NAME`` in the folder of a site.

A line on standard input is ``answer PATH`` or ``seconds PATH``, and the line on standard output is what one call
answers, in JSON, or the CPU seconds that it takes.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from time import process_time
from typing import TYPE_CHECKING, Any

from importing import import_app

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["main"]

# A round is as many batches as this takes: long against the clock's resolution, short against a busy neighbour's turn.
ROUND_SECONDS = 0.1
BATCH_CALLS = 100

# What the servers put into the environ for a request of a usual client.
_BASE: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_SOFTWARE": "benchmark",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "50000",
    "HTTP_HOST": "127.0.0.1:8000",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.5",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def main() -> None:
    """Answer the paths on standard input until it ends."""
    app = import_app(sys.argv[1])
    for line in sys.stdin:
        command, _, path = line.strip().partition(" ")
        print(_COMMANDS[command](app, path), flush=True)


def answer_of(app: WSGIApplication, path: str) -> str:
    """Return the status line and the body of one call, as JSON."""
    heads: list[str] = []
    body = _call(app, path, lambda status, *_: heads.append(status))
    return json.dumps({"status": heads[0], "body": body.decode()})


def seconds_of(app: WSGIApplication, path: str) -> float:
    """Return the CPU seconds of one call, the mean of a round."""
    calls = 0
    began = process_time()
    while (elapsed := process_time() - began) < ROUND_SECONDS:
        for _ in range(BATCH_CALLS):
            _call(app, path, _start_response)
        calls += BATCH_CALLS
    return elapsed / calls


def _call(app: WSGIApplication, path: str, start_response: Callable[..., Any]) -> bytes:
    """Call the application as a server does: a new environ, the body read to its end and closed."""
    environ = _BASE.copy()
    environ["PATH_INFO"] = environ["REQUEST_URI"] = path
    environ["wsgi.input"] = io.BytesIO()
    blocks = app(environ, start_response)
    try:
        return b"".join(blocks)
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()


def _start_response(
    status: str,  # noqa: ARG001 - PEP 3333
    headers: list[tuple[str, str]],  # noqa: ARG001
    exc_info: Any = None,  # noqa: ARG001
) -> Callable[[bytes], object]:
    return _write


def _write(data: bytes) -> None:
    raise RuntimeError(f"nobody calls write() here, but it got {data!r}")


_COMMANDS: dict[str, Callable[[WSGIApplication, str], object]] = {"answer": answer_of, "seconds": seconds_of}


if __name__ == "__main__":
    main()
