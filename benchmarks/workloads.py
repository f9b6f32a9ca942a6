"""The work that every server is given, and the answers that show that all of them did the same."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from children import BenchmarkError

__all__ = ["BLOCK_FILE", "JSON", "PAGE", "TEXT", "UPLOAD", "WORKLOADS", "Workload", "ask", "is_right", "write_block"]

BLOCK_FILE = "block.bin"

ANSWER_TIMEOUT_SECONDS = 10.0

_BLOCK_BYTES = 100 * 1024
_UPLOAD_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Workload:
    """A request and its answer: a GET with header ``fields``, or a POST of ``upload_bytes``."""

    name: str
    path: str
    answer: bytes
    upload_bytes: int = 0
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)


TEXT = Workload("text", "/text/", b"Hello, World!")
PAGE = Workload(
    "page",
    "/hello/Ada/",
    b'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hello</title></head>'
    b"<body><h1>Hello, Ada!</h1></body></html>",
)
JSON = Workload("JSON", "/json/1/", b'{"id": 1, "tags": ["one", "two", "three"], "title": "The first post"}')
FILE = Workload("file", f"/static/{BLOCK_FILE}", b"x" * _BLOCK_BYTES)
UPLOAD = Workload("upload", "/upload/", str(_UPLOAD_BYTES).encode(), _UPLOAD_BYTES)
WORKLOADS = (TEXT, PAGE, JSON, FILE, UPLOAD)


def write_block(folder: Path) -> None:
    """Write the static file to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BLOCK_FILE).write_bytes(FILE.answer)


def ask(port: int, workload: Workload, times: int) -> None:
    """Ask a server for the workload, ``times`` times over; `BenchmarkError` when an answer is another one."""
    method, body = ("POST", b"x" * workload.upload_bytes) if workload.upload_bytes else ("GET", None)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        for _ in range(times):
            connection.request(method, workload.path, body)
            response = connection.getresponse()
            content = response.read()
            if response.status != http.client.OK or not is_right(content, workload):
                raise BenchmarkError(f"{method} {workload.path} got {response.status} {content[:200]!r}")
    except (OSError, http.client.HTTPException) as error:
        raise BenchmarkError(f"{method} {workload.path} got no answer: {error!r}") from error
    finally:
        connection.close()


def is_right(content: bytes, workload: Workload) -> bool:
    """Return whether ``content`` answers the workload; frameworks may differ in white space."""
    return b"".join(content.split()) == b"".join(workload.answer.split())
