"""Query strings and urlencoded forms."""

from __future__ import annotations

import contextlib
import datetime
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import HTTPError
from scaffold.http.forms import MAX_FIELDS, MultiDict, parse_urlencoded


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("a=1", [("a", "1")]),
        ("a=1&a=2&b=", [("a", "1"), ("a", "2"), ("b", "")]),
        ("a", [("a", "")]),
        ("=1", [("", "1")]),
        ("a=b=c", [("a", "b=c")]),
        ("a+b=c%20d%2B", [("a b", "c d+")]),
        ("a=%C3%A9&b=é", [("a", "é"), ("b", "é")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a=%", [("a", "%")]),
        ("a=%zz", [("a", "%zz")]),
        ("&&a=1&", [("a", "1")]),
    ],
)
def test_an_urlencoded_text_is_pairs(text: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_urlencoded(text).multi_items() == pairs


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(HTTPError, match="400 b is not UTF-8"):
        parse_urlencoded("a=1&b=%ff")
    with pytest.raises(HTTPError, match="400 A name in the query is not UTF-8"):
        parse_urlencoded("a=1&%ff=1")


def test_too_many_fields_are_refused() -> None:
    assert len(parse_urlencoded("&".join(f"a{n}=1" for n in range(MAX_FIELDS)))) == MAX_FIELDS
    with pytest.raises(HTTPError, match="more than 1000 fields"):
        parse_urlencoded("a=1&" * MAX_FIELDS + "a=1")


@settings(max_examples=150, deadline=None, database=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="a=&%;+0fF\x00é", max_size=40)))
def test_no_text_makes_the_parser_raise_anything_else(text: str) -> None:
    with contextlib.suppress(HTTPError):
        assert isinstance(parse_urlencoded(text), MultiDict)


def test_a_name_stands_for_its_last_value_and_for_all() -> None:
    values = MultiDict([("a", "1"), ("b", "2"), ("a", "3")])
    assert values["a"] == "3"
    assert values.getlist("a") == ["1", "3"]
    assert values.getlist("c") == []
    assert list(values) == ["a", "b"]
    assert len(values) == 2
    assert values.get("c") is None
    assert "c" not in values
    assert repr(values) == "MultiDict([('a', '1'), ('a', '3'), ('b', '2')])"
    with pytest.raises(KeyError):
        values["c"]


VALUES = MultiDict(
    [
        ("int", "7"),
        ("float", "1.5"),
        ("yes", "ON"),
        ("no", "False"),
        ("text", "x"),
        ("date", "2024-02-29"),
        ("uuid", "00000000-0000-0000-0000-000000000007"),
    ]
)


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [
        ("int", "int", 7),
        ("float", "float", 1.5),
        ("float", "int", 7.0),
        ("bool", "yes", True),
        ("bool", "no", False),
        ("date", "date", datetime.date(2024, 2, 29)),
        ("uuid", "uuid", uuid.UUID(int=7)),
    ],
)
def test_a_value_is_converted(method: str, name: str, value: object) -> None:
    assert getattr(VALUES, method)(name) == value


@pytest.mark.parametrize(
    ("method", "default"), [("int", 1), ("float", 0.0), ("bool", False), ("date", ""), ("uuid", 0), ("int", "none")]
)
def test_a_missing_value_is_its_default(method: str, default: object) -> None:
    assert getattr(VALUES, method)("missing", default) == default


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("int", "a whole number"),
        ("float", "a number"),
        ("bool", "true or false"),
        ("date", "a date such as 2026-03-31"),
        ("uuid", "a UUID"),
    ],
)
def test_a_missing_or_wrong_value_is_a_400_that_names_it(method: str, wanted: str) -> None:
    with pytest.raises(HTTPError, match=f"400 missing is missing; it must be {wanted}"):
        getattr(VALUES, method)("missing")
    with pytest.raises(HTTPError, match=f"400 text is 'x'; it must be {wanted}"):
        getattr(VALUES, method)("text", 1)


def test_a_number_of_thousands_of_digits_is_a_400() -> None:
    values: Any = MultiDict([("n", "9" * 5000)])
    with pytest.raises(HTTPError, match="400"):
        values.int("n")


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("int", "1_0"),
        ("int", "²"),
        ("int", " 1"),
        ("float", "nan"),
        ("float", "1e999"),
        ("date", "2023-02-29"),
        ("date", "20240229"),
        ("date", "2024-W01-1"),
        ("date", "\uff12024-02-29"),
        ("date", "0000-01-01"),
        ("uuid", "{00000000-0000-0000-0000-000000000007}"),
        ("uuid", "00000000000000000000000000000007"),
        ("uuid", "urn:uuid:00000000-0000-0000-0000-000000000007"),
    ],
)
def test_values_are_those_that_a_person_would_write(method: str, text: str) -> None:
    with pytest.raises(HTTPError, match="400"):
        getattr(MultiDict([("n", text)]), method)("n")


def test_a_field_that_is_missing_is_a_key_error_and_a_400() -> None:
    with pytest.raises(KeyError):
        VALUES["missing"]
    with pytest.raises(HTTPError, match="400 missing is missing"):
        VALUES["missing"]
    assert VALUES.get("missing", "default") == "default"


@pytest.mark.parametrize(
    ("method", "bounds", "wanted"),
    [
        ("int", {"min": 8}, "a whole number of at least 8"),
        ("int", {"max": 6}, "a whole number of at most 6"),
        ("int", {"min": 1, "max": 6}, "a whole number from 1 to 6"),
        ("float", {"min": 7.5}, "a number of at least 7.5"),
    ],
)
def test_a_number_out_of_bounds_is_a_400_that_names_them(method: str, bounds: dict[str, Any], wanted: str) -> None:
    with pytest.raises(HTTPError, match=f"400 int is '7'; it must be {wanted}"):
        getattr(VALUES, method)("int", **bounds)
    assert getattr(VALUES, method)("missing", 0, **bounds) == 0


def test_a_number_within_bounds_is_taken() -> None:
    assert VALUES.int("int", min=7, max=7) == 7
    assert VALUES.float("float", max=2) == 1.5


def test_a_choice_is_one_of_those_that_there_are() -> None:
    assert VALUES.choice("text", ["x", "y"]) == "x"
    assert VALUES.choice("missing", ["x", "y"], "y") == "y"
    with pytest.raises(HTTPError, match="400 text is 'x'; it must be one of a, b"):
        VALUES.choice("text", ["a", "b"])
    with pytest.raises(HTTPError, match="400 missing is missing; it must be one of a, b"):
        VALUES.choice("missing", ["a", "b"])


def test_a_message_quotes_no_megabytes() -> None:
    with pytest.raises(HTTPError) as caught:
        MultiDict([("n", "x" * 1_000_000)]).int("n")
    assert len(caught.value.detail) < 200


def test_none_is_a_default_and_an_empty_field_counts_as_missing() -> None:
    query = parse_urlencoded("limit=&since=++")
    assert query.date("since", None) is None
    assert query.int("limit", 10) == 10
    assert query.float("other", None) is None
    with pytest.raises(HTTPError, match="limit is missing; it must be a whole number"):
        query.int("limit")
    assert query.choice("limit", ["", "all"], "all") == ""
