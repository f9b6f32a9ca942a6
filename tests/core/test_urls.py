"""Addresses that come with a request: which of them a redirect may lead to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import RedirectResponse, Request, Response, is_safe_url, redirect

from .helpers import ask, make_app, make_request

HTTPS: dict[str, Any] = {"HTTP_HOST": "shop.example:8443", "wsgi.url_scheme": "https"}


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/a/b?next=//evil.example#x",
        "next",
        "?page=2",
        "#top",
        "a/b:c",
        "/é",
        "/..//evil.example",
        "http://localhost/",
        "http://LOCALHOST:80/a",
        "https://localhost/",
        "//localhost/a",
        "http://www.friend.example/",
        "http://other.example:8000/",
    ],
)
def test_a_path_and_a_known_host_are_safe(url: str) -> None:
    assert is_safe_url(url, make_request(), [".friend.example", "other.example:8000"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        " /a",
        "/a\n",
        "\t//evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\x00",
        "\x08//evil.example",
        "/\u200b/x",
        "/\u2028",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "http:///evil.example",
        "http:evil.example",
        "http:/evil.example",
        "http:\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "ftp://localhost/",
        "://evil.example",
        "http://evil.example/",
        "http://localhost.evil.example/",
        "http://evil.example\\@localhost/",
        "http://localhost@evil.example/",
        "http://evil.example@localhost/",
        "http://localhost:8000/",
        "http://localhost:x/",
        "http://localhost:99999/",
        "http://[::1",
        "http://loc\u0430lhost/",
        "http://localhost\uff0fevil.example/",
        "http://notfriend.example/",
        "http://other.example/",
        "http://",
        "//",
        "//@localhost",
        "a:b",
    ],
)
def test_whatever_leads_elsewhere_or_is_read_in_two_ways_is_not(url: str) -> None:
    assert not is_safe_url(url, make_request(), [".friend.example", "other.example:8000"])


def test_under_https_nothing_leads_back_to_http() -> None:
    request = make_request(**HTTPS)
    assert is_safe_url("https://shop.example:8443/", request)
    assert is_safe_url("//shop.example:8443/", request)
    assert not is_safe_url("http://shop.example:8443/", request)
    assert not is_safe_url("https://shop.example/", request)


@settings(max_examples=200, deadline=None, database=None)
@given(st.one_of(st.text(max_size=30), st.text(alphabet="htps:/\\@[]?#.evil0%\t", max_size=30)))
def test_no_address_makes_it_raise_and_a_safe_one_names_no_other_host(url: str) -> None:
    if is_safe_url(url, make_request()):
        sent = RedirectResponse(url).headers["Location"]
        assert not sent.startswith(("//", "/\\", "\\")) or sent.lower().startswith("//localhost")


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(max_size=40))
def test_no_location_can_inject_a_header(location: str) -> None:
    try:
        sent = RedirectResponse(location).headers["Location"]
    except ValueError:
        return
    assert sent.isascii()
    assert sent.isprintable()


def test_a_redirect_with_a_fallback_follows_only_what_is_safe() -> None:
    app = make_app()

    @app.route("/go/", methods=["GET", "POST"])
    def go(request: Request) -> Response:
        return redirect(request.query.get("next", ""), fallback="/home/")

    assert ask(app, "/go/?next=/a/").headers["Location"] == "/a/"
    assert ask(app, "/go/?next=//evil.example").headers["Location"] == "/home/"
    assert ask(app, "/go/").headers["Location"] == "/home/"
    answer = ask(app, "/go/?next=/a/", "POST")
    assert (answer.status, answer.headers["Location"]) == (303, "/a/")
    assert redirect("/a/", fallback="/b/").headers["Location"] == "/b/"
