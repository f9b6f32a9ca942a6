"""What a developer sees of a report: an HTML page, a text for terminals, or JSON. Never shown with DEBUG off."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, Template

from scaffold.debug.context import Section, masker_for, request_sections, settings_section
from scaffold.debug.report import Frame, Report
from scaffold.debug.values import printable
from scaffold.exceptions import HTTPError
from scaffold.http import JSONResponse, Request, Response, plain_error, prefers_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["DebugPage", "error_application", "report_json", "report_page", "report_response", "report_text"]


@functools.cache
def _template() -> Template:
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(page)


def report_page(
    report: Report, where: str = "", sections: Iterable[Section] = (), link: Callable[[Frame], str] = lambda _: ""
) -> str:
    """Return the report as an HTML document without external parts.

    ``where`` says what was asked for, ``sections`` show what surrounded the error, and ``link`` gives the address that
    opens a frame in an editor, or an empty text.
    """
    sections = list(sections)
    text = _whole_text(report, sections)
    faults = report.faults
    return _template().render(first=faults[0], faults=faults, where=where, sections=sections, link=link, text=text)


def report_text(error: BaseException, request: Request | None = None) -> str:
    """Return the report of ``error`` as a text for terminals, with the source around each of the user's own lines.

    What the ``request`` tells to be secret is masked.
    """
    masker = masker_for(request) if request is not None else None
    return "\n".join(_report_lines(Report.from_exception(error, masker))) + "\n"


def _report_lines(report: Report) -> Iterable[str]:
    for fault in report.faults:
        yield f"{fault.relation + ' ' if fault.relation else ''}{fault.kind}: {printable(fault.message)}"
        for text in filter(None, (fault.hint, *fault.notes)):
            yield from (f"  {printable(line)}" for line in text.splitlines())
        for frame in reversed(fault.own_frames):
            yield from _frame_lines(frame)


def _whole_text(report: Report, sections: Iterable[Section]) -> str:
    """Return all that the page shows as a text."""
    lines = [*_report_lines(report)]
    for frame in (frame for fault in report.faults for frame in reversed(fault.own_frames) if frame.values):
        lines += ["", f"Local variables at {frame.source}"]
        lines += [f"  {name} = {printable(value)}" for name, value in frame.values]
    for section in sections:
        rows = [f"  {name}: {value}{f'  ({origin})' if origin else ''}" for name, value, origin in section.rows]
        lines += ["", section.title, *map(printable, rows)] if rows else []
    return "\n".join(lines) + "\n"


def _frame_lines(frame: Frame) -> Iterable[str]:
    yield f"  {frame.source}{f' in {frame.function}' if frame.function else ''}"
    start, end = frame.mark
    for number, line in frame.lines:
        yield f"  {'>' if number == frame.line else ' '} {number:4} | {printable(line)}"
        if number == frame.line and end and "\t" not in line:
            yield f"         | {' ' * start}{'^' * (end - start)}"


def report_json(report: Report, sections: Iterable[Section] = ()) -> dict[str, Any]:
    """Return the report as a value for JSON, with what surrounded the error."""
    return {
        "status": 500,
        "error": report.faults[0].kind,
        "detail": report.faults[0].message,
        "causes": [
            {
                "error": fault.kind,
                "relation": fault.relation,
                "detail": fault.message,
                "hint": fault.hint,
                "notes": list(fault.notes),
                "frames": [
                    {"source": frame.source, "function": frame.function, "values": dict(frame.values)}
                    for frame in fault.own_frames
                ],
            }
            for fault in report.faults
        ],
        "context": {
            section.title.lower(): [
                {"name": name, "value": value, "source": source} for name, value, source in section.rows
            ]
            for section in sections
            if section.rows
        },
    }


def report_response(error: BaseException, request: Request) -> Response:
    """Return the 500 for ``error`` in the form that the client prefers: a text unless it asks for HTML or JSON."""
    headers = {"Cache-Control": "no-store"}
    masker = masker_for(request)
    report = Report.from_exception(error, masker)
    sections = [*request_sections(request, masker), settings_section(request, masker)]
    if prefers_json(request):
        return JSONResponse(report_json(report, sections), 500, headers=headers)
    if request.prefers("text/plain", "text/html") == "text/html":
        where = f"{request.method} {masker.text(str(request.environ.get('PATH_INFO', '')))}"
        page = report_page(report, where, sections, partial(_editor_link, request))
        return DebugPage(page, 500, headers=headers)
    return Response(_whole_text(report, sections), 500, headers=headers, content_type="text/plain; charset=utf-8")


class DebugPage(Response):
    """A page for developers, which a project's own Content-Security-Policy would leave without style and script."""

    def prepare(self, request: Request) -> None:
        """Take out what middleware has put in."""
        del request
        for name in ("Content-Security-Policy", "Content-Security-Policy-Report-Only"):
            self.headers.pop(name, None)


def _editor_link(request: Request, frame: Frame) -> str:
    application = vars(request).get("_app")
    editor_url = getattr(application, "editor_url", None)
    return str(editor_url(frame.file, frame.line)) if editor_url is not None and frame.is_own else ""


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
