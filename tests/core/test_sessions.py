"""Sessions: the mapping, what its cookie is like, and how long it lives. The stores are tested beside."""

from __future__ import annotations

import datetime
import http.cookies
from collections.abc import Callable
from typing import Any

import pytest

from scaffold import Application, HTTPError, Request, Response, ScaffoldError, StreamingResponse
from scaffold.exceptions import SettingsError
from scaffold.http import Session
from scaffold.http.session import SessionRecord
from scaffold.middleware import Handler
from scaffold.middleware.sessions import lifetimes
from scaffold.testing import Client

from .helpers import Answer, ask

SESSIONS = "scaffold.middleware.sessions.sessions"
KEY = "a secret key that is long enough for tests"
VIEWS: dict[str, Callable[[Request], Any]] = {
    "/plain": lambda request: "untouched",
    "/read": lambda request: dict(request.session),
    "/count": lambda request: str(count(request.session)),
    "/append": lambda request: str(request.session.setdefault("list", []).append(1)),
    "/clear": lambda request: str(request.session.clear()),
    "/login": lambda request: str(request.session.cycle_id()),
    "/logout": lambda request: str(request.session.flush()),
    "/fail": lambda request: 1 / count(request.session) and 1 / 0,
    "/refuse": lambda request: refuse(request),
    "/bad": lambda request: request.session.update(x={1}) or "",
    "/bad-inside": lambda request: request.session.setdefault("list", []).append({1}) or "",
    "/public": lambda request: public(request),
    "/no-store": lambda request: Response(str(count(request.session)), headers={"Cache-Control": "no-store"}),
    "/stream": lambda request: StreamingResponse(str(count(request.session)) for _ in range(1)),
}


def count(session: Session) -> int:
    session["n"] = session.get("n", 0) + 1
    return int(session["n"])


def refuse(request: Request) -> Response:
    count(request.session)
    raise HTTPError(404)


def public(request: Request) -> Response:
    count(request.session)
    return Response(headers={"Cache-Control": "public, max-age=60, s-maxage=600"})


def make_app(**settings: Any) -> Application:
    app = Application({"DEBUG": False, "SECRET_KEY": KEY, "MIDDLEWARE": [SESSIONS], **settings})
    for rule, view in VIEWS.items():
        app.route(rule)(view)
    return app


def cookie_of(answer: Answer) -> http.cookies.Morsel[str]:
    """The only cookie that an answer sets."""
    (text,) = answer.headers.getlist("Set-Cookie")
    (morsel,) = http.cookies.SimpleCookie(text).values()
    return morsel


