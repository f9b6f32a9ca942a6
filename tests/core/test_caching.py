"""Cache-Control and Vary."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from scaffold import Response
from scaffold.http import Headers
from scaffold.http.caching import has_directive


@pytest.mark.parametrize(
    ("directives", "text"),
    [
        ({"max_age": 60}, "max-age=60"),
        ({"max_age": datetime.timedelta(hours=1), "public": True}, "public, max-age=3600"),
        ({"max_age": 5, "immutable": True, "private": False}, "immutable, max-age=5"),
        ({"no_store": True}, "no-store"),
        ({"no_cache": True, "private": True}, "private, no-cache"),
        (
            {"max_age": 0, "s_maxage": 9, "stale_while_revalidate": 3, "stale_if_error": 4},
            "max-age=0, s-maxage=9, stale-while-revalidate=3, stale-if-error=4",
        ),
        ({"no_transform": True, "must_revalidate": True}, "no-transform, must-revalidate"),
    ],
)
def test_directives_are_written_as_caches_read_them(directives: dict[str, Any], text: str) -> None:
    response = Response(headers={"Cache-Control": "private"})
    response.cache_control(**directives)
    assert response.headers.getlist("Cache-Control") == [text]


@pytest.mark.parametrize(
    "directives",
    [
        {},
        {"public": False},
        {"public": True, "private": True},
        {"private": True, "s_maxage": 1},
        {"no_store": True, "max_age": 0},
        {"no_store": True, "public": True},
        {"no_cache": True, "immutable": True, "max_age": 1},
        {"must_revalidate": True, "stale_if_error": 1, "max_age": 1},
        {"immutable": True},
        {"max_age": -1},
        {"max_age": True},
        {"max_age": 1.5},
        {"max_age": "1"},
        {"public": 1},
    ],
)
def test_what_contradicts_itself_or_is_no_age_is_refused(directives: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at once|at least one|how long|number of seconds|True or False"):
        Response().cache_control(**directives)


def test_vary_names_each_field_once() -> None:
    response = Response(headers={"Vary": "Origin"})
    response.headers.add("Vary", "accept")
    response.vary("Cookie", "origin", "Accept")
    assert response.headers.getlist("Vary") == ["Origin, accept, Cookie"]
    response.vary("*")
    response.vary("Cookie")
    assert response.headers["Vary"] == "*"


@pytest.mark.parametrize("name", ["", "A B", "a,b", "a\r\nX: y", "é"])
def test_vary_takes_only_field_names(name: str) -> None:
    with pytest.raises(ValueError, match="names request fields"):
        Response().vary(name)


def test_vary_of_nothing_says_nothing() -> None:
    response = Response()
    response.vary()
    assert "Vary" not in response.headers


def test_a_directive_is_found_in_any_field_and_case() -> None:
    headers = Headers([("Cache-Control", "max-age=1"), ("Cache-Control", 'No-Cache="x"')])
    assert has_directive(headers, "no-cache")
    assert not has_directive(headers, "no-store")
