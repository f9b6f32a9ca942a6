"""The middleware for hosts, HTTPS and the header fields that make browsers careful."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Application, Request, Response
from scaffold.exceptions import SettingsError
from scaffold.middleware.cors import cors
from scaffold.middleware.csp import content_security_policy
from scaffold.middleware.health import health
from scaffold.middleware.hosts import host_allowed, host_name
from scaffold.middleware.https import https
from scaffold.testing import Client

from .helpers import ask, make_environ, send

HOSTS = "scaffold.middleware.hosts.validate_host"
HTTPS = "scaffold.middleware.https.https"
SECURITY = "scaffold.middleware.security.security_headers"
ALL = (
    "scaffold.middleware.request_ids.request_ids",
    "scaffold.middleware.health.health",
    SECURITY,
    "scaffold.middleware.csp.content_security_policy",
    HOSTS,
    HTTPS,
    "scaffold.middleware.cors.cors",
)


def serve(*middleware: str, **values: Any) -> Application:
    app = Application({"DEBUG": False, "MIDDLEWARE": list(middleware), **values})
    app.route("/", methods=["GET", "POST"])(lambda request: "here")
    return app


# --- hosts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "allowed", "passes"),
    [
        ("example.com", ["example.com"], True),
        ("EXAMPLE.com", ["example.COM"], True),
        ("example.com:8000", ["example.com"], True),
        ("example.com.", ["example.com"], True),
        ("example.com.:80", ["example.com"], True),
        ("example.com", ["example.com."], True),
        ("www.example.com", ["example.com"], False),
        ("www.example.com", [".example.com"], True),
        ("example.com", [".example.com"], True),
        ("badexample.com", [".example.com"], False),
        ("example.com.evil.example", ["example.com", ".example.com"], False),
        ("anything", ["*"], True),
        ("my_service:8000", ["my_service"], True),
        ("[::1]", ["[::1]"], True),
        ("[::1]:8000", ["[::1]"], True),
        ("[0:0:0:0:0:0:0:1]", ["[::1]"], True),
        ("[2001:DB8::1]", ["[2001:db8:0::1]"], True),
        ("127.0.0.1", ["127.0.0.1"], True),
        ("xn--bcher-kva.example", ["bücher.example"], True),
        ("www.xn--bcher-kva.example", [".bücher.example"], True),
        ("", ["*"], False),
        (".", ["*"], False),
        ("a b", ["*"], False),
        ("a@b", ["*"], False),
        ("a/b", ["*"], False),
        ("a,b", ["*"], False),
        ("-a", ["*"], False),
        (".example.com", ["*"], False),
        ("example..com", ["*"], False),
        ("example.com..", ["*"], False),
        ("example.com:", ["*"], False),
        ("example.com:port", ["*"], False),
        ("example.com:65536", ["*"], False),
        ("example.com:1:2", ["*"], False),
        ("example.com:80:80", ["*"], False),
        ("[::1", ["*"], False),
        ("[::1]x", ["*"], False),
        ("[:::]", ["*"], False),
        ("[1.2.3.4]", ["*"], False),
        ("::1", ["*"], False),
        ("é", ["*"], False),
        ("\uff11.2.3.4", ["*"], False),
        ("example.com\n", ["*"], False),
        ("a" * 64, ["*"], False),
        ("a." * 200, ["*"], False),
        ("example.com", [], False),
    ],
)
def test_a_host_passes_when_it_is_allowed(host: str, allowed: list[str], passes: bool) -> None:
    assert host_allowed(host, allowed) is passes


@pytest.mark.parametrize(
    ("debug", "host", "status"),
    [
        (False, "example.com", 200),
        (False, "evil.example", 400),
        (False, "localhost", 400),
        (False, "", 400),
        (True, "localhost:8000", 200),
        (True, "app.localhost", 200),
        (True, "127.0.0.1:8000", 200),
        (True, "[::1]:8000", 200),
        (True, "evil.example", 400),
    ],
)
def test_a_request_for_another_host_is_a_400(debug: bool, host: str, status: int) -> None:
    app = serve(HOSTS, ALLOWED_HOSTS=["example.com"], DEBUG=debug)
    answer = ask(app, HTTP_HOST=host)
    assert answer.status == status
    assert ("Add it to ALLOWED_HOSTS" in answer.text) is (debug and status == 400)


def test_a_request_without_a_host_is_a_400() -> None:
    environ = make_environ("/")
    del environ["HTTP_HOST"]
    answer = send(serve(HOSTS, ALLOWED_HOSTS=["*"]), environ)
    assert (answer.status, "does not say for which host" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "host", ["https://example.com", "example.com:8000", "example.com/", "*.example.com", "", ".", "a b", "[::1", "::1"]
)
def test_an_allowed_host_that_no_request_can_be_for_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"ALLOWED_HOSTS holds .*which is no host"):
        serve(HOSTS, ALLOWED_HOSTS=[host])


# --- HTTPS -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("GET", "/", 301, "https://example.com/"),
        ("HEAD", "/a/?b=c&d=%20", 301, "https://example.com/a/?b=c&d=%20"),
        ("POST", "/", 308, "https://example.com/"),
        ("GET", "/a b/%", 301, "https://example.com/a%20b/%25"),
        ("GET", "/é/".encode().decode("latin-1"), 301, "https://example.com/%C3%A9/"),
        ("GET", "/?é".encode().decode("latin-1"), 301, "https://example.com/?%C3%A9"),
        ("GET", "//evil.example/", 301, "https://example.com//evil.example/"),
    ],
)
def test_http_is_redirected_to_https(method: str, path: str, status: int, location: str) -> None:
    answer = ask(serve(HTTPS, SECURE_SSL_REDIRECT=True), path, method, HTTP_HOST="Example.com:8000")
    assert (answer.status, answer.headers["Location"]) == (status, location)


def test_a_redirect_keeps_where_the_site_is_mounted() -> None:
    answer = ask(serve(HTTPS, SECURE_SSL_REDIRECT=True), "/", HTTP_HOST="[::1]:80", SCRIPT_NAME="/sub")
    assert answer.headers["Location"] == "https://[::1]/sub/"


@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("/", {"wsgi.url_scheme": "https"}, 200),
        ("/", {"HTTP_X_FORWARDED_PROTO": "https"}, 200),
        ("/", {"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "203.0.113.9"}, 301),
        ("/exempt", {}, 404),
        ("/exempt/", {}, 301),
        ("/", {"HTTP_HOST": "a b"}, 400),
    ],
)
def test_what_is_secure_or_exempt_is_not_redirected(path: str, values: dict[str, str], status: int) -> None:
    proxies = {"TRUSTED_PROXIES": ["127.0.0.1"], "SECURE_REDIRECT_EXEMPT": ["/exempt"]}
    assert ask(serve(HTTPS, SECURE_SSL_REDIRECT=True, **proxies), path, **values).status == status


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, "max-age=60"),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": True}, "max-age=60; includeSubDomains"),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True},
         "max-age=60; includeSubDomains; preload"),
    ],
)  # fmt: skip
def test_strict_transport_security_is_sent_over_https_alone(values: dict[str, Any], wanted: str) -> None:
    app = serve(HTTPS, SECURE_HSTS_SECONDS=60, **values)
    for path in ("/", "/missing"):
        assert ask(app, path, **{"wsgi.url_scheme": "https"}).headers["Strict-Transport-Security"] == wanted
    answer = ask(app)
    assert (answer.status, "Strict-Transport-Security" in answer.headers) == (200, False)


def test_a_path_without_a_slash_is_no_exemption() -> None:
    with pytest.raises(SettingsError, match="SECURE_REDIRECT_EXEMPT holds 'up/'"):
        serve(HTTPS, SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=["up/"])


# --- header fields ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/missing"])
def test_every_response_has_the_fields(path: str) -> None:
    headers = ask(serve(SECURITY), path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_fields_are_those_of_the_settings_and_an_empty_one_is_left_out() -> None:
    values = {
        "X_FRAME_OPTIONS": "",
        "SECURE_REFERRER_POLICY": "no-referrer, strict-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "unsafe-none",
    }
    headers = ask(serve(SECURITY, **values)).headers
    assert "X-Frame-Options" not in headers
    assert headers["Referrer-Policy"] == "no-referrer, strict-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_a_view_keeps_its_own_security_headers() -> None:
    app = Application({"DEBUG": False, "MIDDLEWARE": [SECURITY]})
    app.route("/")(lambda request: Response(headers={"x-frame-options": "SAMEORIGIN"}))
    assert ask(app).headers.getlist("X-Frame-Options") == ["SAMEORIGIN"]


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("SECURE_REFERRER_POLICY", "same-orign", "Did you mean 'same-origin'?"),
        ("SECURE_REFERRER_POLICY", "same-origin, ", "Use one of no-referrer,"),
        ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "same-origin\r\nX: y", "same-origin"),
    ],
)
def test_a_policy_that_browsers_do_not_know_is_refused(name: str, value: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} holds") as caught:
        serve(SECURITY, **{name: value})
    assert hint in caught.value.hint


# --- request ids -----------------------------------------------------------------------------------------------------

IDS = "scaffold.middleware.request_ids.request_ids"


@pytest.mark.parametrize("path", ["/", "/missing"])
def test_every_response_bears_the_id_of_its_request(path: str) -> None:
    app = serve(IDS)
    first, second = (ask(app, path).headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert len(first) == len(second) == 20


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("a.B_c-9", True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a b", False), ("é", False), ("a\n", False)],
)
def test_an_id_that_comes_along_is_kept_where_it_is_well_formed(given: str, is_kept: bool) -> None:
    assert (ask(serve(IDS), HTTP_X_REQUEST_ID=given).headers["X-Request-ID"] == given) is is_kept


def test_a_view_sees_the_id_that_is_sent() -> None:
    app = Application({"DEBUG": False, "MIDDLEWARE": [IDS]})
    app.route("/")(lambda request: request.id)
    answer = ask(app)
    assert answer.text == answer.headers["X-Request-ID"]


def test_the_ids_of_many_requests_are_all_different() -> None:
    assert len({Request({"REQUEST_METHOD": "GET"}).id for _ in range(10_000)}) == 10_000


# --- whatever comes --------------------------------------------------------------------------------------------------

# What a server hands on: texts of the bytes of a field (PEP 3333).
FIELD = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60) | st.text(
    'abcdehopst.:[]0123456789,;=/" @-', max_size=60
)


@given(host=FIELD)
@settings(max_examples=200, deadline=None)
def test_any_host_is_a_name_in_its_one_form_or_none(host: str) -> None:
    name = host_name(host)
    assert name == "" or host_name(name) == name


@given(
    host=FIELD,
    origin=FIELD,
    request_id=FIELD,
    forwarded=FIELD,
    proto=FIELD,
    forwarded_host=FIELD,
    scheme=st.sampled_from(["http", "https"]),
    method=st.sampled_from(["GET", "POST", "OPTIONS"]),
)
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_the_fields_is_answered(
    host: str, origin: str, request_id: str, forwarded: str, proto: str, forwarded_host: str, scheme: str, method: str
) -> None:
    values = {
        "HTTP_HOST": host,
        "HTTP_ORIGIN": origin,
        "HTTP_X_REQUEST_ID": request_id,
        "HTTP_FORWARDED": forwarded,
        "HTTP_X_FORWARDED_PROTO": proto,
        "HTTP_X_FORWARDED_HOST": forwarded_host,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
        "wsgi.url_scheme": scheme,
    }
    environ = make_environ("/", method, **{**values, "scaffold.raise_errors": True})
    answer = send(EVERYTHING, environ)
    assert answer.status < 500


EVERYTHING = serve(
    *ALL,
    ALLOWED_HOSTS=["*"],
    TRUSTED_PROXIES=["127.0.0.1"],
    SECURE_SSL_REDIRECT=True,
    SECURE_HSTS_SECONDS=60,
    SECURE_CSP={"script-src": ["'self'", "'nonce'"]},
    CORS_ALLOWED_ORIGINS=["https://*.example.com"],
    HEALTH_PATH="/up/",
)


def test_what_there_is_nothing_to_do_for_is_not_there_at_all() -> None:
    def inner(request: Request) -> Response:
        return Response(request.path)

    app = Application({"DEBUG": False})
    for wrap in (health, content_security_policy, https, cors):
        assert wrap(inner, app) is inner


def test_a_refused_host_is_in_the_log_with_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    app = Application({"MIDDLEWARE": [HOSTS], "ALLOWED_HOSTS": ["example.com"]})
    assert Client(app, host="other.example").get("/").status == 400
    assert "ALLOWED_HOSTS does not name" in caplog.text
