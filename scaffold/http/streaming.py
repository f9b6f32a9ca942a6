"""Bodies that are made while they are sent: streams, and server-sent events (HTML Standard, section 9.2)."""

from __future__ import annotations

import contextvars
import functools
import importlib
import re
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scaffold.http.response import HTML, Response, encode_json

__all__ = ["EventStreamResponse", "ServerSentEvent", "StreamingResponse"]

_END: Any = object()
_LINE_END = re.compile(r"\r\n|\r|\n")  # the line ends of an event stream; str.splitlines() knows more of them
_PING = b":\n\n"


class StreamingResponse(Response):
    """A body that is made while it is sent: an iterable of texts or bytes, closed at the end where it has ``close``.

    An asynchronous iterable will do as well.
    """

    is_streamed = True

    def __init__(
        self,
        body: Iterable[str | bytes] | AsyncIterable[str | bytes],
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = HTML,
    ) -> None:
        if isinstance(body, str | bytes):
            raise ValueError(f"{type(body).__name__} is no stream of blocks; send a whole body with Response")
        super().__init__(b"", status, headers=headers, content_type=content_type)
        self._set_source(body)

    def _set_source(self, source: Iterable[Any] | AsyncIterable[Any]) -> None:
        self._source, close = _iterable(source)
        self._context = contextvars.copy_context()
        if close is not None:
            self.call_on_close(functools.partial(self._context.run, close))

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks; the source runs in the context of the view, so `url_for` works in it."""
        if self._is_refused:
            yield self.body
            return
        for block in self._items():
            yield block.encode("utf-8") if isinstance(block, str) else block

    def _items(self) -> Iterator[Any]:
        iterator = self._context.run(iter, self._source)
        while True:
            item = self._context.run(next, iterator, _END)
            if item is _END:
                return
            yield item

    def _finish_head(self) -> None:
        if self._is_refused or self.status == 304:
            super()._finish_head()
        elif self.status in {204, 205}:
            self.headers.pop("Content-Type", None)


def _iterable(source: Iterable[Any] | AsyncIterable[Any]) -> tuple[Iterable[Any], Callable[[], object] | None]:
    """Return ``source`` as an iterable that is not asynchronous, and what closes it, if anything does."""
    if not isinstance(source, AsyncIterable):
        return source, getattr(source, "close", None)
    iterator = aiter(source)
    run = importlib.import_module("scaffold.http.coroutines").run
    close = getattr(iterator, "aclose", None)
    return _in_turn(iterator, run), None if close is None else lambda: run(close())


def _in_turn(iterator: Any, run: Callable[[Any], Any]) -> Iterator[Any]:
    while True:
        try:
            item = run(anext(iterator))
        except StopAsyncIteration:
            return
        yield item


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """An event for a browser's ``EventSource``.

    ``data`` is a text, of any number of lines, or anything that JSON has a form for; None sends none. ``event`` is its
    type, ``id`` what the browser says in ``Last-Event-ID`` when it comes back, ``retry`` after how many milliseconds it
    does. Raises ``ValueError`` for what would end a line early.
    """

    data: Any = None
    event: str = ""
    id: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be sent."""
        for name, text in (("event", self.event), ("id", self.id or "")):
            if not isinstance(text, str) or "\r" in text or "\n" in text or "\x00" in text:
                raise ValueError(f"the {name} of a server-sent event is a text of one line, not {text!r}")
        retry = self.retry
        if retry is not None and (isinstance(retry, bool) or not isinstance(retry, int) or retry < 0):
            raise ValueError(f"retry is a number of milliseconds from 0, not {retry!r}")
        if isinstance(self.data, bytes):
            raise ValueError("the data of a server-sent event is a text or what JSON has a form for, not bytes")

    def encode(self) -> bytes:
        """Return the event as it is sent; ``TypeError`` or ``ValueError`` for data that JSON has no form for."""
        lines = [f"event: {self.event}"] if self.event else []
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        if self.data is not None:
            text = self.data if isinstance(self.data, str) else encode_json(self.data)
            lines += [f"data: {line}" for line in _LINE_END.split(text)]
        return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


class EventStreamResponse(StreamingResponse):
    """A stream of server-sent events: each a `ServerSentEvent`, or its data, or None for a sign of life.

    ``events`` may be asynchronous. A sign of life opens the stream, so that the browser knows at once that it stands.
    """

    def __init__(
        self,
        events: Iterable[Any] | AsyncIterable[Any],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__((), headers=headers, content_type="text/event-stream")
        if isinstance(events, str | bytes | Mapping):
            raise ValueError(f"{type(events).__name__} is no stream of events")
        self._set_source(events)
        self.headers.setdefault("Cache-Control", "no-store")
        self.headers.setdefault("X-Accel-Buffering", "no")  # nginx would hold the events back

    def blocks(self) -> Iterator[bytes]:
        """Yield the events, one a block."""
        yield _PING
        for item in self._items():
            if item is None:
                yield _PING
            else:
                yield (item if isinstance(item, ServerSentEvent) else ServerSentEvent(item)).encode()
