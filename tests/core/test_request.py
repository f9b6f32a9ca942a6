"""Requests: what a view reads of a WSGI environ."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import HTTPError, Request
from scaffold.http import current_request
from scaffold.http.authorization import Authorization

from .helpers import ask, make_app, make_environ, make_request

FORM = "application/x-www-form-urlencoded"


def refused(request: Request, name: str) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        read(request, name)
    return caught.value


def read(request: Request, name: str) -> None:
    """Read the property ``name``, or call the method of that name."""
    value = getattr(request, name)
    if callable(value):
        value()


# --- the target ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "path"), [("", "/"), ("/", "/"), ("/a b", "/a b"), ("/\xc3\xa9", "/é"), ("/a/b", "/a/b"), ("*", "*")]
)
def test_the_path_is_decoded(raw: str, path: str) -> None:
    assert make_request(PATH_INFO=raw).path == path


def test_a_path_that_is_not_utf_8_is_a_400() -> None:
    with pytest.raises(HTTPError, match="400 The path is not UTF-8"):
        _ = make_request(PATH_INFO="/\xff").path


def test_the_query_is_read_by_name() -> None:
    request = make_request("/?a=1&a=2&b=%C3%A9")
    assert request.query_string == "a=1&a=2&b=%C3%A9"
    assert request.query.getlist("a") == ["1", "2"]
    assert request.query["b"] == "é"
    assert request.query is request.query


def test_a_query_with_raw_utf_8_is_read_as_such() -> None:
    assert make_request(QUERY_STRING="q=\xc3\xa9").query["q"] == "é"


@pytest.mark.parametrize("query", ["q=\xff", "q=%ff", "q=€"])
def test_a_query_that_is_not_utf_8_is_a_400(query: str) -> None:
    assert refused(make_request(QUERY_STRING=query), "query").status == 400


@pytest.mark.parametrize(
    ("script_name", "quoted"), [("", ""), ("/app", "/app"), ("/a b", "/a%20b"), ("/\xc3\xa9", "/%C3%A9"), ("/", "")]
)
def test_the_mount_is_percent_encoded_without_a_slash_at_its_end(script_name: str, quoted: str) -> None:
    assert make_request(SCRIPT_NAME=script_name).script_name == quoted


def test_the_url_is_put_together() -> None:
    request = make_request("/a b?q=1", SCRIPT_NAME="/app", HTTP_HOST="example.com:8000")
    assert request.url == "http://example.com:8000/app/a%20b?q=1"
    assert make_request("/").url == "http://localhost/"


@pytest.mark.parametrize(
    ("scheme", "port", "host"),
    [
        ("http", "80", "server"),
        ("https", "443", "server"),
        ("http", "443", "server:443"),
        ("http", "8000", "server:8000"),
    ],
)
def test_without_a_host_field_the_servers_own_name_counts(scheme: str, port: str, host: str) -> None:
    values: dict[str, Any] = {"wsgi.url_scheme": scheme, "SERVER_PORT": port, "SERVER_NAME": "server", "HTTP_HOST": ""}
    request = make_request(**values)
    assert (request.host, request.server_port, request.scheme) == (host, int(port), scheme)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::", False),
        ("", False),
    ],
)
def test_only_a_loopback_peer_is_local(address: str, local: bool) -> None:
    assert make_request(REMOTE_ADDR=address).is_local is local


@pytest.mark.parametrize("field", ["HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA"])
def test_a_peer_that_speaks_for_another_is_not_local(field: str) -> None:
    assert not make_request(**{field: "203.0.113.7"}).is_local


def test_a_peer_that_the_server_does_not_tell_is_not_local() -> None:
    environ = make_environ()
    del environ["REMOTE_ADDR"]
    assert Request(environ).remote_addr == ""
    assert not Request(environ).is_local


# --- the head --------------------------------------------------------------------------------------------------------


def test_headers_cookies_and_state_are_there_when_asked_for() -> None:
    request = make_request(HTTP_COOKIE="a=1; b=2", HTTP_X_THING="x", CONTENT_TYPE="Text/HTML; charset=utf-8")
    assert request.headers["x-thing"] == "x"
    assert request.cookies == {"a": "1", "b": "2"}
    assert request.content_type == "text/html"
    request.state["user"] = "ada"
    assert request.state == {"user": "ada"}
    assert repr(request) == "<Request GET '/'>"


@pytest.mark.parametrize(("text", "length"), [("", None), ("0", 0), ("12", 12), ("007", 7)])
def test_the_length_of_the_body_is_a_number_or_none(text: str, length: int | None) -> None:
    assert make_request(CONTENT_LENGTH=text).content_length == length


def test_a_length_that_is_no_length_is_refused() -> None:
    assert refused(make_request(CONTENT_LENGTH="x"), "content_length").status == 400
    assert refused(make_request(CONTENT_LENGTH="9" * 19), "content_length").status == 413


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("", None),
        ("Basic YWRhOnM6ZWNyw6l0", Authorization("basic", "ada", "s:ecrét")),
        ("basic  YWRhOg==", Authorization("basic", "ada", "")),
        ("Basic YWRh", None),
        ("Basic YWRhOnM", None),
        ("Basic /////w==", None),
        ("Basic !YWRhOnM=", None),
        ("Basic", None),
        ("Bearer abc.def-123~+/==", Authorization("bearer", token="abc.def-123~+/==")),
        ("Bearer a b", None),
        ("Bearer ", None),
        ('Digest username="ada"', Authorization("digest", token='username="ada"')),
        ("@ x", None),
        ("Basic \u0663", None),
    ],
)
def test_credentials_are_read_and_what_is_malformed_is_none(field: str, found: Authorization | None) -> None:
    assert make_request(HTTP_AUTHORIZATION=field).authorization == found


def test_credentials_do_not_show_their_secrets() -> None:
    assert repr(Authorization("basic", "ada", "secret", "token")) == "Authorization(scheme='basic', username='ada')"


def test_behind_a_trusted_proxy_the_url_is_what_the_client_asked_for() -> None:
    app = make_app(TRUSTED_PROXIES=["127.0.0.1"])
    seen: list[tuple[str, bool, str]] = []

    @app.route("/a/")
    def index(request: Request) -> str:
        seen.append((request.url, request.is_secure, request.remote_addr))
        return ""

    fields = {"X_FORWARDED_PROTO": "https", "X_FORWARDED_HOST": "example.com", "X_FORWARDED_FOR": "203.0.113.7"}
    for address in ("127.0.0.1", "192.0.2.1"):
        ask(app, "/a/?b=1", REMOTE_ADDR=address, **{f"HTTP_{name}": value for name, value in fields.items()})
    assert seen == [
        ("https://example.com/a/?b=1", True, "203.0.113.7"),
        ("http://localhost/a/?b=1", False, "192.0.2.1"),
    ]


# --- the body --------------------------------------------------------------------------------------------------------


def test_a_body_is_read_once() -> None:
    request = make_request(body=b"abc", method="POST")
    assert request.body == b"abc"
    assert request.body == b"abc"
    assert request.text == "abc"


def test_a_request_without_a_length_has_no_body() -> None:
    values: dict[str, Any] = {"wsgi.input": io.BytesIO(b"left over")}
    environ = make_environ(**values)
    assert Request(environ).body == b""


@pytest.mark.parametrize("name", ["wsgi.input_terminated", "HTTP_TRANSFER_ENCODING"])
def test_a_body_of_unstated_length_is_read_to_its_end(name: str) -> None:
    values: dict[str, Any] = {"wsgi.input": io.BytesIO(b"abc"), name: "chunked"}
    assert make_request(**values).body == b"abc"


@pytest.mark.parametrize("length", ["-1", "1.5", "abc", "+1", "\u0663", "1_0"])
def test_a_length_that_is_no_number_is_a_400(length: str) -> None:
    assert refused(make_request(CONTENT_LENGTH=length), "body").status == 400


@pytest.mark.parametrize("length", ["11", "9" * 18, "9" * 5000])
def test_a_body_that_is_too_large_is_a_413_and_is_not_read(length: str) -> None:
    app = make_app(MAX_BODY_BYTES=10)
    environ = make_environ(CONTENT_LENGTH=length)
    assert refused(Request(environ, app), "body").status == 413
    assert environ["wsgi.input"].tell() == 0


def test_a_body_of_unstated_length_is_bounded_too() -> None:
    values: dict[str, Any] = {"wsgi.input": io.BytesIO(b"x" * 100), "wsgi.input_terminated": True}
    assert refused(Request(make_environ(**values), make_app(MAX_BODY_BYTES=10)), "body").status == 413


def test_a_body_of_just_the_limit_is_taken() -> None:
    assert Request(make_environ(body=b"x" * 10), make_app(MAX_BODY_BYTES=10)).body == b"x" * 10


def test_a_body_that_ends_early_is_a_400() -> None:
    assert refused(make_request(body=b"abc", CONTENT_LENGTH="4"), "body").detail == "The body ended early."


def test_a_body_that_is_not_utf_8_is_a_400_that_names_the_place() -> None:
    assert refused(make_request(body=b"ab\xff"), "text").detail == "The body is not UTF-8 at byte 2."


@pytest.mark.parametrize("kind", ["", "application/json", "Application/JSON; charset=utf-8", "application/ld+json"])
def test_a_json_body_is_its_value(kind: str) -> None:
    assert make_request(body=b'{"a": [1, null]}', CONTENT_TYPE=kind).json() == {"a": [1, None]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "line 1, column 1"),
        (b'{"a": 1,\n"b"}', "line 2, column 4"),
        (b"[NaN]", "NaN is not a JSON value"),
        (b"-Infinity", "-Infinity is not a JSON value"),
        (b"9" * 5000, "The body is no JSON"),
        (b"[" * 200_000, "nested too deeply: more than 100 levels at line 1, column 101."),
        (b'{"\xc3\xa9": "[[{",\n "a": ' + b"[" * 100 + b"]" * 100 + b"}", "at line 2, column 106."),
        (b"[1,\n " + b"9" * 5000 + b"]", "a number has more than 4300 digits at line 2, column 2."),
        (b'["' + b"9" * 5000 + b'", ' + b"9" * 5000 + b"]", "at line 1, column 5006."),
        (b"[1e999]", "the number 1e999 is too large"),
        (b"-1" + b"0" * 400 + b".5", "is too large"),
        (b'"\\', "The body is no JSON"),
        (b'"' + b'\\"' * 100_000 + b"[" * 200, "The body is no JSON"),
        (b"\xef\xbb\xbf{}", "The body is no JSON"),
        (b"\xff", "not UTF-8 at byte 0"),
        ("{}".encode("utf-16"), "not UTF-8 at byte 0"),
    ],
)
def test_a_malformed_json_body_is_a_400_that_says_where(body: bytes, message: str) -> None:
    error = refused(make_request(body=body), "json")
    assert error.status == 400
    assert message in error.detail


def test_json_may_be_nested_100_deep_and_hold_any_number_of_brackets() -> None:
    deep = b"[" * 99 + b"{}" + b"]" * 99
    assert make_request(body=deep).json() is not None
    assert make_request(body=b"[" + b",".join([b'["[[[[", {}]'] * 500) + b"]").json() == [["[[[[", {}]] * 500


def test_of_a_key_that_is_repeated_the_last_value_counts() -> None:
    assert make_request(body=b'{"a": 1, "a": 2}').json() == {"a": 2}


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{}", dict), (b"[]", list), (b'"a"', str), (b"true", bool), (b"1", int), (b"1.5", float), (b"1", float)],
)
def test_json_of_the_type_that_is_wanted_is_taken(body: bytes, kind: type) -> None:
    assert make_request(body=body).json(kind) is not None


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"[]", dict, "The JSON in the body is a list, not an object."),
        (b"{}", list, "The JSON in the body is an object, not a list."),
        (b"null", dict, "The JSON in the body is null, not an object."),
        (b"true", int, "The JSON in the body is true or false, not a whole number."),
        (b"1", bool, "The JSON in the body is a whole number, not true or false."),
        (b"1.5", int, "The JSON in the body is a number, not a whole number."),
        (b"1", str, "The JSON in the body is a whole number, not a text."),
    ],
)
def test_json_of_another_type_is_a_400_that_says_which(body: bytes, kind: type, message: str) -> None:
    with pytest.raises(HTTPError) as caught:
        make_request(body=body).json(kind)
    assert (caught.value.status, caught.value.detail) == (400, message)


@pytest.mark.parametrize(
    ("kind", "is_json"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_a_request_says_whether_its_body_is_json(kind: str, is_json: bool) -> None:
    assert make_request(CONTENT_TYPE=kind).is_json is is_json


@pytest.mark.parametrize("kind", ["text/plain", FORM, "application/jsonp"])
def test_json_of_another_content_type_is_a_415(kind: str) -> None:
    assert refused(make_request(body=b"{}", CONTENT_TYPE=kind), "json").status == 415


def test_a_form_is_read_by_name() -> None:
    request = make_request(body=b"a=1&a=2&b=%C3%A9", CONTENT_TYPE=f"{FORM}; charset=utf-8")
    assert request.form.getlist("a") == ["1", "2"]
    assert request.form["b"] == "é"


def test_a_request_without_a_body_has_an_empty_form() -> None:
    assert len(make_request().form) == 0


@pytest.mark.parametrize(("body", "kind"), [(b"a=1", ""), (b"a=1", "text/plain"), (b"", "application/json")])
def test_a_form_of_another_content_type_is_a_415(body: bytes, kind: str) -> None:
    assert refused(make_request(body=body, CONTENT_TYPE=kind), "form").status == 415


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.one_of(st.binary(max_size=40), st.text(alphabet='{}[]":,0123456789eE-+.tfn\\u', max_size=40).map(str.encode)),
    st.sampled_from(["", FORM, "application/json"]),
    st.text(alphabet=st.characters(max_codepoint=255), max_size=20),
)
def test_no_request_makes_the_readers_raise_anything_but_an_http_error(body: bytes, kind: str, text: str) -> None:
    request = make_request(
        body=body, CONTENT_TYPE=kind, PATH_INFO="/" + text, QUERY_STRING=text, HTTP_COOKIE=text, HTTP_ACCEPT=text
    )

    for name in ("path", "query", "cookies", "headers", "body", "text", "json", "form", "url", "host", "is_local"):
        with contextlib.suppress(HTTPError):
            read(request, name)


# --- the application -------------------------------------------------------------------------------------------------


def test_a_request_knows_its_application_and_builds_urls_with_it() -> None:
    app = make_app()
    app.route("/a/<int:x>/", name="a")(lambda request, x: "")
    request = Request(make_environ(), app)
    assert request.app is app
    assert request.url_for("a", x=7) == "/a/7/"
    assert request.static("site.css") == "/static/site.css"


def test_a_request_that_no_application_handles_says_so() -> None:
    with pytest.raises(RuntimeError, match="belongs to no application"):
        _ = make_request().app


def test_the_current_request_is_gone_after_it() -> None:
    assert current_request.get(None) is None
