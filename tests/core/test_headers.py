"""Header fields."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold.http import Headers
from scaffold.http.headers import environ_headers


def test_names_compare_without_regard_to_case_and_keep_their_own() -> None:
    headers = Headers({"Content-Type": "text/html"})
    assert headers["content-TYPE"] == "text/html"
    assert "CONTENT-type" in headers
    assert 7 not in headers  # type: ignore[comparison-overlap]
    assert headers.multi_items() == [("Content-Type", "text/html")]
    assert repr(headers) == "Headers([('Content-Type', 'text/html')])"


def test_a_name_may_have_several_values() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("X", "y"), ("set-cookie", "b=2")])
    assert headers["Set-Cookie"] == "a=1"
    assert headers.getlist("SET-COOKIE") == ["a=1", "b=2"]
    assert list(headers) == ["set-cookie", "x"]
    assert len(headers) == 2


def test_assignment_replaces_all_values_and_add_keeps_them() -> None:
    headers = Headers([("A", "1"), ("a", "2")])
    headers["a"] = "3"
    headers.add("A", "4")
    assert headers.multi_items() == [("a", "3"), ("A", "4")]
    headers["B"] = "5"
    assert headers["b"] == "5"


def test_a_field_is_deleted_in_any_case() -> None:
    headers = Headers([("A", "1"), ("a", "2"), ("B", "3")])
    del headers["a"]
    assert headers.multi_items() == [("B", "3")]
    with pytest.raises(KeyError):
        del headers["a"]
    with pytest.raises(KeyError):
        headers["a"]
    assert headers.get("a") is None


@pytest.mark.parametrize(
    "value",
    ["a\r\nSet-Cookie: b=1", "a\nb", "a\rb", "\x00", "a\x0bb", "\x7f", "a\u2028b", "€", 7, None, b"bytes"],
)
def test_a_value_that_could_end_a_line_or_cannot_be_sent_is_refused(value: Any) -> None:
    headers = Headers({"X": "old"})
    with pytest.raises(ValueError, match="the header X"):
        headers["X"] = value
    with pytest.raises(ValueError, match="the header X"):
        headers.add("X", value)
    assert headers.multi_items() == [("X", "old")]


@pytest.mark.parametrize("name", ["", "A B", "A:", "A\r\n", "É", "(A)"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no header field name"):
        Headers({name: "x"})


def test_white_space_around_a_value_is_dropped_and_latin_1_is_kept() -> None:
    assert Headers({"X": " é \t"})["X"] == "é"


def test_the_fields_of_an_environ_get_their_names_back() -> None:
    environ = {
        "HTTP_X_REQUEST_ID": "7",
        "HTTP_HOST": "example.com",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "",
        "SERVER_NAME": "x",
        "wsgi.version": (1, 0),
    }
    assert environ_headers(environ).multi_items() == [
        ("X-Request-Id", "7"),
        ("Host", "example.com"),
        ("Content-Type", "text/plain"),
    ]


def test_a_field_that_is_known_to_be_right_takes_the_place_of_all_of_its_name() -> None:
    headers = Headers([("A", "1"), ("a", "2"), ("B", "3")])
    headers.put_known("a", "A", "4")
    assert headers.multi_items() == [("A", "4"), ("B", "3")]
