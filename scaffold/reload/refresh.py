"""Live refresh: the pages of a worker follow what is saved, each browser over one connection that holds no thread.

Each worker has a generation, and counts the changes of templates and static files since it began. A page knows both as
they were when it was asked for; an event stream tells what they are now. A page that is behind loads itself again,
unless a style sheet is all that changed: that is swapped. The streams of a worker end when it retires, and the
browser's next connection waits for the worker that follows.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from scaffold.http import Request
from scaffold.reload.filters import FileKind
from scaffold.reload.injection import answer_with_script, wants_page
from scaffold.reload.policy import judge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Refresh"]

SCRIPT_PATH = "/_scaffold/refresh.js"
EVENTS_PATH = "/_scaffold/events"

# No other site's pages may listen (Fetch Metadata section 2.3).
_OWN_SITES = frozenset({"", "same-origin", "none"})
# The script's address changes with its text.
_SCRIPT_FIELDS = [
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Cache-Control", "max-age=31536000, immutable"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]
_EVENT_FIELDS = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")]


class Refresh:
    """A WSGI application around ``app`` that refreshes its pages, for clients on this machine."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._script = Path(__file__).with_name("refresh.js").read_bytes()
        self._script_url = f"{SCRIPT_PATH}?{zlib.crc32(self._script):x}"
        # In microseconds, which JavaScript's numbers hold exactly; a later worker has a larger one.
        self._generation = time.time_ns() // 1000
        self._changes = 0
        self._streams: set[Any] = set()
        self._is_closed = False
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request (PEP 3333)."""
        path = environ.get("PATH_INFO")
        is_own = path in {SCRIPT_PATH, EVENTS_PATH} and environ.get("HTTP_SEC_FETCH_SITE", "") in _OWN_SITES
        if not (is_own or wants_page(environ)) or not Request(environ).is_local:
            return self._app(environ, start_response)
        if is_own:
            environ["scaffold.quiet"] = True
            if path == EVENTS_PATH:
                return self._listen(environ, start_response)
            start_response("200 OK", [*_SCRIPT_FIELDS, ("Content-Length", str(len(self._script)))])
            return [self._script]
        # What changes while the page is made must find the page behind.
        script = partial(self._element, environ, self._changes)
        return answer_with_script(self._app, environ, start_response, script)

    def changed(self, files: Mapping[str, str]) -> None:
        """Tell the pages of changed files: their paths, and the values of their `FileKind`."""
        with self._lock:
            self._changes += 1
            streams = tuple(self._streams)
        news: dict[str, Any] = self._state()
        if set(files.values()) == {FileKind.STYLE.value}:
            news["styles"] = [_static_path(path) for path in files]
        for stream in streams:
            stream.send(_event(news))

    def close(self) -> None:
        """End the streams: another worker is going to tell what is new."""
        with self._lock:
            self._is_closed = True
            streams = tuple(self._streams)
        for stream in streams:
            stream.close()

    def _state(self) -> dict[str, int]:
        return {"generation": self._generation, "changes": self._changes}

    def _listen(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", _EVENT_FIELDS)
        stream: Any = environ["scaffold.push_stream"](lambda: self._streams.discard(stream))
        with self._lock:
            if not self._is_closed:
                stream.send(_event(self._state()))
                self._streams.add(stream)
        if stream not in self._streams:
            stream.close()
        return stream  # type: ignore[no-any-return]

    def _element(self, environ: WSGIEnvironment, changes: int, policies: list[str]) -> bytes:
        """Return the script's element for a page with these policies, empty when they refuse it."""
        request = Request(environ)
        permission = judge(policies, f"{request.scheme}://{request.host}")
        if not permission.script or not (permission.worker or permission.connection):
            return b""
        attributes = [f'src="{self._script_url}"', f'data-generation="{self._generation}"', f'data-changes="{changes}"']
        if permission.nonce:
            attributes.append(f'nonce="{permission.nonce}"')
        if not permission.worker:
            attributes.append("data-without-worker")
        if request.method != "GET":
            attributes.append("data-answers-form")
        return f"<script {' '.join(attributes)} async></script>".encode("ascii")


def _event(news: Mapping[str, Any]) -> bytes:
    """Return an event in the form of an event stream (HTML Standard section 9.2.5)."""
    return f"data: {json.dumps(news)}\n\n".encode("ascii")


def _static_path(path: str) -> str:
    """Return a static file's path below its folder ``static``, which is how its URL ends."""
    parts = PurePath(path).parts
    begin = len(parts) - parts[::-1].index("static") if "static" in parts else len(parts) - 1
    return "/".join(parts[begin:])
