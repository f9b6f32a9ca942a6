"""Live refresh as a client of the worker sees it: which answers get the script, and what the event stream tells."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from reload_helpers import PATIENCE, PROJECT, CommandSite, Site, new_app, serving, view, write_tree

from scaffold.reload.policy import Permission, judge
from scaffold.reload.refresh import EVENTS_PATH, SCRIPT_PATH, Refresh
from scaffold.server import AccessRecord, Address, Server, bind

PAGE = b"<!doctype html><html><head></head><body><h1>Page</h1></body></html>"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest": "document"}
SCRIPT = re.compile(rb'<script src="(/_scaffold/refresh\.js\?[0-9a-f]+)" data-generation="(\d+)" data-changes="(\d+)"')
HTML = "text/html; charset=utf-8"

ERROR_VIEW = "def index(request):\n    return no_such_name\n"
PAGE_VIEW = f"def index(request):\n    return {PAGE.decode()!r}\n"


# --- one worker's worth of it, on a server of the test's own ----------------------------------------------------------


class Running:
    """A server with ``app`` behind live refresh. ``records`` are the lines of its access log."""

    def __init__(self, app: Any, listener: socket.socket) -> None:
        self.refresh = Refresh(app)
        self.records: list[AccessRecord] = []
        self.server = Server(self.refresh, listener, access_log=self.records.append)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def get(self, path: str = "/", *, method: str = "GET", **fields: str | None) -> requests.Response:
        """Ask as a browser does that shows the answer as a page; a field that is None is left out."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        return requests.request(method, self.url + path, headers={**BROWSER, **named}, timeout=PATIENCE)


