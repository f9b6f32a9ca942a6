"""The pages behind ``/_scaffold/``: each is a section as HTML, or as JSON where that is asked for."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scaffold.application import Application
from scaffold.conf import Settings
from scaffold.debug.context import masker_for, settings_section
from scaffold.debug.values import Masker, printable
from scaffold.developer import sections, trial
from scaffold.developer.gate import PREFIX, DeveloperPage
from scaffold.developer.places import Places
from scaffold.developer.recorder import MOST_REQUESTS
from scaffold.developer.waterfall import SCALE, record_row
from scaffold.exceptions import HTTPError
from scaffold.http import JSONResponse, RedirectResponse, Request, Response, prefers_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from scaffold.checks import Finding

__all__ = ["Pages"]

FOLDER = Path(__file__).with_name("assets")

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",  # live refresh
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ASSETS = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_TITLES = {
    "": "Overview",
    "routes": "Routes",
    "try": "Try a URL",
    "requests": "Requests",
    "settings": "Settings",
    "reloads": "Reloads",
    "checks": "Checks",
}
_OVERVIEW_REQUESTS = 8
# What the checks have found is good for so long; the project's code is the same as long as this process.
_FINDINGS_SECONDS = 5.0
_MOST_ADDRESS = 4000

_Data = dict[str, Any]


class Pages:
    """Answers what is asked of the developer page ``site``."""

    def __init__(self, site: DeveloperPage) -> None:
        self._site = site
        self._app = site.app if isinstance(site.app, Application) else None
        settings = self._app.settings if self._app is not None else Settings()
        self._places = Places(site.root, settings.EDITOR_URL)
        self._assets = {name: (FOLDER / name).read_bytes() for name in _ASSETS}
        self._lock = threading.Lock()
        self._found: Sequence[Finding] = ()
        self._findings_until = 0.0
        self._environment = _environment()
        self._environment.globals["assets"] = {name: f"{zlib.crc32(data):x}" for name, data in self._assets.items()}
        self._sections: Mapping[str, Callable[[Request, Masker], _Data]] = {
            "": self._overview,
            "routes": self._routes,
            "try": self._try,
            "requests": self._requests,
            "settings": self._settings,
            "reloads": self._reloads,
            "checks": self._checks,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """Answer a WSGI request (PEP 3333) for a page; return None where there is no such page."""
        name = environ.get("PATH_INFO", "").removeprefix(PREFIX)
        request = Request(environ, self._app)
        response = self._respond(request, name)
        if response is None:
            return None
        environ["scaffold.quiet"] = True
        for field, value in _HEADERS.items():
            response.headers.setdefault(field, value)
        return response(environ, start_response)

    def _respond(self, request: Request, name: str) -> Response | None:
        asset = name.removeprefix("/")
        if asset in self._assets:
            # The address changes with the content.
            headers = {"Cache-Control": "max-age=31536000, immutable"}
            return Response(self._assets[asset], headers=headers, content_type=_ASSETS[asset])
        page = name.strip("/")
        section, _, rest = page.partition("/")
        is_request = section == "requests" and rest.isascii() and rest.isdigit() and len(rest) < 20
        if section not in self._sections or (rest and not is_request):
            return None
        if name != (right := f"/{page}/" if page else "/"):
            query = f"?{request.query_string}" if request.query_string else ""
            return RedirectResponse(f"{request.script_name}{PREFIX}{right}{query}", 308)
        try:
            return self._page(request, section, int(rest)) if is_request else self._page(request, section)
        except HTTPError as error:
            return Response(f"{error.detail}\n", error.status, content_type="text/plain; charset=utf-8")

    def _page(self, request: Request, section: str, number: int | None = None) -> Response | None:
        masker = masker_for(request)
        data = self._sections[section](request, masker) if number is None else self._request(number, masker)
        if data is None:
            return None
        if request.query.get("format") == "json" or prefers_json(request):
            return JSONResponse(data)
        template = section or "overview" if number is None else "request"
        title = _TITLES[section] if number is None else f"Request {number}"
        context = {
            **data,
            "section": section,
            "title": title,
            "base": f"{request.script_name}{PREFIX}/",
            "home": f"{request.script_name}/",
            "project": self._site.root.name,
            "titles": _TITLES,
            "is_broken": self._site.is_broken,
            "is_foreign": self._app is None,
            "scale": SCALE,
        }
        return Response(self._environment.get_template(f"{template}.html").render(context))

    # --- the sections ---------------------------------------------------------------------------------------------

    def _overview(self, request: Request, masker: Masker) -> _Data:
        del request
        app = self._app
        records = [record_row(record, masker.text) for record in self._site.recorder.recent()]
        reloads = sections.reload_rows(self._site.reloads[:1], self._places)
        return {
            "apps": sections.apps_of(app, self._places) if app is not None else [],
            "routes": len(app.routes) if app is not None else 0,
            "requests": records[:_OVERVIEW_REQUESTS],
            "requests_shown": _OVERVIEW_REQUESTS,
            "request_count": len(records),
            "slowest": max(records, key=lambda row: float(row["milliseconds"]), default=None),
            "failed": sum((row["status"] or 0) >= 500 for row in records),
            "reload": reloads[0] if reloads else None,
            "findings": self._findings(masker)["findings"],
        }

    def _routes(self, request: Request, masker: Masker) -> _Data:
        del masker
        wanted = request.query.get("q", "")
        rows = sections.routes_of(self._app, self._places) if self._app is not None else []
        apps = sections.apps_of(self._app, self._places) if self._app is not None else []
        return {"routes": sections.as_matches(rows, wanted), "count": len(rows), "q": wanted, "apps": apps}

    def _try(self, request: Request, masker: Masker) -> _Data:
        del masker
        query = request.query
        address, method, host = (query.get(name, "")[:_MOST_ADDRESS] for name in ("path", "method", "host"))
        data: _Data = {"address": address, "method": method.upper() or "GET", "host": host}
        data |= {"methods": trial.METHODS, "problem": "", "verdict": None}
        if address and self._app is not None:
            try:
                question = trial.question_of(address, method, host)
                data["verdict"] = trial.verdict_of(self._app, question, self._places)
            except HTTPError as error:
                data["problem"] = error.detail
        return data

    def _requests(self, request: Request, masker: Masker) -> _Data:
        last = request.query.get("last", "")
        count = int(last) if last.isascii() and last.isdigit() and len(last) < 4 else MOST_REQUESTS
        rows = [record_row(record, masker.text) for record in self._site.recorder.recent()[:count]]
        return {"requests": rows, "most": MOST_REQUESTS}

    def _request(self, number: int, masker: Masker) -> _Data | None:
        record = self._site.recorder.find(number)
        if record is None:
            return None
        place = self._places.of(record.place)
        return {"request": {**record_row(record, masker.text), "source": place.text, "editor": place.url}}

    def _settings(self, request: Request, masker: Masker) -> _Data:
        wanted = request.query.get("q", "")
        rows = []
        for name, value, origin in settings_section(request, masker).rows:
            place = self._places.of(origin)
            rows.append({"name": name, "value": value, "source": place.text, "editor": place.url})
        return {"settings": sections.as_matches(rows, wanted), "count": len(rows), "q": wanted}

    def _reloads(self, request: Request, masker: Masker) -> _Data:
        del request, masker
        return {"reloads": sections.reload_rows(self._site.reloads, self._places)}

    def _checks(self, request: Request, masker: Masker) -> _Data:
        return self._findings(masker, is_asked_for_all="all" in request.query)

    def _findings(self, masker: Masker, *, is_asked_for_all: bool = False) -> _Data:
        """Return what was posted of the quick checks, or else what all checks find now."""
        folder = f"{self._site.root}/"
        posted = self._site.board.latest if self._site.board is not None else None
        is_quick = posted is not None and posted.time > 0 and not is_asked_for_all
        findings = posted.findings if posted is not None and is_quick else self._all_findings()
        rows = sections.findings_rows(findings, self._places, lambda text: masker.own_text(text).replace(folder, ""))
        return {
            "findings": rows,
            "is_quick": is_quick,
            "time": posted.time if posted is not None and is_quick else None,
        }

    def _all_findings(self) -> Sequence[Finding]:
        with self._lock:
            if time.monotonic() > self._findings_until:
                self._found = sections.findings_of(self._app, self._site.failures)
                self._findings_until = time.monotonic() + _FINDINGS_SECONDS
            return self._found


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tree"] = sections.tree_of
    environment.filters.update(clock=_clock, duration=_duration, printable=printable, status_class=_status_class)
    return environment


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def _duration(milliseconds: float) -> str:
    if milliseconds >= 10_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 100 else f"{milliseconds:.2f} ms"


def _status_class(status: int | None) -> str:
    return "running" if status is None else f"status-{status // 100}"
