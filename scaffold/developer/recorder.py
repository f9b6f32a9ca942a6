"""What is kept of the last requests: when each part of them began and ended, and nothing that is a secret."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from scaffold.debug.values import MASK, is_secret
from scaffold.http import Request, Response, current_request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from scaffold.application.observing import ViewCall
    from scaffold.middleware import Handler
    from scaffold.routing import Match

__all__ = ["MOST_REQUESTS", "MOST_SPANS", "Record", "Recorder", "Span"]

MOST_REQUESTS = 200
# A page may render a template for each of a thousand rows.
MOST_SPANS = 200
MOST_CHARACTERS = 2000
_MOST_FIELDS = 50
# What one process tells the next one of a request.
_MOST_HANDED_SPANS = 40


class Span(NamedTuple):
    """One part of a request: ``kind`` is ``middleware``, ``view`` or ``template``; times are ns from its begin."""

    kind: str
    name: str
    begin: int
    end: int


class Record:
    """One request. ``time`` is when it began, in seconds since the epoch; ``head`` and ``end`` are ns after that.

    ``status`` and ``head`` are 0 as long as the answer has not begun, ``end`` is 0 as long as it is not sent. ``path``
    and ``query`` are decoded and without secrets.
    """

    __slots__ = (
        "_began",
        "end",
        "head",
        "is_streamed",
        "method",
        "number",
        "path",
        "place",
        "query",
        "request_id",
        "route",
        "spans",
        "status",
        "time",
        "view",
    )

    def __init__(self, number: int, method: str, path: str, query: str) -> None:
        self.number = number
        self.time = time.time()
        self.method = method[:MOST_CHARACTERS]
        self.path = path[:MOST_CHARACTERS]
        self.query = query
        self.status = self.head = self.end = 0
        self.is_streamed = False
        self.route = self.view = self.place = self.request_id = ""
        self.spans: list[Span] = []
        self._began = time.perf_counter_ns()

    @property
    def now(self) -> int:
        """Nanoseconds since the request began, at least 1."""
        return max(1, time.perf_counter_ns() - self._began)

    def add(self, kind: str, name: str, begin: int) -> None:
        """Note a part that began at ``begin`` and ends now."""
        if len(self.spans) < MOST_SPANS:
            self.spans.append(Span(kind, name, begin, self.now))

    def finish(self) -> None:
        """Note that the answer is sent."""
        self.end = self.now

    def as_fields(self) -> dict[str, Any]:
        """Return what `from_fields` makes a record of, in forms that JSON has."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "_began"}
        return {**fields, "spans": self.spans[:_MOST_HANDED_SPANS]}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Record:
        """Return the record that was another process's."""
        record = cls(fields["number"], fields["method"], fields["path"], fields["query"])
        for name, value in fields.items():
            setattr(record, name, value)
        record.spans = [Span(*span) for span in fields["spans"]]
        return record


class Recorder:
    """Keeps the last requests, and is the `Observer` that learns of their parts. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: deque[Record] = deque(maxlen=MOST_REQUESTS)
        self._numbers = itertools.count(1)

    def begin(self, environ: WSGIEnvironment) -> Record:
        """Return a new record for a request, which is kept from now on."""
        query = _shown_query(environ.get("QUERY_STRING", ""))
        path = (environ.get("PATH_INFO") or "/").encode("latin-1", "replace").decode("utf-8", "replace")
        with self._lock:
            record = Record(next(self._numbers), environ["REQUEST_METHOD"], path, query)
            self._records.append(record)
        environ["scaffold.record"] = record
        return record

    def recent(self) -> list[Record]:
        """Return the records, the latest first."""
        with self._lock:
            return [*reversed(self._records)]

    def find(self, number: int) -> Record | None:
        """Return the record of this number, unless it was given up for later ones."""
        return next((record for record in self.recent() if record.number == number), None)

    def restore(self, records: Iterable[Record]) -> None:
        """Put the records of a process that served before this one in front, and count on from theirs."""
        with self._lock:
            earlier = sorted(records, key=lambda record: record.number)
            if not earlier:
                return
            offset = earlier[-1].number
            for record in self._records:
                record.number += offset
            self._numbers = itertools.count(offset + next(self._numbers))
            self._records = deque([*earlier, *self._records], maxlen=MOST_REQUESTS)

    # --- what an application tells ------------------------------------------------------------------------------

    def request(self, handler: Handler) -> Handler:
        """Note what is known of each request when its answer is made, and when that is sent."""

        def handle(request: Request) -> Response:
            response = handler(request)
            record = _record_of(request)
            if record is not None:
                record.is_streamed = response.is_streamed
                record.request_id = request.environ.get("scaffold.request_id", "")
                _hide_secrets(record, request)
                response.call_on_close(record.finish)
            return response

        return handle

    def middleware(self, name: str, handler: Handler) -> Handler:
        """Measure ``handler``."""

        def handle(request: Request) -> Response:
            record = _record_of(request)
            if record is None:
                return handler(request)
            begin = record.now
            try:
                return handler(request)
            finally:
                record.add("middleware", name, begin)

        return handle

    def view(self, call: ViewCall) -> ViewCall:
        """Measure ``call``, and note whose view it is."""

        def handle(request: Request, found: Match) -> Response:
            record = _record_of(request)
            if record is None:
                return call(request, found)
            route = found.route
            record.route, record.view, record.place = route.name or route.path, route.view_name, route.source
            begin = record.now
            try:
                return call(request, found)
            finally:
                record.add("view", route.view_name, begin)

        return handle

    def template(self, name: str) -> AbstractContextManager[None]:
        """Return a context that measures what is done in it for the present request."""
        request = current_request.get(None)
        return _rendering(None if request is None else _record_of(request), name)


def _record_of(request: Request) -> Record | None:
    record = request.environ.get("scaffold.record")
    return record if isinstance(record, Record) else None


@contextmanager
def _rendering(record: Record | None, name: str) -> Iterator[None]:
    begin = 0 if record is None else record.now
    try:
        yield
    finally:
        if record is not None:
            record.add("template", name, begin)


def _shown_query(text: str) -> str:
    """Return a query as a reader understands it, decoded, without the values of what is secret."""
    if not text:
        return ""
    pairs = parse_qsl(text[:MOST_CHARACTERS], keep_blank_values=True, encoding="utf-8", errors="replace")
    return "&".join(f"{name}={MASK if is_secret(name) else value}" for name, value in pairs[:_MOST_FIELDS])


def _hide_secrets(record: Record, request: Request) -> None:
    for name, value in request.params.items():
        if is_secret(name) and str(value):
            record.path = record.path.replace(str(value), MASK)
