"""Who gets to the developer page: clients on this machine, and pages of this very site."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scaffold.application import Application
from scaffold.developer.recorder import Record, Recorder
from scaffold.http import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from scaffold.checks.board import Board

__all__ = ["PREFIX", "DeveloperPage"]

PREFIX = "/_scaffold"

_PAGES = "scaffold.developer.pages"
_METHODS = frozenset({"GET", "HEAD"})
# No other site's pages may ask, not even by a link (Fetch Metadata section 2.3).
_OWN_SITES = frozenset({"", "same-origin", "none"})


class DeveloperPage:
    """A WSGI application around ``app`` that records its requests and shows them, and more, under ``/_scaffold/``.

    To whoever is not on this machine it does not exist: ``app`` answers as for any address that it does not know.
    ``recorder`` is what ``app`` was built with; ``failures`` are the errors that kept parts of the project, or all of
    it, from being loaded; ``root`` is the project's folder. Where ``is_broken`` there is no more than an error page.
    ``board`` may be set to where the findings of checks are posted; without one the pages run the checks themselves.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        root: Path,
        recorder: Recorder | None = None,
        failures: Sequence[BaseException] = (),
        is_broken: bool = False,
    ) -> None:
        self.app = app
        self.root = root
        self.recorder = recorder or Recorder()
        self.failures = tuple(failures)
        self.is_broken = is_broken
        self.board: Board | None = None
        # Only an application of Scaffold's tells the recorder when an answer is sent.
        self._tells_end = recorder is not None and isinstance(app, Application)
        self._reloads: tuple[Mapping[str, Any], ...] = ()
        self._earlier = ""
        self._pages: Callable[..., Iterable[bytes] | None] | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request (PEP 3333)."""
        path: str = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in {"", "/"} and _is_welcome(environ):
            answer = self._answer(environ, start_response)
            if answer is not None:
                return answer
        return self._recorded(environ, start_response)

    @property
    def reloads(self) -> tuple[Mapping[str, Any], ...]:
        """The reloads, the latest first."""
        return self._reloads

    def take_history(self, history: Mapping[str, Any]) -> None:
        """Take what is known of before: the ``reloads``, the latest last, and the `records` of another process.

        It comes when a worker has just begun to serve, and is not looked at before somebody looks at a page.
        """
        self._reloads = tuple(history["reloads"])[::-1]
        if history["records"]:
            with self._lock:
                self._earlier = history["records"]

    def records(self) -> str:
        """Return the records of answers that were sent, for the process that serves after this one."""
        if self._earlier and not self.recorder.recent():
            return self._earlier
        self._restore()
        return json.dumps([record.as_fields() for record in self.recorder.recent() if record.end])

    def _restore(self) -> None:
        with self._lock:
            earlier, self._earlier = self._earlier, ""
        if earlier:
            self.recorder.restore(Record.from_fields(fields) for fields in json.loads(earlier))

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """Return the page that is asked for; None when there is none."""
        self._restore()
        with self._lock:
            if self._pages is None:
                self._pages = importlib.import_module(_PAGES).Pages(self)
        return self._pages(environ, start_response)

    def _recorded(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        record = self.recorder.begin(environ)
        if Request(environ).is_local:
            environ["scaffold.developer_page"] = f"{quote(environ.get('SCRIPT_NAME', ''), encoding='latin-1')}{PREFIX}/"

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            record.status = int(status[:3])
            record.head = record.now
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            body = self.app(environ, start)
        except BaseException:
            record.finish()
            raise
        if not self._tells_end:
            record.finish()
        return body


def _is_welcome(environ: WSGIEnvironment) -> bool:
    return (
        environ["REQUEST_METHOD"] in _METHODS
        and environ.get("HTTP_SEC_FETCH_SITE", "") in _OWN_SITES
        and Request(environ).is_local
    )