@contextmanager
def running(app: Any) -> Iterator[Running]:
    with bind(Address("127.0.0.1", 0)) as listener:
        site = Running(app, listener)
        thread = threading.Thread(target=site.server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.server.stop()
            thread.join(PATIENCE)
            site.server.server_close()


def answers(
    body: Any = PAGE, status: str = "200 OK", *, length: bool = True, kind: str = HTML, **fields: str
) -> Callable[[dict[str, Any], Any], Any]:
    """An application that gives one answer, with a length when ``body`` is known as a whole."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        headers = [("Content-Type", kind)]
        headers += [(name.replace("_", "-"), value) for name, value in fields.items()]
        if length and isinstance(body, bytes):
            headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [body] if isinstance(body, bytes) else body()

    return app


def stream(*blocks: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(blocks)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Internal Server Error"])
def test_a_page_gets_the_script_and_the_length_that_it_has_now(status: str) -> None:
    with running(answers(status=status, ETag='"1"', Last_Modified="Tue, 24 Nov 2026 10:00:00 GMT")) as site:
        answer = site.get()
    assert answer.status_code == int(status[:3])
    match = SCRIPT.search(answer.content)
    assert match is not None
    assert answer.content == PAGE.replace(b"</body>", match[0] + b" async></script></body>")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert not {"ETag", "Last-Modified"} & answer.headers.keys()


WITH_SCRIPT = {
    "a page by an older browser": (answers(), {"Sec-Fetch-Dest": None}),
    "a page in a frame": (answers(), {"Sec-Fetch-Dest": "iframe"}),
    "a page without a length": (answers(length=False), {}),
    "a page in upper case": (answers(b"<HTML><BODY>x</BODY></HTML>"), {}),
    "a page that mentions the end in a script": (answers(b"<body><script>'</body>'</script></body>"), {}),
    "a stream that ends with it": (answers(stream(b"<html><body>", b"</body></html>\n")), {}),
    "a page with a file's name": (answers(Content_Disposition="inline; filename=page.html"), {}),
    "a page whose policy trusts its own site": (answers(Content_Security_Policy="default-src 'self'"), {}),
}
WITHOUT = {
    "a request that is no browser's": (answers(), {"Sec-Fetch-Dest": None, "Accept": "*/*"}),
    "fetch": (answers(), {"Sec-Fetch-Dest": "empty"}),
    "htmx": (answers(), {"HX-Request": "true"}),
    "XMLHttpRequest": (answers(), {"X-Requested-With": "XMLHttpRequest"}),
    "a fragment": (answers(b"<li>One</li>"), {}),
    "a text": (answers(kind="text/plain"), {}),
    "JSON": (answers(b'{"text": "</body>"}', kind="application/json"), {}),
    "a download": (answers(Content_Disposition='attachment; filename="page.html"'), {}),
    "a compressed page": (answers(Content_Encoding="x-unknown"), {}),
    "a part": (answers(status="206 Partial Content", Content_Range="bytes 0-66/900"), {}),
    "a script's text in an unfinished page": (answers(b"<body><script>x = '</body>'</script>"), {}),
    "a comment": (answers(b"<body><!-- </body> -->"), {}),
    "a stream that goes on behind it": (answers(stream(b"<script>'</body>'", b"</script>")), {}),
    "a policy that refuses it": (answers(Content_Security_Policy="default-src 'none'"), {}),
    "a policy in the page": (
        answers(b'<meta http-equiv="Content-Security-Policy" content="script-src &#39;none&#39;"><body></body>'),
        {},
    ),
    "a client behind a proxy": (answers(), {"X-Forwarded-For": "192.0.2.1"}),
    "a proxy's own word": (answers(), {"Forwarded": "for=192.0.2.1"}),
    "a name that leads here": (answers(), {"Host": "example.com"}),
}


@pytest.mark.parametrize(("app", "fields"), WITH_SCRIPT.values(), ids=WITH_SCRIPT)
def test_the_script_is_before_the_end_of_a_page(app: Any, fields: dict[str, str | None]) -> None:
    with running(app) as site:
        body = site.get(**fields).content
    assert len(SCRIPT.findall(body)) == 1
    assert re.search(rb"</script></body>(</html>)?\s*\Z", body, re.IGNORECASE)


@pytest.mark.parametrize(("app", "fields"), WITHOUT.values(), ids=WITHOUT)
def test_nothing_is_added_to(app: Any, fields: dict[str, str | None]) -> None:
    with running(app) as site:
        assert b"_scaffold" not in site.get(**fields).content


def test_a_page_is_sent_in_full_to_a_browser_that_has_it_already() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        is_known = "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ
        start_response("304 Not Modified" if is_known else "200 OK", [("Content-Type", HTML)])
        return [] if is_known else [PAGE]

    known = {"If-None-Match": '"1"', "If-Modified-Since": "Tue, 24 Nov 2026 10:00:00 GMT"}
    with running(app) as site:
        assert SCRIPT.search(site.get(**known).content)
        assert site.get(**known, Sec_Fetch_Dest="empty").status_code == 304


def test_head_declares_no_length_and_an_answer_to_a_form_says_so() -> None:
    with running(answers()) as site:
        assert "Content-Length" not in site.get(method="HEAD").headers
        assert b"data-answers-form" in site.get(method="POST").content
        assert b"data-answers-form" not in site.get().content


def test_a_nonce_is_on_the_script_and_a_forbidden_worker_is_not_asked_for() -> None:
    with running(answers(Content_Security_Policy="script-src 'nonce-abc='; worker-src 'none'")) as site:
        body = site.get().content
    assert b' nonce="abc="' in body
    assert b" data-without-worker" in body


def test_applications_that_use_the_odd_corners_of_wsgi_are_served_as_before() -> None:
    closed = threading.Event()

    class Late:
        """Calls ``start_response`` when the first block is asked for."""

        def __init__(self, environ: Any, start_response: Any) -> None:
            self._start_response = start_response

        def __iter__(self) -> Iterator[bytes]:
            self._start_response("200 OK", [("Content-Type", HTML)])
            yield PAGE

        def close(self) -> None:
            closed.set()

    def writes(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", HTML)])(b"<body>")
        return [b"</body>"]

    def changes_its_mind(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", HTML)])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 Sorry", [("Content-Type", HTML)], (ValueError, error, None))
        return [PAGE]

    with running(Late) as site:
        assert SCRIPT.search(site.get().content)
        assert closed.wait(PATIENCE)
    with running(writes) as site:
        assert site.get().content == b"<body></body>"
    with running(changes_its_mind) as site:
        answer = site.get()
        assert answer.status_code == 500
        assert SCRIPT.search(answer.content)


def test_the_endpoints_answer_this_machine_and_leave_no_line_in_the_log() -> None:
    with running(answers(b"the application's own")) as site:
        match = SCRIPT.search(running_page(site))
        assert match is not None
        script = site.get(match[1].decode(), Sec_Fetch_Dest="script", Sec_Fetch_Site="same-origin")
        assert script.headers["Content-Type"].startswith("text/javascript")
        assert b"SharedWorker" in script.content
        for path in (SCRIPT_PATH, EVENTS_PATH):
            for stranger in ({"X-Forwarded-For": "192.0.2.1"}, {"Sec-Fetch-Site": "cross-site"}):
                assert site.get(path, **stranger).content == b"the application's own"
        with listening(site.url) as events:
            events.next()
    assert [record.path for record in site.records].count("/") == 1
    assert len(site.records) == 5


def running_page(site: Running) -> bytes:
    """A page of the site, whatever its application answers."""
    own, site.refresh._app = site.refresh._app, answers()
    try:
        return site.get().content
    finally:
        site.refresh._app = own


SELF = "http://localhost:8000"
ALL = Permission()
POLICIES = {
    "": ALL,
    "img-src 'none'": ALL,
    "default-src 'self'": ALL,
    "script-src *": Permission(),
    "script-src http:": Permission(),
    "script-src http://localhost:8000": ALL,
    "script-src localhost:*": ALL,
    "script-src https://cdn.example": Permission(script=False, worker=False),
    "default-src 'none'": Permission(script=False, worker=False, connection=False),
    "script-src 'nonce-r4nd0m'": Permission(worker=False, nonce="r4nd0m"),
    "script-src 'nonce-r4nd0m' 'strict-dynamic' 'self'": Permission(worker=False, nonce="r4nd0m"),
    "script-src 'strict-dynamic' 'self'": Permission(script=False, worker=False),
    "script-src 'self'; worker-src 'none'": Permission(worker=False),
    "script-src-elem 'none'; script-src 'self'": Permission(script=False),
    "SCRIPT-SRC 'SELF'; script-src 'none'": ALL,
    "connect-src 'none'": Permission(connection=False),
    "require-trusted-types-for 'script'": Permission(worker=False),
    "sandbox allow-scripts": Permission(script=False),
    "sandbox allow-scripts allow-same-origin": ALL,
    "default-src 'self', script-src 'none'": Permission(script=False, worker=False),
    "script-src 'nonce-a', script-src 'nonce-b'": Permission(script=False, worker=False, nonce="a"),
}


@pytest.mark.parametrize(("policy", "permission"), POLICIES.items())
def test_a_policy_is_judged_as_browsers_do(policy: str, permission: Permission) -> None:
    assert judge([policy], SELF) == permission


# --- a project behind the whole reloader ------------------------------------------------------------------------------


class Events:
    """An open event stream."""

    def __init__(self, response: requests.Response) -> None:
        self._lines = response.iter_lines()

    def next(self) -> dict[str, Any]:
        """Return the next event, or nothing at the end of the stream."""
        for line in self._lines:
            if line.startswith(b"data: "):
                event: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return event
        return {}


@contextmanager
def listening(url: str) -> Iterator[Events]:
    """Listen as the page's worker does. Between connecting and the answer lies the wait for a worker that serves."""
    with requests.get(url.rstrip("/") + EVENTS_PATH, stream=True, timeout=PATIENCE) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        yield Events(response)


def page_state(site: Site) -> tuple[int, int] | None:
    match = SCRIPT.search(requests.get(site.url, headers=BROWSER, timeout=PATIENCE).content)
    return (int(match[2]), int(match[3])) if match else None


@pytest.fixture
def pages(project: Path) -> Path:
    """A project whose home page is a whole document."""
    files = {
        "apps/home/views.py": PAGE_VIEW,
        "apps/home/templates/home.html": "<p>first</p>",
        "apps/home/static/home/home.css": "p { color: red }",
        "static/site.js": "",
        ".gitignore": "*.min.css\n",
    }
    write_tree(project, files)
    return project


def test_a_new_worker_is_a_new_generation_and_ends_the_streams_of_the_old(pages: Path, mode: tuple[str, ...]) -> None:
    with serving(pages, *mode) as site:
        site.wait_for_watcher()
        state = page_state(site)
        assert state is not None
        with listening(site.url) as events:
            assert events.next() == {"generation": state[0], "changes": state[1]}
            site.save("apps/home/views.py", PAGE_VIEW.replace("Page", "Edited"))
            assert events.next() == {}
        with listening(site.url) as events:
            first = events.next()
        assert first["generation"] > state[0]
        assert page_state(site) == (first["generation"], 0)
        assert "Edited" in site.text()
        assert site.end(signal.SIGTERM) == 0
        assert not [line for line in site.lines if "_scaffold" in line]


def test_changed_files_are_told_to_the_pages_and_counted(pages: Path, mode: tuple[str, ...]) -> None:
    with serving(pages, *mode) as site:
        site.wait_for_watcher()
        with listening(site.url) as events, listening(site.url) as others:
            generation = events.next()["generation"]
            others.next()
            news = []
            for name in ("apps/home/templates/home.html", "apps/home/static/home/home.css", "static/site.js"):
                site.save(name, "changed")
                news.append(events.next())
                assert others.next() == news[-1]
        assert news == [
            {"generation": generation, "changes": 1},
            {"generation": generation, "changes": 2, "styles": ["home/home.css"]},
            {"generation": generation, "changes": 3},
        ]
        assert page_state(site) == (generation, 3)
        assert site.count("reloaded") == 0


def test_the_error_pages_of_an_app_and_of_a_whole_project_have_the_script(pages: Path) -> None:
    with serving(pages, "--reload", "auto") as site:
        site.wait_for_watcher()
        good = page_state(site)
        site.save("apps/home/views.py", ERROR_VIEW)
        view_error = page_state(site)
        site.save("config/settings.py", "import no_such_module")
        settings_error = page_state(site)
        assert good is not None
        assert view_error is not None
        assert settings_error is not None
        assert good < view_error < settings_error
        with listening(site.url) as events:
            assert events.next()["generation"] == settings_error[0]


def test_streams_hold_no_thread(pages: Path) -> None:
    settings = (pages / "config/settings.py").read_text()
    write_tree(pages, {"config/settings.py": f'{settings}\nSERVER_LIMITS = {{"threads": 1}}\n'})
    with serving(pages) as site, listening(site.url) as one, listening(site.url) as two:
        assert one.next() == two.next()
        assert site.text() == PAGE.decode()


OFF = {
    "DEBUG is off": ("off", ("--reload", "on")),
    "nothing is reloaded": ("on", ("--reload", "off")),
    "there is no supervisor": ("on", ("--reload", "never")),
    "it is turned off": ("on", ("--no-refresh",)),
}


@pytest.mark.parametrize(("debug", "options"), OFF.values(), ids=OFF)
def test_there_is_nothing_of_it_where(pages: Path, debug: str, options: tuple[str, ...]) -> None:
    if debug == "off":
        settings = (pages / "config/settings.py").read_text()
        write_tree(pages, {"config/settings.py": settings.replace("DEBUG = True", "DEBUG = False")})
    with serving(pages, *options) as site:
        assert page_state(site) is None
        assert site.get(SCRIPT_PATH[1:]).status_code == 404
        assert site.get(EVENTS_PATH[1:]).status_code == 404


def test_the_command_has_it_also_for_an_application_that_is_not_ours_and_turns_it_off(tmp_path: Path) -> None:
    head = "start_response('200 OK', [('Content-Type', 'text/html')])"
    source = f"def app(environ, start_response):\n    {head}\n    return [{PAGE!r}]\n"
    write_tree(
        tmp_path / "site", {**PROJECT, **new_app("other", "x"), "hello.py": source, "apps/home/views.py": view("x")}
    )
    with CommandSite(tmp_path / "site", "--app", "hello:app", "--reload") as site:
        assert page_state(site) is not None
    with CommandSite(tmp_path / "site", "--app", "hello:app", "--reload", "--no-refresh") as site:
        assert page_state(site) is None
