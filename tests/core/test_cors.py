"""CORS: who may read what, and what browsers ask first."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold import Application, Response
from scaffold.exceptions import SettingsError

from .helpers import Answer, ask

CORS = "scaffold.middleware.cors.cors"
ORIGIN = "https://app.example.com"
ALLOW = "Access-Control-Allow-Origin"


def serve(*origins: str, **settings: Any) -> Application:
    app = Application({"DEBUG": False, "MIDDLEWARE": [CORS], "CORS_ALLOWED_ORIGINS": [*origins], **settings})
    app.route("/", methods=["GET", "POST"])(lambda request: {"answer": 42})
    app.route("/own")(lambda request: Response(headers={ALLOW: "https://other.example"}))
    return app


def preflight(app: Application, origin: str = ORIGIN, **values: str) -> Answer:
    return ask(app, "/", "OPTIONS", HTTP_ORIGIN=origin, HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT", **values)


@pytest.mark.parametrize(
    ("allowed", "origin", "passes"),
    [
        (ORIGIN, ORIGIN, True),
        ("https://APP.example.com", ORIGIN, True),
        ("https://app.example.com:443", ORIGIN, True),
        ("http://localhost:3000", "http://localhost:3000", True),
        ("app://my-app", "app://my-app", True),
        (ORIGIN, "http://app.example.com", False),
        (ORIGIN, "https://app.example.com:8443", False),
        (ORIGIN, "https://app.example.com.evil.example", False),
        (ORIGIN, "https://evilapp.example.com", False),
        (ORIGIN, "null", False),
        (ORIGIN, "", False),
        ("https://*.example.com", ORIGIN, True),
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com:8443", "https://a.example.com:8443", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://evilexample.com", False),
        ("https://*.example.com", "https://.example.com", False),
        ("https://*.example.com", "https://*.example.com", False),
        ("https://*.example.com", "http://app.example.com", False),
        ("https://*.example.com", "https://app.example.com:8443", False),
        ("https://*.example.com", "https://evil.example/.example.com", False),
        ("https://*.example.com", "https://evil.example#.example.com", False),
        ("https://*.example.com", "https://evil@app.example.com", False),
        ("https://*.example.com", f"https://{'a' * 400}.example.com", False),
    ],
)
def test_an_origin_passes_when_it_is_allowed(allowed: str, origin: str, passes: bool) -> None:
    answer = ask(serve(allowed), HTTP_ORIGIN=origin)
    assert answer.status == 200
    assert answer.headers.get(ALLOW) == (origin if passes else None)
    assert answer.headers["Vary"] == "Origin"


def test_an_answer_to_the_own_site_varies_too() -> None:
    headers = ask(serve(ORIGIN)).headers
    assert (headers["Vary"], ALLOW in headers) == ("Origin", False)


def test_an_error_may_be_read_too() -> None:
    answer = ask(serve(ORIGIN), "/missing", HTTP_ORIGIN=ORIGIN)
    assert (answer.status, answer.headers[ALLOW]) == (404, ORIGIN)


def test_a_preflight_is_told_what_is_allowed() -> None:
    answer = preflight(serve(ORIGIN, CORS_ALLOW_METHODS=["GET", "PUT"], CORS_ALLOW_HEADERS=["X-One", "X-Two"]))
    assert answer.status == 204
    assert answer.headers[ALLOW] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, PUT"
    assert answer.headers["Access-Control-Allow-Headers"] == "X-One, X-Two"
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("values", [{"HTTP_ORIGIN": ORIGIN}, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, {}])
def test_other_requests_for_options_go_to_the_application(values: dict[str, str]) -> None:
    answer = ask(serve(ORIGIN), "/", "OPTIONS", **values)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert "Access-Control-Allow-Methods" not in answer.headers


def test_a_preflight_of_another_origin_is_told_nothing() -> None:
    headers = preflight(serve(ORIGIN), "https://evil.example").headers
    assert not [name for name in headers if name.startswith("access-control")]


def test_credentials_are_allowed_where_the_settings_say_so() -> None:
    app = serve(ORIGIN, CORS_ALLOW_CREDENTIALS=True)
    for answer in (preflight(app), ask(app, HTTP_ORIGIN=ORIGIN)):
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers[ALLOW] == ORIGIN


def test_all_origins_may_read_without_credentials() -> None:
    headers = ask(serve("*"), HTTP_ORIGIN="null").headers
    assert (headers[ALLOW], "Vary" in headers) == ("*", False)


def test_headers_are_exposed_on_answers() -> None:
    app = serve(ORIGIN, CORS_EXPOSE_HEADERS=["X-Total", "X-Request-ID"])
    assert ask(app, HTTP_ORIGIN=ORIGIN).headers["Access-Control-Expose-Headers"] == "X-Total, X-Request-ID"
    assert "Access-Control-Expose-Headers" not in preflight(app).headers


def test_a_view_keeps_its_own_word() -> None:
    headers = ask(serve(ORIGIN), "/own", HTTP_ORIGIN=ORIGIN).headers
    assert headers.getlist(ALLOW) == ["https://other.example"]


@pytest.mark.parametrize(
    ("origins", "settings", "cause"),
    [
        (["*"], {"CORS_ALLOW_CREDENTIALS": True}, "every site could read"),
        (["null"], {}, "holds 'null', which is no origin"),
        (["app.example.com"], {}, "which is no origin"),
        (["https://app.example.com/"], {}, "which is no origin"),
        (["https://a.*.example.com"], {}, "which is no origin"),
        ([ORIGIN], {"CORS_ALLOW_HEADERS": ["X-One, X-Two"]}, "CORS_ALLOW_HEADERS holds 'X-One, X-Two'"),
        ([ORIGIN], {"CORS_EXPOSE_HEADERS": ["X\r\nY: z"]}, "CORS_EXPOSE_HEADERS holds"),
        ([ORIGIN], {"CORS_ALLOW_METHODS": ["*"], "CORS_ALLOW_CREDENTIALS": True}, "CORS_ALLOW_METHODS holds '*'"),
    ],
)
def test_settings_that_would_open_too_much_or_nothing_are_refused(
    origins: list[str], settings: dict[str, Any], cause: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        serve(*origins, **settings)
    assert cause in caught.value.cause
