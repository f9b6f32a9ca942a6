"""Checks of routes that others hide, and of redirects."""

from __future__ import annotations

from typing import Any

import pytest

from .check_helpers import app_with, check, found

VIEWS = "def page(request, **values):\n    return ''\n"
URLS = "apps/blog/urls.py"


def test_a_route_that_nothing_reaches_is_an_error(project: Any) -> None:
    paths = ('"<int:id>/", views.page', '"<int(max=4):low>/", views.page', '"<int(min=5):high>/", views.page')
    folder, (finding,) = check(project, app_with(VIEWS, *paths))
    assert (finding.level, finding.id, finding.source) == ("error", "routes.unreachable", f"{folder}/{URLS}:6")
    assert finding.message.startswith("nothing reaches the route /blog/<int:id>/: /blog/<int(")
    assert f"({folder}/{URLS}:7)" in finding.message


def test_a_redirect_to_a_route_that_there_is_not_is_an_error(project: Any) -> None:
    files: dict[str, str | bytes] = {
        "apps/blog/urls.py": "from scaffold import path, redirect_to\n\n"
        "urlpatterns = [path('old/', redirect_to('blog:nowhere'))]\n"
    }
    assert found(project, files) == [("error", "routes.invalid", f"{URLS}:3")]


def test_a_route_of_which_another_takes_some_urls_is_a_note(project: Any) -> None:
    files = app_with(VIEWS, '"<name>/", views.page', '"new/", views.page')
    folder, (finding,) = check(project, files)
    assert (finding.level, finding.id, finding.source) == ("note", "routes.hidden", f"{folder}/{URLS}:6")
    assert finding.message == (
        f"some URLs of /blog/<name>/ are not its own: /blog/new/ ({folder}/{URLS}:7) comes before it,"
        " at /blog/new/ for one"
    )


@pytest.mark.parametrize(
    "paths",
    [
        ('"", views.page', '"<int:id>/", views.page'),
        ('"<int:id>/", views.page', '"new/", views.page'),
        ('"a/<name>/", views.page', '"b/<name>/", views.page'),
        ('"<name>/", views.page', '"new/", views.page, methods=["POST"]'),
    ],
)
def test_routes_that_share_no_url_are_no_finding(project: Any, paths: tuple[str, ...]) -> None:
    assert found(project, app_with(VIEWS, *paths)) == []
