"""Which kind of answer a client prefers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.http.negotiation import preferred

from .helpers import make_request

HTML, TEXT, JSON = "text/html", "text/plain", "application/json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", HTML),
        ("*/*", HTML),
        (BROWSER, HTML),
        (JSON, JSON),
        ("APPLICATION/JSON", JSON),
        ("text/*", HTML),
        ("application/json, text/*, */*", JSON),
        ("text/plain, */*", TEXT),
        ("text/plain, */*;q=0.1", TEXT),
        ("text/html;q=0.5, application/json", JSON),
        ("text/html;q=0.5, application/json; q=0.9", JSON),
        ("application/json;q=0, */*", HTML),
        ("text/html;q=0, */*", TEXT),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/html;level=1", HTML),
        ("application/*;q=0.9, text/html;q=0.8, text/plain;q=0.7", JSON),
        ("nonsense", HTML),
        ("nonsense, application/json", JSON),
        ("/, text/, /plain, application/json", JSON),
        ("text/html;q=high, application/json", JSON),
        ("text/html;q=nan, application/json;q=0.1", JSON),
        ("text/html;q=-1, application/json;q=0.1", JSON),
        ("text/html;q=\u0660, application/json;q=0.1", JSON),
        ("text/html;q=5, application/json", HTML),
        ("text/html;q=, application/json", JSON),
        ("text/html;q=.5, application/json;q=.6", JSON),
        ("," * 10000, HTML),
    ],
)
def test_the_best_offer_wins_and_the_first_of_equals(accept: str, best: str | None) -> None:
    assert preferred(accept, [HTML, TEXT, JSON]) == best
    assert make_request(HTTP_ACCEPT=accept).prefers(HTML, TEXT, JSON) == best


def test_without_offers_nothing_is_preferred() -> None:
    assert preferred("", []) is None
    assert preferred("text/html", []) is None


def test_a_request_says_what_its_client_takes() -> None:
    request = make_request(HTTP_ACCEPT="text/*")
    assert request.accepts(HTML)
    assert not request.accepts(JSON)


@settings(max_examples=150, deadline=None, database=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="ahtmlex/*;q=0.19,- ", max_size=60)))
def test_no_field_makes_the_parser_raise(accept: str) -> None:
    assert preferred(accept, [HTML, JSON]) in {HTML, JSON, None}
