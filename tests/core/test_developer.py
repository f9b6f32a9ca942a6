"""The developer page: what it shows, to whom, and that nobody else pays for it."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Application, Request, Response, StreamingResponse, render
from scaffold.application.observing import make_observer
from scaffold.checks import Finding
from scaffold.checks.board import Board
from scaffold.developer import DeveloperPage, Record, Recorder, Span
from scaffold.developer.recorder import MOST_REQUESTS, MOST_SPANS
from scaffold.developer.sections import tree_of
from scaffold.developer.waterfall import SCALE, waterfall
from scaffold.exceptions import ScaffoldError
from scaffold.middleware import Handler
from scaffold.templating import Templates

from .helpers import Answer, ask, make_environ, send

SECRET = "a secret key that nobody may see"
SECTIONS = ("", "routes/", "try/", "requests/", "settings/", "reloads/", "checks/")


def outer(handler: Handler) -> Handler:
    def handle(request: Request) -> Response:
        return handler(request)

    return handle


def inner(handler: Handler) -> Handler:
    def handle(request: Request) -> Response:
        return handler(request)

    return handle


def make_site(root: Path, *, debug: bool = True, **values: Any) -> DeveloperPage:
    """An application with a few views, with the developer page around it, as a development server does."""
    recorder = Recorder()
    token = make_observer.set(lambda: recorder)
    try:
        app = Application(
            {"DEBUG": debug, "SECRET_KEY": SECRET, "MIDDLEWARE": [outer, inner], "ORDER_TOKEN": "t0ps3cret", **values},
            root=root,
            templates={"page.html": "<p>{{ title }}</p>", "long.html": "{% for i in range(3) %}{{ i }}{% endfor %}"},
        )
    finally:
        make_observer.reset(token)
    add_views(app)
    return DeveloperPage(app, root=root, recorder=recorder)


def add_views(app: Application) -> None:
    @app.route("/")
    def home(request: Request) -> Response:
        return render(request, "page.html", {"title": "Home"})

    @app.route("/items/<int:number>/", methods=["GET", "POST"])
    def item(request: Request, number: int) -> str:
        return str(number)

    @app.route("/items/<slug:word>/")
    def named(request: Request, word: str) -> str:
        raise ValueError(word)

    @app.route("/reset/<token>/")
    def reset(request: Request, token: str) -> str:
        return "reset"

    @app.route("/async/")
    async def asynchronous(request: Request) -> Response:
        return render(request, "page.html", {"title": "Home"})

    @app.route("/stream/")
    def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(app.stream("long.html", {}, request))


@pytest.fixture
def site(tmp_path: Path) -> DeveloperPage:
    return make_site(tmp_path)


def data(site: DeveloperPage, path: str = "", **environ: Any) -> Any:
    """What a section says as JSON."""
    answer = ask(site, f"/_scaffold/{path}", HTTP_ACCEPT="application/json", **environ)
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


def page(site: DeveloperPage, path: str = "", **environ: Any) -> Answer:
    return ask(site, f"/_scaffold/{path}", HTTP_ACCEPT="text/html", **environ)


# --- who gets to it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "10.0.0.1"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "rebound.example"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"REQUEST_METHOD": "POST"},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", [*SECTIONS, "page.js"])
def test_for_all_others_it_is_an_address_like_any_that_there_is_not(
    site: DeveloperPage, environ: dict[str, str], name: str
) -> None:
    answer = ask(site, f"/_scaffold/{name}", **environ)
    other = ask(site.app, f"/_scaffold/{name}", **environ)
    assert (answer.status, answer.text) == (404, other.text)
    assert answer.headers.multi_items() == other.headers.multi_items()


@pytest.mark.parametrize("name", SECTIONS)
def test_this_machine_gets_each_section_under_a_strict_policy(site: DeveloperPage, name: str) -> None:
    answer = page(site, name)
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert re.findall(r"<style|<script(?! src=)|\sstyle=|\son[a-z]+=|javascript:", answer.text) == []


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_has_a_form_for_scripts(site: DeveloperPage, name: str) -> None:
    assert data(site, name) == json.loads(ask(site, f"/_scaffold/{name}?format=json").body)


@pytest.mark.parametrize(("name", "kind"), [("page.css", "text/css"), ("page.js", "text/javascript")])
def test_style_and_script_are_resources_of_their_own(site: DeveloperPage, name: str, kind: str) -> None:
    answer = page(site, name)
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert re.search(rf"{name}\?[0-9a-f]+\"", page(site).text)


@pytest.mark.parametrize(
    "name", ["nothing/", "routes/1/", "requests/99/", "requests/x/", "../", "pages.py", "layout.html"]
)
def test_what_is_no_page_is_answered_by_the_site(site: DeveloperPage, name: str) -> None:
    assert page(site, name).status == 404


def test_head_is_answered_like_get_without_a_body(site: DeveloperPage) -> None:
    answer = ask(site, "/_scaffold/", "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_an_address_that_only_begins_alike_is_the_sites_own(site: DeveloperPage) -> None:
    assert "is no page" in ask(site, "/_scaffolding/").text.replace("There is no page", "is no page")
    assert data(site, "requests/")["requests"][0]["path"] == "/_scaffolding/"


def test_a_missing_slash_is_added_and_the_query_kept(site: DeveloperPage) -> None:
    answer = ask(site, "/_scaffold/routes?q=a%20b", SCRIPT_NAME="/mounted")
    assert (answer.status, answer.headers["Location"]) == (308, "/mounted/_scaffold/routes/?q=a%20b")
    assert ask(site, "/_scaffold").headers["Location"] == "/_scaffold/"


def test_all_links_begin_where_the_application_is_mounted(site: DeveloperPage) -> None:
    text = page(site, SCRIPT_NAME="/a b").text
    links = re.findall(r'(?:href|src|action)="([^"#][^"]*)"', text)
    assert [link for link in links if not link.startswith(("/a%20b/", "vscode:"))] == []


@functools.cache
def site_of_no_folder() -> DeveloperPage:
    return make_site(Path("nowhere"))


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(max_codepoint=255), max_size=40), st.binary(max_size=40))
def test_whatever_is_asked_has_an_answer(path: str, query: bytes) -> None:
    site = site_of_no_folder()
    for section in ("", "try/", "requests/", "routes/"):
        environ = make_environ(f"/_scaffold/{section}", QUERY_STRING=f"path={query.decode('latin-1')}&q={path}")
        assert send(site, environ).status in {200, 400}
    assert send(site, make_environ("/", PATH_INFO=f"/_scaffold/{path}")).status in {200, 308, 400, 404}


# --- routes ---------------------------------------------------------------------------------------------------------


def test_the_table_of_routes_links_each_to_its_line(site: DeveloperPage) -> None:
    rows = {row["path"]: row for row in data(site, "routes/")["routes"]}
    item = rows["/items/<int:number>/"]
    assert item["methods"] == ["GET", "POST"]
    assert item["name"] == "item"
    assert re.fullmatch(rf"vscode://file{re.escape(__file__)}:\d+", item["editor"])
    assert f'href="{item["editor"]}"' in page(site, "routes/").text


def test_a_search_finds_rows_with_all_words_without_a_script(site: DeveloperPage) -> None:
    found = data(site, "routes/?q=ITEMS+slug")
    assert [row["path"] for row in found["routes"]] == ["/items/<slug:word>/"]
    assert found["count"] == len(data(site, "routes/")["routes"])
    text = page(site, "routes/?q=%22%3E%3Cscript%3E").text
    assert "<script>" not in text
    assert "0 of 7 routes" in text


def test_the_tree_joins_what_does_not_fork() -> None:
    paths = ["/", "/blog/", "/blog/<int:id>/", "/shop/orders/<int:id>/bill.pdf", "/blog/<int:id>/edit/"]
    tree = tree_of([{"path": path} for path in paths])
    blog, shop = tree["branches"]
    assert (tree["text"], len(tree["routes"])) == ("/", 1)
    assert (blog["text"], blog["branches"][0]["text"]) == ("blog/", "<int:id>/")
    assert blog["branches"][0]["branches"][0]["text"] == "edit/"
    assert (shop["text"], shop["branches"]) == ("shop/orders/<int:id>/bill.pdf", [])


# --- trying a URL ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/items/7/", "items/7/", "http://localhost:8000/items/7/?page=2#end", "/items/%37/"]
)
def test_a_url_that_matches_names_the_route_and_its_parameters(site: DeveloperPage, address: str) -> None:
    verdict = data(site, "try/", QUERY_STRING=f"path={address.replace('%', '%25').replace('#', '%23')}")["verdict"]
    assert (verdict["outcome"], verdict["route"]["name"]) == ("match", "item")
    assert verdict["parameters"] == [{"name": "number", "value": "7", "type": "int"}]
    assert [step["reason"] for step in verdict["steps"]] == ["", ""]
    assert verdict["others"][0]["path"] == "/items/<slug:word>/"
    assert "narrower" in verdict["others"][0]["reason"]


def test_a_url_that_matches_nothing_names_the_nearest_routes_and_what_is_against_them(site: DeveloperPage) -> None:
    verdict = data(site, "try/?path=/itmes/7/")["verdict"]
    assert verdict["outcome"] == "miss"
    assert verdict["others"][0]["path"] == "/items/<int:number>/"
    assert verdict["others"][0]["reason"] == '"itmes" is not "items"'
    assert "&#34;itmes&#34; is not" in page(site, "try/?path=/itmes/7/").text


@pytest.mark.parametrize(
    ("query", "outcome", "sentence"),
    [
        ("path=/items/7/&method=delete", "method", "405: the address is known, but only for GET, HEAD, POST."),
        ("path=/items/7", "redirect", "308: redirected to /items/7/, which differs in the final slash."),
    ],
)
def test_other_outcomes_are_told(site: DeveloperPage, query: str, outcome: str, sentence: str) -> None:
    verdict = data(site, f"try/?{query}")["verdict"]
    assert (verdict["outcome"], verdict["sentence"]) == (outcome, sentence)
    assert sentence in page(site, f"try/?{query}").text


@pytest.mark.parametrize("address", ["/%ff", "http://[/"])
def test_what_is_no_address_is_said_to_be_none(site: DeveloperPage, address: str) -> None:
    result = data(site, "try/", QUERY_STRING=f"path={address.replace('%', '%25')}")
    assert result["verdict"] is None
    assert "no address" in result["problem"]


def test_trying_a_url_calls_no_view(site: DeveloperPage) -> None:
    assert data(site, "try/?path=/items/seven/")["verdict"]["route"]["name"] == "named"  # whose view raises
    assert data(site, "requests/")["requests"] == []


def test_a_host_counts_where_routes_ask_for_one(project: Callable[..., Path]) -> None:
    urls = (
        "from scaffold import host, path\n"
        "def one(request): return ''\n"
        "def two(request): return ''\n"
        "urlpatterns = [path('posts/', one, name='one'), host('api.example.org', [path('posts/', two, name='two')])]\n"
    )
    root = project({"apps/blog/urls.py": "prefix = ''\n" + urls})
    site = DeveloperPage(Application.from_project(root), root=root)
    outcomes = {
        query: data(site, f"try/?path={query}")["verdict"]["route"]["name"]
        for query in ("/posts/", "/posts/&host=api.example.org", "//api.example.org/posts/")
    }
    assert [*outcomes.values()] == ["blog:one", "blog:two", "blog:two"]
    assert "//api.example.org/posts/" in [row["path"] for row in data(site, "routes/")["routes"]]


# --- settings and secrets -------------------------------------------------------------------------------------------


def test_settings_say_where_they_come_from(site: DeveloperPage) -> None:
    rows = {row["name"]: row for row in data(site, "settings/")["settings"]}
    assert (rows["DEBUG"]["value"], rows["DEBUG"]["source"]) == ("True", "code")
    assert rows["STATIC_URL"]["source"] == "default"
    assert rows["SECRET_KEY"]["value"] == rows["ORDER_TOKEN"]["value"] == "********"


def test_no_page_shows_a_secret(site: DeveloperPage) -> None:
    ask(site, f"/reset/s3cr3t99/?token=hidden1&page=2&next={SECRET.replace(' ', '+')}", HTTP_AUTHORIZATION="Bearer h4x",
        HTTP_COOKIE="session=c00kie")  # fmt: skip
    ask(site, "/t0ps3cret/")
    texts = [page(site, name).text + json.dumps(data(site, name)) for name in (*SECTIONS, "requests/1/")]
    for secret in ("s3cr3t99", "hidden1", "h4x", "c00kie", SECRET, SECRET.replace(" ", "+"), "t0ps3cret"):
        assert [text for text in texts if secret in text] == []
    record = data(site, "requests/1/")["request"]
    assert record["path"] == "/reset/********/"
    assert record["query"].startswith("token=********&page=2")


# --- requests -------------------------------------------------------------------------------------------------------


def test_a_request_is_shown_with_the_time_of_its_parts(site: DeveloperPage) -> None:
    ask(site, "/")
    (row,) = data(site, "requests/")["requests"]
    assert (row["method"], row["path"], row["status"], row["route"]) == ("GET", "/", 200, "home")
    names = [(part["kind"], part["name"].rpartition(".")[2], part["depth"]) for part in row["parts"]]
    assert names == [
        ("middleware", "outer", 0),
        ("middleware", "inner", 1),
        ("view", "home", 2),
        ("template", "html", 3),
    ]
    for part, within in zip(row["parts"][1:], row["parts"], strict=False):
        assert part["milliseconds"] <= within["milliseconds"] <= row["milliseconds"]
        assert 0 <= part["x"] <= part["x"] + part["width"] <= SCALE + 3
    text = page(site, "requests/1/").text
    assert text.count('class="kind middleware"') == 2
    assert "page.html" in text
    assert "tests/core/test_developer.py" in text.replace(str(Path(__file__).parents[2]) + "/", "")


def test_what_an_async_view_renders_is_a_part_of_it(site: DeveloperPage) -> None:
    ask(site, "/async/")
    kinds = [(part["kind"], part["depth"]) for part in data(site, "requests/")["requests"][0]["parts"]]
    assert kinds[-2:] == [("view", 2), ("template", 3)]


def test_own_time_is_that_of_no_part_within() -> None:
    record = Record(1, "GET", "/", "")
    record.spans = [Span("template", "t", 40, 50), Span("view", "v", 20, 80), Span("middleware", "m", 10, 90)]
    record.end = 100
    parts = waterfall(record)
    assert [(part["kind"], part["depth"]) for part in parts] == [("middleware", 0), ("view", 1), ("template", 2)]
    assert [(part["x"], part["width"]) for part in parts] == [(100, 800), (200, 600), (400, 100)]
    record.spans = [Span(kind, name, begin * 10**6, end * 10**6) for kind, name, begin, end in record.spans]
    record.end = 100 * 10**6
    assert [part["own_ms"] for part in waterfall(record)] == [20.0, 50.0, 10.0]


def test_a_view_that_fails_is_recorded_with_its_status(site: DeveloperPage) -> None:
    ask(site, "/items/word/")
    (row,) = data(site, "requests/")["requests"]
    assert (row["status"], row["route"], row["is_running"]) == (500, "named", False)
    assert "view" in {part["kind"] for part in row["parts"]}


def test_a_stream_is_shown_while_it_goes_on_and_with_the_time_to_its_end(site: DeveloperPage) -> None:
    body = site(make_environ("/stream/"), lambda *head: lambda block: None)
    (row,) = data(site, "requests/")["requests"]
    assert (row["status"], row["is_running"], row["is_streamed"]) == (200, True, True)
    assert "streaming" in page(site, "requests/").text
    assert b"".join(body) == b"012"
    body.close()  # type: ignore[attr-defined]
    (row,) = data(site, "requests/")["requests"]
    assert not row["is_running"]
    assert row["head_ms"] < row["milliseconds"]
    kinds = [part["kind"] for part in row["parts"]]
    assert kinds[-1] == "sending"
    assert "template" in kinds


def test_the_last_two_hundred_requests_are_kept(site: DeveloperPage) -> None:
    for number in range(MOST_REQUESTS + 5):
        ask(site, f"/items/{number}/")
    rows = data(site, "requests/")["requests"]
    assert len(rows) == MOST_REQUESTS
    assert (rows[0]["path"], rows[-1]["path"]) == ("/items/204/", "/items/5/")
    assert page(site, "requests/1/").status == 404
    assert len(data(site, "requests/?last=8")["requests"]) == 8


def test_what_a_client_sends_takes_a_bounded_place(site: DeveloperPage) -> None:
    ask(site, "/" + "x" * 20_000, QUERY_STRING="a=" + "y" * 20_000)
    with site.recorder.template("outside of a request"):
        pass
    record = site.recorder.recent()[0]
    assert len(record.path) + len(record.query) < 5000
    for number in range(MOST_SPANS + 50):
        record.add("template", str(number), 0)
    assert len(record.spans) == MOST_SPANS


def test_many_threads_may_ask_at_once(site: DeveloperPage) -> None:
    def ask_often() -> None:
        for number in range(60):
            send(site, make_environ("/"))
            if number % 12 == 0:
                send(site, make_environ("/_scaffold/requests/", QUERY_STRING="format=json"))

    threads = [threading.Thread(target=ask_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    rows = data(site, "requests/")["requests"]
    assert len({row["number"] for row in rows}) == MOST_REQUESTS
    assert {row["status"] for row in rows} == {200}
    assert {len(row["parts"]) for row in rows} == {4}


def test_a_path_is_shown_escaped(site: DeveloperPage) -> None:
    ask(site, "/<script>alert(1)</script>/\x1b[31m")
    text = page(site, "requests/").text
    assert "<script>alert" not in text
    assert "\x1b" not in text


def test_the_pages_themselves_are_no_requests_and_not_in_the_log(site: DeveloperPage) -> None:
    environ = make_environ("/_scaffold/")
    send(site, environ)
    assert environ["scaffold.quiet"]
    assert site.recorder.recent() == []


def test_a_page_can_link_to_it_where_it_is(site: DeveloperPage) -> None:
    environ = make_environ("/", SCRIPT_NAME="/a b")
    send(site, environ)
    assert environ["scaffold.developer_page"] == "/a%20b/_scaffold/"
    environ = make_environ("/", REMOTE_ADDR="10.0.0.1")
    send(site, environ)
    assert "scaffold.developer_page" not in environ


# --- what was before ------------------------------------------------------------------------------------------------


def test_the_next_process_shows_the_requests_of_the_one_before(tmp_path: Path) -> None:
    first, second = make_site(tmp_path), make_site(tmp_path)
    for number in range(3):
        ask(first, f"/items/{number}/")
    ask(second, "/items/3/")
    second.take_history({"reloads": [], "records": first.records()})
    ask(second, "/items/4/")
    rows = data(second, "requests/")["requests"]
    assert [row["path"] for row in rows] == [f"/items/{number}/" for number in (4, 3, 2, 1, 0)]
    assert len({row["number"] for row in rows}) == 5
    assert [part["kind"] for part in rows[-1]["parts"]] == ["middleware", "middleware", "view"]


def test_a_process_that_nobody_asked_anything_hands_on_what_it_was_given(tmp_path: Path) -> None:
    first, second, third = (make_site(tmp_path) for _ in range(3))
    ask(first, "/items/1/")
    second.take_history({"reloads": [], "records": first.records()})
    third.take_history({"reloads": [], "records": second.records()})
    second.take_history({"reloads": [], "records": ""})
    assert [row["path"] for row in data(third, "requests/")["requests"]] == ["/items/1/"]
    assert second.records() == first.records()


def test_reloads_are_shown_with_their_causes(site: DeveloperPage, tmp_path: Path) -> None:
    (tmp_path / "views.py").touch()
    reloads = [
        {"time": 1.0, "outcome": "started", "seconds": 0.1, "files": []},
        {"time": 2.0, "outcome": "reloaded", "seconds": 0.0221, "files": ["views.py", "gone.py"]},
    ]
    site.take_history({"reloads": reloads, "records": ""})
    latest, first = data(site, "reloads/")["reloads"]
    assert (latest["outcome"], latest["milliseconds"], first["outcome"]) == ("reloaded", 22.1, "started")
    assert latest["files"] == [
        {"source": "views.py", "editor": f"vscode://file{tmp_path}/views.py"},
        {"source": "gone.py", "editor": ""},
    ]
    assert "22.10 ms" in page(site, "reloads/").text


# --- checks ---------------------------------------------------------------------------------------------------------


def test_findings_link_to_their_lines(site: DeveloperPage, tmp_path: Path) -> None:
    (tmp_path / "urls.py").touch()
    site.board = Board()
    site.board.post(
        [Finding("error", "views.x", str(tmp_path / "urls.py:7"), "wrong <b>", "mend")], time=1.0, seconds=0
    )
    (row,) = data(site, "checks/")["findings"]
    assert (row["source"], row["editor"]) == ("urls.py:7", f"vscode://file{tmp_path}/urls.py:7")
    assert "wrong &lt;b&gt;" in page(site, "checks/").text
    assert "1 error" in page(site).text
    assert "checks/?all" in page(site, "checks/").text
    assert data(site, "checks/?all")["is_quick"] is False


def test_without_a_board_the_checks_are_run(site: DeveloperPage) -> None:
    assert isinstance(data(site, "checks/")["findings"], list)


def test_a_project_that_could_not_be_loaded_has_the_page_with_the_reason(tmp_path: Path) -> None:
    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"broken"]

    failures = [ScaffoldError("the cause", source="config/settings.py:3", hint="the way out"), KeyError("k")]
    site = DeveloperPage(broken, root=tmp_path, failures=failures, is_broken=True)
    assert ask(site, "/").status == 500
    for name in SECTIONS:
        assert "could not be loaded" in page(site, name).text
    first, second = data(site, "checks/")["findings"]
    assert (first["message"], first["source"], first["hint"]) == ("the cause", "config/settings.py:3", "the way out")
    assert second["message"] == "KeyError: 'k'"
    assert [row["is_running"] for row in data(site, "requests/")["requests"]] == [False]


def test_an_application_that_is_not_scaffolds_has_its_requests(tmp_path: Path) -> None:
    def foreign(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    site = DeveloperPage(foreign, root=tmp_path)
    ask(site, "/x")
    assert data(site, "requests/")["requests"][0]["status"] == 204
    assert "not one of Scaffold" in page(site).text


def test_an_application_that_raises_leaves_no_request_running(tmp_path: Path) -> None:
    def failing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        raise OSError

    site = DeveloperPage(failing, root=tmp_path)
    with pytest.raises(OSError):  # noqa: PT011 - the very one
        site(make_environ("/"), lambda *head: lambda block: None)
    assert site.recorder.recent()[0].end > 0


# --- who does not pay for it ----------------------------------------------------------------------------------------


def test_with_debug_off_nobody_is_asked_to_observe(tmp_path: Path) -> None:
    site = make_site(tmp_path, debug=False)
    ask(site.app, "/")
    assert site.recorder.recent() == []
    assert type(site.app.templates) is Templates  # type: ignore[attr-defined]


def test_an_application_alone_imports_nothing_of_it() -> None:
    script = (
        "import sys; from scaffold import Application; import scaffold.reload, scaffold.reload.worker\n"
        "Application({'DEBUG': True})\n"
        "print([name for name in sys.modules if name.startswith('scaffold.developer')])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == "[]\n"
