"""``scaffold routes --match``: which route answers a URL, and why, or why none does."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scaffold.cli.output import print_line, print_message, relative, styled
from scaffold.cli.routes import as_object, shown_methods
from scaffold.debug.asking import ask, one_line, read_question

if TYPE_CHECKING:
    from pathlib import Path

    from scaffold.application import Application
    from scaffold.debug.asking import Reply
    from scaffold.routing import Route
    from scaffold.routing.explain import Attempt, Step

__all__ = ["as_reply_object", "print_match", "reply_lines"]

_SHOWN_VALUE = 100  # characters
_FIRST_ERROR = 400


def print_match(application: Application, url: str, method: str, host: str, *, as_json: bool) -> bool:
    """Print what ``url`` leads to; say whether that is a route, or a redirect to one."""
    import json

    if url.startswith("//"):  # which is how the routes of a host are listed
        url = f"http:{url}"
    reply = ask(application, read_question(url, method, host))
    if reply.question.path and reply.question.path == application.settings.HEALTH_PATH:
        print_message(f"HEALTH_PATH is {reply.question.path}: the health check answers there, before any route.")
    if as_json:
        print_line(json.dumps(as_reply_object(reply, application.root), indent=2))
    else:
        for line in reply_lines(reply, application.root, len(application.routes)):
            print_line(line)
    return reply.last.status < _FIRST_ERROR


def as_reply_object(reply: Reply, root: Path) -> dict[str, Any]:
    """Return what ``--match --json`` prints."""
    verdict = reply.verdict
    return {
        "method": reply.question.method,
        "host": reply.question.host,
        "path": reply.question.path,
        "status": reply.status or None,
        "summary": reply.summary,
        "route": as_object(reply.route, root) if reply.route is not None else None,
        "params": {name: _json_value(value) for name, value in reply.params.items()},
        "steps": _step_objects(verdict.steps if verdict is not None else ()),
        "rivals": [
            {**as_object(rival.route, root), "reason": rival.reason}
            for rival in (verdict.rivals if verdict is not None else ())
        ],
        "tried": [
            {**as_object(item.route, root), "reason": item.reason, "steps": _step_objects(item.steps)}
            for item in (verdict.attempts if verdict is not None else ())
        ],
        "allow": [*reply.allow],
        "location": reply.location or None,
        "then": as_reply_object(reply.then, root) if reply.then is not None else None,
    }


def reply_lines(reply: Reply, root: Path, count: int) -> Iterator[str]:
    """Yield the lines that a person reads."""
    yield styled(reply.summary, "bold", sys.stdout)
    verdict = reply.verdict
    if verdict is not None:
        if verdict.route is not None:
            yield from _route_lines(verdict.route, root)
            yield from _step_lines(verdict.steps)
            yield from (f"      {name} = {_shown(value)}" for name, value in reply.params.items())
        if verdict.rivals:
            yield "Others that have the path:" if verdict.route is not None else "Routes that have the path:"
        for rival in verdict.rivals:
            yield from _route_lines(rival.route, root)
            yield f"      {rival.reason}"
        yield from _attempt_lines(verdict.attempts, root, count)
    if reply.then is not None:
        yield from reply_lines(reply.then, root, count)


def _attempt_lines(attempts: Sequence[Attempt], root: Path, count: int) -> Iterator[str]:
    if attempts:
        yield f"The nearest of {count} routes:" if len(attempts) < count else "The routes, the nearest first:"
    for attempt in attempts:
        yield from _route_lines(attempt.route, root)
        if any(step.reason for step in attempt.steps):
            yield from _step_lines(attempt.steps)
        else:  # each segment fits, and yet the route does not
            yield f"    - {one_line(attempt.reason)}"


def _route_lines(route: Route, root: Path) -> list[str]:
    head = "  ".join(filter(None, (f"  {route.url}", shown_methods(route), route.name)))
    return [one_line(head), f"      {styled(one_line(relative(route.source, root)), 'dim', sys.stdout)}"]


def _step_lines(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a line for each segment: a plus where it fits, a minus and the reason where it does not."""
    for step in steps:
        text = f'"{one_line(step.text or "")}"'
        if step.reason:
            yield styled(f"    - {one_line(step.reason)}", "warning", sys.stdout)
        else:
            yield f"    + {text}" if step.rule == step.text else f"    + {text} is {step.rule}"


def _step_objects(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"rule": item.rule, "text": item.text, "fits": not item.reason, "reason": item.reason} for item in steps]


def _json_value(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _shown(value: object) -> str:
    text = one_line(repr(value))
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}..."
