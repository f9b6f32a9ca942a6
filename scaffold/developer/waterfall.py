"""Requests as they are shown: their parts, how long each took, and where its bar begins and ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scaffold.developer.recorder import Record, Span

__all__ = ["SCALE", "record_row", "waterfall"]

# How many units a bar is long.
SCALE = 1000
_LEAST_UNITS = 3  # what is shorter would not be seen
_NS_PER_MS = 1_000_000


def record_row(record: Record, text: Callable[[str], str]) -> dict[str, Any]:
    """Return a request as a value for JSON; ``text`` hides secrets that are known. Times are in milliseconds."""
    end = record.end or record.now
    return {
        "number": record.number,
        "time": round(record.time, 3),
        "method": text(record.method),
        "path": text(record.path),
        "query": text(record.query),
        "status": record.status or None,
        "route": record.route,
        "view": record.view,
        "request_id": record.request_id,
        "is_streamed": record.is_streamed,
        "is_running": not record.end,
        "head_ms": _ms(record.head) if record.head else None,
        "milliseconds": _ms(end),
        "parts": waterfall(record),
    }


def waterfall(record: Record) -> list[dict[str, Any]]:
    """Return the parts of a request in the order of their begin, each under the one that it is a part of.

    ``own_ms`` is a part's time without that of its parts; ``x`` and ``width`` place its bar on the `SCALE`.
    """
    end = record.end or record.now
    spans = sorted(record.spans, key=lambda span: (span.begin, -span.end))
    rows = [_row(span, depth, own, end) for span, depth, own in _nested(spans)]
    if record.is_streamed and record.head:
        rows.append(_row(Span("sending", "sending the body", record.head, end), 0, end - record.head, end))
    return rows


def _nested(spans: Sequence[Span]) -> list[tuple[Span, int, int]]:
    """Return each span with its depth and its own nanoseconds."""
    own = [span.end - span.begin for span in spans]
    depths = []
    stack: list[int] = []
    for index, span in enumerate(spans):
        while stack and spans[stack[-1]].end <= span.begin:
            stack.pop()
        if stack:
            own[stack[-1]] -= min(span.end, spans[stack[-1]].end) - span.begin
        depths.append(len(stack))
        stack.append(index)
    return [(span, depth, max(0, time)) for span, depth, time in zip(spans, depths, own, strict=True)]


def _row(span: Span, depth: int, own: int, end: int) -> dict[str, Any]:
    x = min(SCALE - _LEAST_UNITS, span.begin * SCALE // end)
    return {
        "kind": span.kind,
        "name": span.name,
        "depth": depth,
        "begin_ms": _ms(span.begin),
        "milliseconds": _ms(span.end - span.begin),
        "own_ms": _ms(own),
        "x": x,
        "width": max(_LEAST_UNITS, min(SCALE - x, (span.end - span.begin) * SCALE // end)),
    }


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / _NS_PER_MS, 3)
