"""Other WSGI applications below a prefix, and redirects in place of views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from core.helpers import ask, make_app, make_environ, send
from scaffold import Application, mount, path, redirect_to
from scaffold.exceptions import RoutingError, ViewError
from scaffold.routing import compile_patterns

PLAIN = [("Content-Type", "text/plain")]


def app_of(*patterns: Any, **settings: Any) -> Application:
    app = make_app(**settings)
    for pattern in patterns:
        app._add_pattern(pattern)
    return app


def telling(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    seen = [environ[key] for key in ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")]
    return [" ".join(map(repr, seen)).encode()]


PLACES = [
    ("/legacy/", "'GET' '/legacy' '/' ''"),
    ("/legacy/a/b/?q=1", "'GET' '/legacy' '/a/b/' 'q=1'"),
    ("/legacy//a", "'GET' '/legacy' '//a' ''"),
    ("/legacy/\xc3\xa9", "'GET' '/legacy' '/\xc3\xa9' ''"),
]


@pytest.mark.parametrize(("target", "seen"), PLACES)
def test_a_mounted_application_sees_its_prefix_and_the_rest(target: str, seen: str) -> None:
    assert ask(app_of(mount("legacy/", telling)), target).text == seen


def test_the_mount_of_the_project_itself_comes_first() -> None:
    app = app_of(mount("a/<slug:name>/", telling))
    assert ask(app, "/a/x/y", SCRIPT_NAME="/site").text == "'GET' '/site/a/x' '/y' ''"


def test_a_mount_at_the_root_takes_what_no_route_has() -> None:
    app = app_of(mount("", telling), path("own/", lambda request: "own"))
    assert ask(app, "/own/").text == "own"
    assert ask(app, "/other").text == "'GET' '' '/other' ''"
    assert ask(app, "/own/", "DELETE").text == "'DELETE' '' '/own/' ''"


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_reaches_it_without_a_token(method: str) -> None:
    assert send(app_of(mount("m/", telling)), make_environ("/m/", method)).text == f"'{method}' '/m' '/' ''"


def test_the_prefix_without_its_slash_is_redirected() -> None:
    answer = ask(app_of(mount("m/", telling)), "/m?q=1")
    assert (answer.status, answer.headers["Location"]) == (308, "/m/?q=1")


def test_a_narrower_route_comes_before_the_mount() -> None:
    app = app_of(mount("m/", telling), path("m/own/", lambda request: "own"))
    assert ask(app, "/m/own/").text == "own"


def test_head_has_the_head_alone_and_closes_the_body() -> None:
    body = Body([b"text"])
    app = app_of(mount("m/", answering("200 OK", [*PLAIN, ("Content-Length", "4")], body)))
    answer = ask(app, "/m/", "HEAD")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "4", b"")
    assert body.closed == 1


def test_the_body_of_a_request_is_read_by_the_mounted_application() -> None:
    def reading(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    assert ask(app_of(mount("m/", reading)), "/m/", "POST", b"a=1", **form).text == "a=1"


class Body:
    """A body that counts how often it is closed."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        self.closed += 1


def answering(status: str, headers: list[tuple[str, str]], body: Iterable[bytes]) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, headers)
        return body

    return application


def test_status_and_header_fields_are_its_own() -> None:
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "image/png")]
    answer = ask(app_of(mount("m/", answering("404 Lost", headers, [b"x"]))), "/m/")
    assert (answer.status, answer.headers.getlist("Set-Cookie"), answer.body) == (404, ["a=1", "b=2"], b"x")
    assert answer.headers["Content-Type"] == "image/png"


def test_blocks_are_passed_on_one_by_one_and_the_body_is_closed_at_the_end() -> None:
    made: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield str(number).encode()

    body = Body(blocks())
    app = app_of(mount("m/", answering("200 OK", PLAIN, body)))
    sent = iter(app(make_environ("/m/"), lambda status, headers, exc_info=None: lambda data: None))
    assert made == []
    assert next(sent) == b"0"
    assert made == [0]
    assert (b"".join(sent), body.closed) == (b"12", 0)


def test_a_body_is_closed_when_the_client_leaves() -> None:
    body = Body([b"a", b"b"])
    app = app_of(mount("m/", answering("200 OK", PLAIN, body)))
    sent: Any = app(make_environ("/m/"), lambda status, headers, exc_info=None: lambda data: None)
    next(iter(sent))
    sent.close()
    assert body.closed == 1