def sent(answer: Answer) -> str:
    """What a browser would send after an answer."""
    morsel = cookie_of(answer)
    return f"{morsel.key}={morsel.value}"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Call it to let seconds pass."""
    start, passed = int(datetime.datetime.now().timestamp()), [0]
    monkeypatch.setattr(lifetimes.time, "time", lambda: start + passed[0])

    def wait(seconds: int) -> None:
        passed[0] += seconds

    return wait


# --- the mapping -----------------------------------------------------------------------------------------------------


def test_values_are_there_at_the_next_request() -> None:
    client = Client(make_app())
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]
    assert client.get("/read").json() == {"n": 3}


def test_without_the_middleware_the_error_says_which_line_is_missing() -> None:
    app = make_app(MIDDLEWARE=[])
    with pytest.raises(ScaffoldError, match=r"Add \"scaffold\.middleware\.sessions\.sessions\" to MIDDLEWARE"):
        Client(app).get("/read")


def test_an_untouched_session_leaves_no_trace() -> None:
    answer = ask(make_app(), "/plain", HTTP_COOKIE="session=anything")
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_reading_varies_by_cookie_and_saves_nothing() -> None:
    app = make_app()
    answer = ask(app, "/read", HTTP_COOKIE=sent(ask(app, "/count")))
    assert answer.headers["Vary"] == "Cookie"
    assert "Set-Cookie" not in answer.headers


def test_the_answer_for_a_visitor_with_a_session_carries_secrets() -> None:
    seen: list[bool] = []

    def watch(handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            response = handler(request)
            seen.append(request.carries_secrets)
            return response

        return handle

    app = make_app(MIDDLEWARE=[watch, SESSIONS])
    client = Client(app)
    for path in ("/plain", "/read", "/count", "/plain", "/read", "/clear"):
        client.get(path)
    assert seen == [False, False, True, False, True, True]


def test_a_change_inside_of_a_value_is_noticed() -> None:
    client = Client(make_app())
    for _ in range(3):
        client.get("/append")
    assert client.get("/read").json() == {"list": [1, 1, 1]}


def test_the_same_value_again_is_no_change() -> None:
    session = Session(lambda: SessionRecord(b'{"a":1}', 0, 0))
    session["a"] = 1
    assert not session.modified
    session["a"] = 2
    assert session.modified
    session["a"] = 1
    session.modified = True
    assert session.modified


def test_it_loads_when_it_is_first_touched() -> None:
    loads: list[int] = []
    session = Session(lambda: loads.append(1))  # type: ignore[func-returns-value]
    assert (loads, session.is_loaded, repr(session)) == ([], False, "<Session not loaded>")
    session["secret"] = "value"
    assert len(session) == 1
    assert (loads, session.is_loaded, repr(session)) == ([1], True, "<Session secret>")


def test_an_emptied_session_takes_its_cookie_away() -> None:
    app = make_app()
    cookie = sent(ask(app, "/count"))
    for path in ("/clear", "/logout"):
        answer = ask(app, path, HTTP_COOKIE=cookie)
        assert (cookie_of(answer).value, cookie_of(answer)["max-age"]) == ("", "0")
    assert "Set-Cookie" not in ask(app, "/clear").headers


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (datetime.date(2026, 1, 1), "it is of type date"),
        ([1, {"a": b"x"}], r"it\[1\]\['a'\] is of type bytes"),
        ({1: "a"}, "it has the key 1, which would come back as a text"),
        (float("nan"), "not finite"),
        (2**2000, "too long"),
        ({1}, "of type set"),
    ],
)
def test_what_json_cannot_keep_is_refused_by_name(value: object, fault: str) -> None:
    session = Session(lambda: None)
    with pytest.raises(TypeError, match=rf"session\['when'\] can't be kept as JSON: .*{fault}"):
        session["when"] = value
    assert "when" not in session


def test_what_holds_itself_and_names_that_are_no_texts_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    session = Session(lambda: None)
    with pytest.raises(TypeError, match="nested too deeply, or holds itself"):
        session["x"] = endless
    with pytest.raises(TypeError, match="names are texts, not 1"):
        session[1] = 2  # type: ignore[index]


def test_a_view_sees_the_error_for_a_bad_value_also_when_it_was_put_in_later() -> None:
    for path in ("/bad", "/bad-inside"):
        with pytest.raises(TypeError, match="can't be kept as JSON"):
            Client(make_app()).get(path)


@pytest.mark.parametrize("value", ["é\U0001f600", "\ud800", "", [1.5, None, True], {"a": {"b": []}}])
def test_every_json_value_comes_back(value: object) -> None:
    app = make_app()
    app.route("/put")(lambda request: request.session.update(v=value) or "")
    seen: list[object] = []
    app.route("/get")(lambda request: str(seen.append(request.session["v"])))
    client = Client(app)
    client.get("/put")
    client.get("/get")
    assert seen == [value]


def test_a_session_is_saved_with_a_refusal_and_not_with_a_failure() -> None:
    client = Client(make_app(), raise_errors=False)
    assert client.get("/refuse").status == 404
    assert client.get("/fail").status == 500
    assert client.get("/read").json() == {"n": 1}


def test_a_change_while_the_answer_is_sent_is_an_error_that_says_so() -> None:
    with pytest.raises(ScaffoldError, match="changed after it had been saved"):
        Client(app := make_app()).get("/stream")
    app.route("/early")(lambda request: StreamingResponse(str(n) for n in range(count(request.session))))
    client = Client(app)
    assert (client.get("/early").text, client.get("/early").text) == ("0", "01")


def test_two_requests_at_once_keep_the_last_one() -> None:
    app = make_app()
    cookie = sent(ask(app, "/count"))
    answers = [ask(app, "/count", HTTP_COOKIE=cookie) for _ in range(2)]
    assert [answer.text for answer in answers] == ["2", "2"]


# --- the cookie ------------------------------------------------------------------------------------------------------


def test_the_cookie_is_careful_by_default() -> None:
    morsel = cookie_of(ask(make_app(), "/count"))
    assert (morsel.key, morsel["path"], morsel["domain"]) == ("session", "/", "")
    assert (morsel["samesite"], morsel["httponly"], morsel["secure"]) == ("Lax", True, "")
    assert int(morsel["max-age"]) == 14 * 24 * 3600


@pytest.mark.parametrize(
    ("scheme", "settings", "name", "secure"),
    [
        ("https", {}, "__Host-session", True),
        ("http", {"SESSION_COOKIE_SECURE": True}, "__Host-session", True),
        ("https", {"SESSION_COOKIE_SECURE": False}, "session", ""),
        ("https", {"SESSION_COOKIE_DOMAIN": "example.com"}, "__Secure-session", True),
        ("https", {"SESSION_COOKIE_PATH": "/shop/"}, "__Secure-session", True),
        ("https", {"SESSION_COOKIE_NAME": "sid", "SESSION_COOKIE_SAMESITE": "Strict"}, "__Host-sid", True),
        ("http", {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "None"}, "__Host-session", True),
    ],
)
def test_its_name_under_https_keeps_other_hosts_out(scheme: str, settings: Any, name: str, secure: object) -> None:
    environ = {"wsgi.url_scheme": scheme}
    app = make_app(**settings)
    morsel = cookie_of(ask(app, "/count", **environ))
    assert (morsel.key, morsel["secure"]) == (name, secure)
    assert ask(app, "/count", HTTP_COOKIE=f"{name}={morsel.value}", **environ).text == "2"
    gone = cookie_of(ask(app, "/clear", HTTP_COOKIE=f"{name}={morsel.value}", **environ))
    for attribute in ("path", "domain", "secure", "samesite"):
        assert gone[attribute] == morsel[attribute]


def test_a_cookie_without_the_prefix_is_no_session_under_https() -> None:
    app = make_app()
    value = cookie_of(ask(app, "/count")).value
    answer = ask(app, "/count", HTTP_COOKIE=f"session={value}", **{"wsgi.url_scheme": "https"})
    assert answer.text == "1"


def test_an_answer_with_the_cookie_is_kept_by_no_shared_cache() -> None:
    assert ask(make_app(), "/count").headers["Cache-Control"] == "private"
    assert ask(make_app(), "/public").headers["Cache-Control"] == "max-age=60, private"
    assert ask(make_app(), "/no-store").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY has no characters, and sessions in cookies need 32 or more"),
        ({"SECRET_KEY": "short"}, r"SECRET_KEY has 5 characters[^\n]*\n.*secrets\.token_urlsafe"),
        ({"SECRET_KEY_FALLBACKS": [""]}, "SECRET_KEY_FALLBACKS has no characters"),
        ({"SESSION_COOKIE_NAME": "a b"}, "SESSION_COOKIE_NAME is 'a b'"),
        ({"SESSION_COOKIE_NAME": "__Host-a"}, "prefix __Host- is added under HTTPS"),
        ({"SESSION_COOKIE_DOMAIN": "a;b"}, "malformed path or domain"),
        ({"SESSION_COOKIE_SAMESITE": "None"}, "SESSION_COOKIE_SECURE = True"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(settings: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make_app(**settings)


def test_without_the_middleware_no_key_is_asked_for() -> None:
    assert ask(make_app(SECRET_KEY="", MIDDLEWARE=[]), "/plain").text == "untouched"


# --- how long it lives -----------------------------------------------------------------------------------------------


def test_it_ends_at_its_age_however_often_it_is_used(clock: Callable[[int], None]) -> None:
    app = make_app(SESSION_AGE_SECONDS=100)
    answer = ask(app, "/count")
    clock(60)
    answer = ask(app, "/count", HTTP_COOKIE=sent(answer))
    assert (answer.text, cookie_of(answer)["max-age"]) == ("2", "40")
    clock(40)
    assert ask(app, "/count", HTTP_COOKIE=sent(answer)).text == "1"


def test_it_ends_when_nobody_comes_and_goes_on_while_somebody_looks(clock: Callable[[int], None]) -> None:
    app = make_app(SESSION_AGE_SECONDS=10_000, SESSION_IDLE_SECONDS=100)
    cookie = sent(ask(app, "/count"))
    for _ in range(5):
        clock(60)
        cookie = sent(ask(app, "/read", HTTP_COOKIE=cookie))
    assert ask(app, "/count", HTTP_COOKIE=cookie).text == "2"
    clock(100)
    assert ask(app, "/count", HTTP_COOKIE=cookie).text == "1"


def test_a_look_is_written_down_once_in_a_while(clock: Callable[[int], None]) -> None:
    app = make_app(SESSION_IDLE_SECONDS=100)
    cookie = sent(ask(app, "/count"))
    clock(9)
    assert "Set-Cookie" not in ask(app, "/read", HTTP_COOKIE=cookie).headers
    clock(1)
    assert cookie_of(ask(app, "/read", HTTP_COOKIE=cookie))["max-age"] == "100"


def test_an_age_of_none_is_a_cookie_for_as_long_as_the_browser_is_open(clock: Callable[[int], None]) -> None:
    app = make_app(SESSION_AGE_SECONDS=0)
    answer = ask(app, "/count")
    assert cookie_of(answer)["max-age"] == ""
    clock(lifetimes.MAX_AGE_SECONDS - 1)
    assert ask(app, "/read", HTTP_COOKIE=sent(answer)).text == '{"n":1}'
    clock(1)
    assert ask(app, "/read", HTTP_COOKIE=sent(answer)).text == "{}"


def test_a_login_begins_a_new_age(clock: Callable[[int], None]) -> None:
    app = make_app(SESSION_AGE_SECONDS=100)
    cookie = sent(ask(app, "/count"))
    clock(90)
    answer = ask(app, "/login", HTTP_COOKIE=cookie)
    assert cookie_of(answer)["max-age"] == "100"
    clock(90)
    assert ask(app, "/count", HTTP_COOKIE=sent(answer)).text == "2"
