"""What a developer sees of a report: an HTML page, a text for terminals, or JSON. Never shown with DEBUG off."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, Template

from scaffold.debug.report import Fault, Frame, Report
from scaffold.exceptions import HTTPError
from scaffold.http import JSONResponse, Request, Response, plain_error, prefers_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["error_application", "report_json", "report_page", "report_response", "report_text"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ first.kind }}: {{ first.message | truncate(120) }}</title>
<style>
:root { --ground: #fbfaf7; --ink: #1d1b18; --soft: #6b665e; --line: #e2ddd3; --mark: #fdeaea; --accent: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #171614; --ink: #ece8e1; --soft: #a19a8e; --line: #35322d; --mark: #3a1d1b; --accent: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 64rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
header p:first-child { margin: 0; color: var(--soft); font-size: .875rem; }
h1, h2 { margin: .25rem 0 .5rem; line-height: 1.25; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
h1 b, h2 b { color: var(--accent); }
.hint { border-left: 3px solid var(--accent); padding-left: .75rem; }
figure { margin: 1rem 0; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
figcaption { padding: .5rem .75rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; font-size: .875rem; }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; font: .8125rem/1.6 ui-monospace, monospace; }
pre span { display: block; padding: 0 .75rem; min-width: max-content; }
pre span.here { background: var(--mark); font-weight: 600; }
pre i { display: inline-block; width: 3.5em; color: var(--soft); font-style: normal; user-select: none; }
details summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: .875rem; }
</style>
</head>
<body>
<header>
<p>{{ where }}</p>
<h1><b>{{ first.kind }}</b>: {{ first.message }}</h1>
{% if first.hint %}<p class="hint">{{ first.hint }}</p>{% endif %}
</header>
<main>
{% macro excerpt(frame) %}
<figure>
<figcaption><code>{{ frame.source }}</code>{% if frame.function %} in <code>{{ frame.function }}</code>{% endif %}
</figcaption>
{% if frame.lines %}<pre>{% for number, line in frame.lines -%}
<span{% if number == frame.line %} class="here"{% endif %}><i>{{ number }}</i>{{ line }}</span>
{%- endfor %}</pre>{% endif %}
</figure>
{% endmacro %}
{% for fault in faults %}
{% if not loop.first %}<h2>caused by <b>{{ fault.kind }}</b>: {{ fault.message }}</h2>
{% if fault.hint %}<p class="hint">{{ fault.hint }}</p>{% endif %}{% endif %}
{% for frame in fault.own_frames | reverse %}{{ excerpt(frame) }}{% endfor %}
{% if fault.own_frames and fault.frames | length > fault.own_frames | length %}
<details><summary>All {{ fault.frames | length }} frames</summary>
{% for frame in fault.frames | reverse %}{{ excerpt(frame) }}{% endfor %}
</details>
{% endif %}
{% endfor %}
</main>
<footer>This page is shown because DEBUG is on, and only on this machine.
Mend the code, save it, and load this page again.</footer>
</body>
</html>
"""


@functools.cache
def _template() -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)


def report_page(report: Report, where: str = "") -> str:
    """Return the report as an HTML document without external parts; ``where`` says what was asked for."""
    return _template().render(first=report.faults[0], faults=report.faults, where=where)


def report_text(error: BaseException) -> str:
    """Return the report of ``error`` as a text for terminals, with the source around each of the user's own lines."""
    faults = Report.from_exception(error).faults
    return "\n".join(line for index, fault in enumerate(faults) for line in _fault_lines(fault, index)) + "\n"


def _fault_lines(fault: Fault, index: int) -> Iterable[str]:
    yield f"{'caused by ' if index else ''}{fault.kind}: {_printable(fault.message)}"
    if fault.hint:
        yield f"  {_printable(fault.hint)}"
    for frame in reversed(fault.own_frames):
        yield from _frame_lines(frame)


def _frame_lines(frame: Frame) -> Iterable[str]:
    yield f"  {frame.source}{f' in {frame.function}' if frame.function else ''}"
    for number, line in frame.lines:
        yield f"  {'>' if number == frame.line else ' '} {number:4} | {_printable(line)}"


def _printable(text: str) -> str:
    """Return ``text`` without control characters, which could steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as a value for JSON."""
    return {
        "status": 500,
        "error": report.faults[0].kind,
        "detail": report.faults[0].message,
        "causes": [
            {
                "error": fault.kind,
                "detail": fault.message,
                "hint": fault.hint,
                "frames": [{"source": frame.source, "function": frame.function} for frame in fault.own_frames],
            }
            for fault in report.faults
        ],
    }


def report_response(error: BaseException, request: Request) -> Response:
    """Return the 500 for ``error`` in the form that the client prefers: a text unless it asks for HTML or JSON."""
    if prefers_json(request):
        return JSONResponse(report_json(Report.from_exception(error)), 500, headers={"Cache-Control": "no-store"})
    if request.prefers("text/plain", "text/html") == "text/html":
        page = report_page(Report.from_exception(error), f"{request.method} {request.environ.get('PATH_INFO', '')}")
        return Response(page, 500, headers={"Cache-Control": "no-store"})
    text, headers = report_text(error), {"Cache-Control": "no-store"}
    return Response(text, 500, headers=headers, content_type="text/plain; charset=utf-8")


def error_application(error: BaseException, *, debug: bool) -> WSGIApplication:
    """Return a WSGI application that answers every request with 500.

    With ``debug`` it shows the report to clients on this machine, and a plain page to all others.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if debug and request.is_local:
            return report_response(error, request)(environ, start_response)
        response = plain_error(request, HTTPError(500, "The server could not start. Its log has the reason."))
        return response(environ, start_response)

    return application