def test_a_generator_that_starts_the_response_late_is_heard() -> None:
    def late(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("201 Created", PLAIN)
        yield b"a"
        yield b"b"

    answer = ask(app_of(mount("m/", late)), "/m/")
    assert (answer.status, answer.text) == (201, "ab")


def test_what_is_written_comes_before_the_body() -> None:
    def writing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write: Callable[[bytes], object] = start_response("200 OK", PLAIN)
        write(b"a")
        return [b"b"]

    assert ask(app_of(mount("m/", writing)), "/m/").text == "ab"


def test_an_error_before_the_head_is_answered_as_ours(caplog: pytest.LogCaptureFixture) -> None:
    def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise LookupError("inside")

    assert ask(app_of(mount("m/", failing)), "/m/").status == 500
    assert "inside" in caplog.text


def test_an_application_may_change_its_mind_before_the_head_is_sent() -> None:
    def changing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        try:
            raise LookupError("inside")
        except LookupError as error:
            start_response("503 Later", PLAIN, (type(error), error, error.__traceback__))
        return [b"later"]

    assert ask(app_of(mount("m/", changing)), "/m/").status == 503


def silent(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return []


def twice(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)
    return []


@pytest.mark.parametrize("wrong", [silent, twice, answering("99 Odd", PLAIN, []), answering("no", PLAIN, [])])
def test_an_application_that_breaks_the_protocol_is_an_error_of_the_view(wrong: Any) -> None:
    app = app_of(mount("m/", wrong))
    environ = {**make_environ("/m/"), "scaffold.raise_errors": True}
    with pytest.raises(ViewError, match=r"mounted application|mount\("):
        send(app, environ)


def test_another_scaffold_application_runs_below_a_prefix() -> None:
    inner = make_app()

    @inner.route("/pages/<int:number>/", name="page")
    def page(request: Any, number: int) -> str:
        return f"{request.url_for('page', number=number + 1)}"

    assert ask(app_of(mount("inner/", inner)), "/inner/pages/7/").text == "/inner/pages/8/"


def test_a_mount_is_listed_as_one_and_has_a_name_if_it_is_given_one() -> None:
    app = app_of(mount("m", telling, name="m"))
    (route,) = [item for item in app.routes if item.kind == "mount"]
    assert (route.path, route.methods) == ("/m/<path:rest>", {"*"})
    assert route.view_name.startswith("mount(")
    assert route.view_name.endswith("test_mounts.telling)")
    assert app.url_for("m", rest="a/b") == "/m/a/b"
    assert app.url_for("m", rest="") == "/m/"


def test_two_mounts_at_one_prefix_and_what_is_no_application_are_refused() -> None:
    with pytest.raises(RoutingError, match=r"\* /m/<path:rest> leads to two views"):
        app_of(mount("m/", telling), mount("m/", silent))
    with pytest.raises(RoutingError, match="no WSGI application") as caught:
        mount("m/", "legacy.app")  # type: ignore[arg-type]
    assert caught.value.source.startswith(__file__)


# --- redirects -------------------------------------------------------------------------------------------------------


def detail(request: object, number: int, kind: str = "") -> str:
    return f"{number}{kind}"


REDIRECTS = [
    ("/old/7/", 301, "/new/7/"),
    ("/old/7/?a=1&b=%20", 301, "/new/7/?a=1&b=%20"),
    ("/fixed/", 302, "/new/1/"),
    ("/away/?a=1", 301, "https://example.org/?x=1&a=1#top"),
    ("/up/", 308, "/new/3/"),
]


@pytest.mark.parametrize(("target", "status", "location"), REDIRECTS)
def test_a_redirect_gets_the_parameters_and_keeps_the_query(target: str, status: int, location: str) -> None:
    app = app_of(
        path("new/<int:number>/", detail, name="detail"),
        path("old/<int:number>/", redirect_to("detail")),
        path("fixed/", redirect_to("detail", status=302, number=1)),
        path("away/", redirect_to("https://example.org/?x=1#top")),
        path("up/", redirect_to("/new/3/", status=308)),
    )
    answer = ask(app, target)
    assert (answer.status, answer.headers["Location"]) == (status, location)


def test_a_redirect_is_listed_as_one() -> None:
    (route,) = compile_patterns([path("old/", redirect_to("blog:index"))])
    assert (route.kind, route.view_name) == ("redirect", "redirect_to('blog:index')")


def test_another_status_is_refused_with_its_place() -> None:
    with pytest.raises(RoutingError, match="no status of a redirect") as caught:
        redirect_to("x", status=200)
    assert caught.value.source.startswith(__file__)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [("redirect_to('blog:nothing')", "no route is named"), ("redirect_to('blog:new')", "lacks 'number'")],
)
def test_a_redirect_to_nowhere_ends_the_start(project: Any, rule: str, reason: str) -> None:
    urls = (
        "from scaffold import path, redirect_to\n\nurlpatterns = [\n    path('old/', " + rule + "),\n"
        "    path('new/<int:number>/', lambda request, number: number, name='new'),\n]\n"
    )
    folder = project({"apps/blog/urls.py": urls, "config/settings.py": "DEBUG = False\n"})
    with pytest.raises(RoutingError, match=f"/blog/old/ redirects to nowhere: .*{reason}") as caught:
        Application.from_project(folder)
    assert caught.value.source.endswith("urls.py:4")
