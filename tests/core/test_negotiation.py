"""Which kind of answer a client prefers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.http.negotiation import preferred, preferred_encoding, preferred_language

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


@pytest.mark.parametrize(
    ("field", "best"),
    [
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-CH", "de"),
        ("pt", "pt-BR"),
        ("pt-PT", None),
        ("pt-br", "pt-BR"),
        ("fr", None),
        ("fr, *;q=0.1", "en"),
        ("fr, de;q=0.1", "de"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("en;q=0, *", "de"),
        ("en;q=0", None),
        ("de-CH, en;q=0.9", "de"),
        ("pt, de, en", "en"),
        ("pt-BR, pt;q=0.1", "pt-BR"),
        (";q=1, de", "de"),
        ("de;q=x", "en"),
        ("," * 10000, "en"),
        ("d" * 10000, None),
        ("-" * 8000, None),
    ],
)
def test_the_best_language_wins(field: str, best: str | None) -> None:
    assert preferred_language(field, ["en", "de", "pt-BR"]) == best
    assert make_request(HTTP_ACCEPT_LANGUAGE=field).prefers_language("en", "de", "pt-BR") == best


@pytest.mark.parametrize(
    ("field", "best"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, *", "br"),
        ("deflate", None),
        ("gzip;q=high", None),
        ("gzip;q=0.001", "gzip"),
        ("gzip;q=0.000", None),
        (", ,gzip", "gzip"),
        ("," * 10000 + "gzip", None),
    ],
)
def test_the_best_coding_wins_and_none_stands_for_no_coding(field: str, best: str | None) -> None:
    assert preferred_encoding(field, ["br", "gzip"]) == best


def test_without_offers_there_is_neither_language_nor_coding() -> None:
    assert preferred_language("", []) is None
    assert preferred_language("de", []) is None
    assert preferred_encoding("gzip", []) is None


@settings(max_examples=150, deadline=None, database=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="deDE-*;q=0.19,gzipbr ", max_size=60)))
def test_no_field_makes_the_other_parsers_raise(field: str) -> None:
    assert preferred_language(field, ["en", "de-CH"]) in {"en", "de-CH", None}
    assert preferred_encoding(field, ["br", "gzip"]) in {"br", "gzip", None}
