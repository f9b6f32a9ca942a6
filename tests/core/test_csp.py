"""Content-Security-Policy: its nonces, and what is refused in the settings."""

from __future__ import annotations

import re
from typing import Any

import pytest

from scaffold import Application, Response, StreamingResponse
from scaffold.exceptions import SettingsError
from scaffold.middleware.csp import csp_nonce

from .helpers import ask

CSP = "scaffold.middleware.csp.content_security_policy"
FIELD = "Content-Security-Policy"
REPORT = "Content-Security-Policy-Report-Only"
PAGE = '<script nonce="{{ csp_nonce() }}"></script><style nonce="{{ csp_nonce() }}"></style>'


def serve(policy: Any, **settings: Any) -> Application:
    app = Application(
        {"DEBUG": False, "MIDDLEWARE": [CSP], "SECURE_CSP": policy, **settings},
        templates={"page.html": PAGE},
    )
    app.route("/")(lambda request: "plain")
    app.route("/page")(lambda request: app.render("page.html", {}, request))
    app.route("/stream")(lambda request: StreamingResponse(f"<script nonce='{csp_nonce()}'>" for _ in "a"))
    app.route("/own")(lambda request: Response(headers={FIELD: "default-src *"}))
    return app


def test_a_policy_is_written_in_the_order_of_the_settings() -> None:
    policy = {"default-src": "'self'  https://cdn.example.com", "img-src": ["'self'", "data:"], "sandbox": []}
    assert ask(serve(policy)).headers[FIELD] == (
        "default-src 'self' https://cdn.example.com; img-src 'self' data:; sandbox"
    )


def test_a_page_that_asks_for_a_nonce_finds_it_in_its_policy() -> None:
    app = serve({"script-src": ["'self'", "'nonce'"], "style-src": ["'nonce'"]})
    first, second = ask(app, "/page"), ask(app, "/page")
    nonces = re.findall(r'nonce="([0-9a-f]{32})"', first.text)
    assert len(nonces) == 2
    assert len(set(nonces)) == 1
    assert first.headers[FIELD] == f"script-src 'self' 'nonce-{nonces[0]}'; style-src 'nonce-{nonces[0]}'"
    assert nonces[0] not in second.text


def test_a_page_that_asks_for_none_has_none_in_its_policy() -> None:
    app = serve({"script-src": ["'self'", "'nonce'"], "style-src": ["'nonce'"]})
    assert ask(app).headers[FIELD] == "script-src 'self'; style-src 'none'"


def test_a_stream_finds_the_nonce_that_its_head_has_named() -> None:
    answer = ask(serve({"script-src": ["'nonce'"]}), "/stream")
    nonce = answer.text.split("'")[1]
    assert len(nonce) == 32
    assert answer.headers[FIELD] == f"script-src 'nonce-{nonce}'"


def test_a_policy_without_the_word_names_no_nonce() -> None:
    assert ask(serve({"script-src": "'self'"}), "/page").headers[FIELD] == "script-src 'self'"


def test_a_response_keeps_its_own_policy() -> None:
    assert ask(serve({"default-src": "'self'"}), "/own").headers.getlist(FIELD) == ["default-src *"]


def test_error_pages_have_the_policy() -> None:
    assert ask(serve({"default-src": "'self'"}), "/missing").headers[FIELD] == "default-src 'self'"


def test_a_policy_that_is_only_reported_has_a_field_of_its_own() -> None:
    app = serve({}, SECURE_CSP_REPORT_ONLY={"script-src": ["'nonce'"], "report-uri": "/csp/"})
    headers = ask(app, "/page").headers
    assert FIELD not in headers
    assert re.fullmatch(r"script-src 'nonce-\w+'; report-uri /csp/", headers[REPORT])


def test_a_nonce_without_a_request_is_empty() -> None:
    assert csp_nonce() == ""
    assert serve({}).render("page.html").startswith('<script nonce="">')


@pytest.mark.parametrize(
    ("policy", "cause", "hint"),
    [
        ({"script-scr": "'self'"}, "the directive 'script-scr'", "Did you mean 'script-src'?"),
        ({"Default-Src": "'self'"}, "the directive 'Default-Src'", "default-src"),
        ({"x; script-src": "*"}, "the directive 'x; script-src'", "script-src"),
        ({"script-src": "self"}, "read as the name of a host", "Write \"'self'\"."),
        ({"script-src": ["nonce"]}, "read as the name of a host", "Write \"'nonce'\"."),
        ({"script-src": "'slef'"}, "\"'slef'\" in 'script-src', which browsers don't know", "Did you mean \"'self'\"?"),
        ({"script-src": "'nonce-abc'"}, "the same for every request", "Write \"'nonce'\"."),
        ({"script-src": "'sha256-?'"}, "browsers don't know", "keywords"),
        ({"img-src": "a; script-src *"}, "end the directive or the header early", "%3B"),
        ({"img-src": ["a\nb"]}, "end the directive or the header early", "one source an item"),
        ({"img-src": ["a b"]}, "end the directive or the header early", "one source an item"),
        ({"img-src": "a,b"}, "end the directive or the header early", "%2C"),
        ({"img-src": "bücher.example"}, "end the directive or the header early", ""),
        ({"report-uri": ["/a;"]}, "end the directive or the header early", ""),
        ({"img-src": ""}, "allows nothing in 'img-src' without saying so", "Write \"'none'\"."),
        ({"img-src": "'none' data:"}, "has 'none' beside other sources", ""),
    ],
)
@pytest.mark.parametrize("setting", ["SECURE_CSP", "SECURE_CSP_REPORT_ONLY"])
def test_what_a_browser_would_pass_over_is_refused(setting: str, policy: Any, cause: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        serve({}, **{setting: policy})
    assert caught.value.cause.startswith(f"{setting} ")
    assert cause in caught.value.cause
    assert hint in caught.value.hint


def test_a_hash_and_a_host_with_a_port_are_sources() -> None:
    policy = {"script-src": ["'sha256-AbC/+9='", "https://*.example.com:8443/x/", "ws:"]}
    assert ask(serve(policy)).headers[FIELD] == "script-src 'sha256-AbC/+9=' https://*.example.com:8443/x/ ws:"
