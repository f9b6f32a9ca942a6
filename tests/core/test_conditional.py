"""Conditional requests: whether the client's copy is still right, and whether it may change what is there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Response
from scaffold.http.conditional import http_date, may_send_range, precondition

from .helpers import ask, make_request

WRITTEN = 1_700_000_000.75
DATE = http_date(int(WRITTEN))
EARLIER, LATER = http_date(int(WRITTEN) - 5), http_date(int(WRITTEN) + 5)
ETAG = '"abc-1"'
FIELDS = ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_RANGE")


def decide(method: str = "GET", etag: str = ETAG, **values: Any) -> int | None:
    return precondition(make_request(method=method, **values), etag=etag, last_modified=WRITTEN)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, None),
        ({"HTTP_IF_NONE_MATCH": ETAG}, 304),
        ({"HTTP_IF_NONE_MATCH": f"W/{ETAG}"}, 304),
        ({"HTTP_IF_NONE_MATCH": f'"x", {ETAG} , "y"'}, 304),
        ({"HTTP_IF_NONE_MATCH": f', ,"a,b",{ETAG}'}, 304),
        ({"HTTP_IF_NONE_MATCH": "*"}, 304),
        ({"HTTP_IF_NONE_MATCH": '"x"'}, None),
        ({"HTTP_IF_NONE_MATCH": ""}, None),
        ({"HTTP_IF_NONE_MATCH": "abc-1"}, None),
        ({"HTTP_IF_NONE_MATCH": '"x, "abc-1"'}, None),
        ({"HTTP_IF_MODIFIED_SINCE": DATE}, 304),
        ({"HTTP_IF_MODIFIED_SINCE": LATER}, 304),
        ({"HTTP_IF_MODIFIED_SINCE": EARLIER}, None),
        ({"HTTP_IF_MODIFIED_SINCE": "Tue, 14 Nov 2023 22:13:20 -0000"}, 304),
        ({"HTTP_IF_MODIFIED_SINCE": "yesterday"}, None),
        ({"HTTP_IF_MODIFIED_SINCE": "Tue, 14 Nov 99999 22:13:20 GMT"}, None),
        ({"HTTP_IF_NONE_MATCH": '"x"', "HTTP_IF_MODIFIED_SINCE": DATE}, None),
        ({"HTTP_IF_NONE_MATCH": ETAG, "HTTP_IF_MODIFIED_SINCE": http_date(0)}, 304),
        ({"HTTP_IF_MATCH": ETAG}, None),
        ({"HTTP_IF_MATCH": "*"}, None),
        ({"HTTP_IF_MATCH": f"W/{ETAG}"}, 412),
        ({"HTTP_IF_MATCH": '"x"'}, 412),
        ({"HTTP_IF_MATCH": '"x"', "HTTP_IF_NONE_MATCH": ETAG}, 412),
        ({"HTTP_IF_MATCH": ETAG, "HTTP_IF_NONE_MATCH": ETAG}, 304),
        ({"HTTP_IF_MATCH": ETAG, "HTTP_IF_UNMODIFIED_SINCE": EARLIER}, None),
        ({"HTTP_IF_UNMODIFIED_SINCE": EARLIER}, 412),
        ({"HTTP_IF_UNMODIFIED_SINCE": DATE}, None),
        ({"HTTP_IF_UNMODIFIED_SINCE": "yesterday"}, None),
    ],
)
def test_conditions_are_taken_in_the_order_of_the_standard(fields: dict[str, Any], status: int | None) -> None:
    assert decide(**fields) == status


def test_for_a_method_that_changes_something_the_answer_is_412() -> None:
    assert decide("PUT", HTTP_IF_NONE_MATCH="*") == 412
    assert decide("PUT", HTTP_IF_MATCH=ETAG) is None
    assert decide("PUT", HTTP_IF_MODIFIED_SINCE=DATE) is None


def test_what_has_no_tag_matches_none() -> None:
    assert decide(etag="", HTTP_IF_NONE_MATCH="*") is None
    assert decide(etag="", HTTP_IF_MATCH="*") == 412


def test_a_weak_tag_is_good_for_reading_but_not_for_writing() -> None:
    assert decide(etag=f"W/{ETAG}", HTTP_IF_NONE_MATCH=ETAG) == 304
    assert decide("PUT", etag=f"W/{ETAG}", HTTP_IF_MATCH=f"W/{ETAG}") == 412


def test_a_date_is_written_as_http_wants_it() -> None:
    assert DATE == "Tue, 14 Nov 2023 22:13:20 GMT"


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.one_of(st.text(max_size=40), st.text(alphabet='Tue, 14Nov203:GM+-W/"*', max_size=40)),
    )
)
def test_no_condition_makes_it_raise(fields: dict[str, Any]) -> None:
    assert decide(**fields) in {None, 304, 412}
    assert may_send_range(make_request(**fields), etag=ETAG, last_modified=WRITTEN) in {True, False}


def tagged(method: str = "GET", status: int = 200, **values: Any) -> Response:
    response = Response("page", status, headers={"ETag": ETAG, "Cache-Control": "max-age=9", "X-A": "1"})
    response.make_conditional(make_request(method=method, **values))
    return response


def test_any_response_with_a_tag_can_be_made_conditional() -> None:
    answer = ask(tagged(HTTP_IF_NONE_MATCH=ETAG))
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", ETAG)
    refused = ask(tagged(HTTP_IF_MATCH='"x"'))
    assert (refused.status, refused.headers["X-A"]) == (412, "1")
    assert refused.text == "What is here is not what the request's conditions ask for.\n"
    assert "ETag" not in refused.headers
    assert "Cache-Control" not in refused.headers


def test_a_response_to_a_change_or_with_an_error_stays_as_it_is() -> None:
    assert tagged("POST", HTTP_IF_NONE_MATCH=ETAG).status == 200
    assert tagged(status=404, HTTP_IF_NONE_MATCH=ETAG).status == 404
