"""Cookies: read from a request, and written into a response."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Response
from scaffold.http.cookies import MAX_COOKIE_BYTES, format_cookie, parse_cookies


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2;", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ("a=", {"a": ""}),
        ("a", {}),
        ("=1", {}),
        ("a b=1; c=2", {"c": "2"}),
        ("a=b=c", {"a": "b=c"}),
        ('a="quoted"', {"a": "quoted"}),
        ('a="', {"a": '"'}),
        ("__Host-s=x.y-z", {"__Host-s": "x.y-z"}),
        ("é=1; a=é", {"a": "é"}),
        ("a=1\t;\tb=2", {"a": "1", "b": "2"}),
    ],
)
def test_a_cookie_field_is_names_and_values(header: str, cookies: dict[str, str]) -> None:
    assert parse_cookies(header) == cookies


@settings(max_examples=100, deadline=None, database=None)
@given(st.text(max_size=50))
def test_no_field_makes_the_parser_raise(header: str) -> None:
    assert isinstance(parse_cookies(header), dict)


def test_a_cookie_is_careful_unless_told_otherwise() -> None:
    assert format_cookie("a", "1") == "a=1; Path=/; SameSite=Lax; HttpOnly"


def test_a_cookie_has_the_attributes_it_is_given() -> None:
    text = format_cookie(
        "a",
        "1",
        max_age=60,
        expires=datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        path="/x",
        domain="example.com",
        secure=True,
        httponly=False,
        samesite="None",
    )
    assert text == (
        "a=1; Path=/x; Domain=example.com; Max-Age=60; Expires=Thu, 29 Feb 2024 10:00:00 GMT; SameSite=None; Secure"
    )


@pytest.mark.parametrize(("age", "text"), [(0, "Max-Age=0"), (datetime.timedelta(days=1), "Max-Age=86400")])
def test_an_age_is_seconds(age: Any, text: str) -> None:
    assert text in format_cookie("a", "1", max_age=age).split("; ")


@pytest.mark.parametrize(
    ("name", "value", "options", "message"),
    [
        ("", "1", {}, "no name"),
        ("a b", "1", {}, "no name"),
        ("a=b", "1", {}, "no name"),
        ("a\r\n", "1", {}, "no name"),
        ("a", "1; Domain=evil", {}, "no cookie may have"),
        ("a", "1\r\nX: y", {}, "no cookie may have"),
        ("a", "é", {}, "no cookie may have"),
        ("a", "b c", {}, "no cookie may have"),
        ("a", "1", {"path": "/;x"}, "malformed path"),
        ("a", "1", {"path": "/\r\n"}, "malformed path"),
        ("a", "1", {"path": "x"}, "malformed path"),
        ("a", "1", {"domain": "a;b"}, "malformed path or domain"),
        ("a", "1", {"domain": "a..b"}, "malformed path or domain"),
        ("a", "1", {"partitioned": True}, "needs secure=True"),
        ("__host-a", "1", {}, "needs secure=True"),
        ("__Secure-a", "1", {}, "needs secure=True"),
        ("__Host-a", "1", {}, "needs secure=True"),
        ("a", "1", {"samesite": "None"}, "needs secure=True"),
        ("__Host-a", "1", {"secure": True, "path": "/x"}, "must have the path /"),
        ("__Host-a", "1", {"secure": True, "domain": "x.y"}, "must have the path /"),
        ("a", "1" * MAX_COOKIE_BYTES, {}, "browsers keep 4096"),
    ],
)
def test_a_cookie_that_a_browser_would_refuse_is_refused(
    name: str, value: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        format_cookie(name, value, **options)


def test_a_response_may_set_several_cookies_and_delete_others() -> None:
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", path="/x")
    response.delete_cookie("c")
    response.delete_cookie("__Host-d")
    texts = response.headers.getlist("Set-Cookie")
    assert texts[0].startswith("a=1; Path=/;")
    assert texts[1].startswith("b=2; Path=/x;")
    assert texts[2].startswith("c=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT;")
    assert "Secure" in texts[3].split("; ")


def test_a_partitioned_cookie_says_so() -> None:
    text = format_cookie("a", "1", secure=True, partitioned=True)
    assert text == "a=1; Path=/; SameSite=Lax; Secure; HttpOnly; Partitioned"


def test_a_cookie_replaces_the_earlier_one_of_its_name_path_and_domain() -> None:
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie("b", "1")
    response.set_cookie("a", "2", path="/x")
    response.set_cookie("a", "3", max_age=5)
    texts = [text.partition(";")[0] for text in response.headers.getlist("Set-Cookie")]
    assert texts == ["b=1", "a=2", "a=3"]


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=10), st.text(max_size=10))
def test_no_text_makes_a_cookie_that_is_more_than_one(name: str, value: str, path: str, domain: str) -> None:
    response = Response()
    try:
        response.set_cookie(name, value, path=path, domain=domain)
    except ValueError:
        assert "Set-Cookie" not in response.headers
    else:
        assert parse_cookies(response.headers["Set-Cookie"].partition(";")[0])[name] in {value, value.strip('"')}


def test_a_same_site_value_that_there_is_not_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="it is 'Lax', 'Strict' or 'None'"):
        Response().set_cookie("a", "1", samesite="Lax\r\nX: y")  # type: ignore[arg-type]
