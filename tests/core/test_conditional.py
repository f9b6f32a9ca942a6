"""Conditional requests: whether the client's copy is still right."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.http import Headers
from scaffold.http.conditional import http_date, is_not_modified

WRITTEN = 1_700_000_000.75
DATE = http_date(WRITTEN)
ETAG = '"abc-1"'


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({}, False),
        ({"If-None-Match": ETAG}, True),
        ({"If-None-Match": f"W/{ETAG}"}, True),
        ({"If-None-Match": f'"x", {ETAG} , "y"'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"x"'}, False),
        ({"If-None-Match": ""}, False),
        ({"If-None-Match": "abc-1"}, False),
        ({"If-Modified-Since": DATE}, True),
        ({"If-Modified-Since": http_date(WRITTEN + 5)}, True),
        ({"If-Modified-Since": http_date(WRITTEN - 5)}, False),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 -0000"}, True),
        ({"If-Modified-Since": "yesterday"}, False),
        ({"If-Modified-Since": "Tue, 14 Nov 99999 22:13:20 GMT"}, False),
        ({"If-None-Match": '"x"', "If-Modified-Since": DATE}, False),
        ({"If-None-Match": ETAG, "If-Modified-Since": http_date(0)}, True),
    ],
)
def test_a_copy_is_right_when_its_tag_or_else_its_date_is(headers: dict[str, str], same: bool) -> None:
    assert is_not_modified(Headers(headers), etag=ETAG, last_modified=WRITTEN) is same


def test_a_date_is_written_as_http_wants_it() -> None:
    assert DATE == "Tue, 14 Nov 2023 22:13:20 GMT"


@settings(max_examples=150, deadline=None, database=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="Tue, 14Nov203:GM+-", max_size=40)))
def test_no_date_makes_the_parser_raise(text: str) -> None:
    is_not_modified({"if-modified-since": text}, etag=ETAG, last_modified=WRITTEN)
