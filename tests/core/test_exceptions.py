"""Errors: where, why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaffold import exceptions
from scaffold.exceptions import (
    AddressInUseError,
    HTTPError,
    ProjectNotFoundError,
    RouteConflictError,
    RoutingError,
    ScaffoldError,
    ServerError,
    TargetExistsError,
    UsageError,
    did_you_mean,
    reason_phrase,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ScaffoldError("cause"), "cause"),
        (ScaffoldError("cause", hint="hint"), "cause\n  hint"),
        (ScaffoldError("cause", source="a.py:1"), "a.py:1: cause"),
        (ScaffoldError("cause", hint="hint", source="a.py:1"), "a.py:1: cause\n  hint"),
    ],
)
def test_an_error_tells_the_place_the_cause_and_the_way_out(error: ScaffoldError, text: str) -> None:
    assert str(error) == text
    assert error.args == ("cause",)


def test_the_public_errors_are_those_of_the_drawn_hierarchy() -> None:
    drawn = exceptions.__doc__ or ""
    for name in exceptions.__all__:
        if name != "did_you_mean":
            assert name in drawn
    assert issubclass(ProjectNotFoundError, UsageError)
    assert issubclass(RouteConflictError, RoutingError)
    assert issubclass(AddressInUseError, ServerError)
    assert not issubclass(HTTPError, ScaffoldError)


def test_files_that_would_be_overwritten_are_kept_as_a_tuple() -> None:
    assert TargetExistsError("x", paths=[Path("a"), Path("b")]).paths == (Path("a"), Path("b"))


def test_an_http_error_has_the_phrase_of_its_status_for_a_detail() -> None:
    error = HTTPError(404)
    assert (error.status, error.detail, error.headers, str(error)) == (404, "Not Found", {}, "404 Not Found")
    other = HTTPError(503, "Soon.", headers={"Retry-After": "5"})
    assert (str(other), other.headers) == ("503 Soon.", {"Retry-After": "5"})


@pytest.mark.parametrize("status", [0, 200, 302, 399, 600])
def test_an_http_error_needs_the_status_of_an_error(status: int) -> None:
    with pytest.raises(ValueError, match="needs a status from 400 to 599"):
        HTTPError(status)


def test_a_status_without_a_phrase_is_unknown() -> None:
    assert reason_phrase(418) == "I'm a Teapot"
    assert reason_phrase(599) == "Unknown Status"


def test_the_nearest_known_word_is_suggested_if_any_is_near() -> None:
    assert did_you_mean("detial", ["index", "detail"]) == "Did you mean 'detail'?"
    assert did_you_mean("xyz", ["index", "detail"]) == ""
