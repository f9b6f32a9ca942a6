"""The middleware that gives pages a tag."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold import Response, StreamingResponse
from scaffold.middleware.etags import etags

from .helpers import Answer, ask, make_request


def respond(response: Response, method: str = "GET", **values: Any) -> Answer:
    handled = etags(lambda request: response)(make_request(method=method, **values))
    return ask(handled, method=method)


def test_a_page_gets_a_tag_of_its_bytes_and_is_not_sent_twice() -> None:
    first = respond(Response("page"))
    tag = first.headers["ETag"]
    assert first.body == b"page"
    assert tag.startswith('"')
    again = respond(Response("page"), HTTP_IF_NONE_MATCH=tag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert respond(Response("page"), "HEAD", HTTP_IF_NONE_MATCH=tag).status == 304
    assert respond(Response("other"), HTTP_IF_NONE_MATCH=tag).body == b"other"


def test_a_tag_of_the_views_own_stays_and_counts() -> None:
    assert respond(Response("a", headers={"ETag": '"own"'})).headers["ETag"] == '"own"'
    assert respond(Response("a", headers={"ETag": '"own"'}), HTTP_IF_NONE_MATCH='"own"').status == 304


@pytest.mark.parametrize(
    ("response", "method"),
    [
        (Response("a", 404), "GET"),
        (Response("a"), "POST"),
        (Response("a", headers={"Cache-Control": "private, NO-STORE"}), "GET"),
        (StreamingResponse(["a"]), "GET"),
        (Response(""), "HEAD"),
    ],
)
def test_what_is_no_page_to_keep_gets_no_tag(response: Response, method: str) -> None:
    answer = respond(response, method, HTTP_IF_NONE_MATCH="*")
    assert "ETag" not in answer.headers
    assert answer.status == response.status != 304
