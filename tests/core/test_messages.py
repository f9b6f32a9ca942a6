"""Flash messages: shown once, on the next page that shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scaffold import Application, ScaffoldError, abort, flash, redirect, render
from scaffold.testing import Client

from .helpers import ask
from .test_sessions import KEY, SESSIONS

TEXTS = {
    "all.html": "{% for message in messages() %}[{{ message.category }}: {{ message }}]{% endfor %}",
    "errors.html": "{% for message in messages('error') %}[{{ message.text }}]{% endfor %}",
    "broken.html": "{{ messages() }}{{ 1 / 0 }}",
    "twice.html": "{% if messages() %}{{ messages() | length }}{% endif %}",
}


def make_client(**settings: Any) -> Client:
    values = {"DEBUG": False, "SECRET_KEY": KEY, "MIDDLEWARE": [SESSIONS], **settings}
    app = Application(values, root=Path(__file__).parent, templates=TEXTS)
    for name in TEXTS:
        app.route(f"/{name.partition('.')[0]}")(lambda request, name=name: render(request, name))
    app.route("/flash/<category>")(lambda request, category: str(flash(request, "<hi>", category)))
    app.route("/flash")(lambda request: flash(request, "saved") or redirect("/redirect"))
    app.route("/redirect")(lambda request: app.render("all.html") and redirect("/all"))
    app.route("/missing")(lambda request: abort(404))
    app.route("/untouched")(lambda request: "")
    return Client(app, raise_errors=False)


def test_a_message_survives_redirects_and_is_shown_once() -> None:
    client = make_client()
    assert client.get("/flash", follow=True).text == "[info: saved]"
    assert client.get("/all").text == ""


def test_messages_wait_in_order_and_are_escaped() -> None:
    client = make_client()
    client.get("/flash/one")
    client.get("/flash/two")
    client.get("/untouched")
    assert client.get("/all").text == "[one: &lt;hi&gt;][two: &lt;hi&gt;]"


def test_those_of_one_category_leave_the_others() -> None:
    client = make_client()
    client.get("/flash/error")
    client.get("/flash/info")
    assert client.get("/errors").text == "[&lt;hi&gt;]"
    assert client.get("/all").text == "[info: &lt;hi&gt;]"


def test_a_template_may_ask_twice() -> None:
    client = make_client()
    client.get("/flash/a")
    assert client.get("/twice").text == "1"
    assert client.get("/all").text == ""


def test_a_page_that_fails_takes_no_message_with_it() -> None:
    client = make_client()
    client.get("/flash/a")
    assert client.get("/broken").status == 500
    assert client.get("/all").text == "[a: &lt;hi&gt;]"


def test_a_page_without_messages_sets_no_cookie_and_varies() -> None:
    client = make_client()
    answer = ask(client.app, "/all")
    assert (answer.text, answer.headers["Vary"], "Set-Cookie" in answer.headers) == ("", "Cookie", False)


def test_the_last_message_takes_the_cookie_with_it() -> None:
    client = make_client()
    client.get("/flash/a")
    answer = client.get("/all")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


def test_without_sessions_there_are_no_messages_and_flash_says_why() -> None:
    client = make_client(MIDDLEWARE=[])
    assert client.get("/all").text == ""
    client.raise_errors = True
    with pytest.raises(ScaffoldError, match=r"scaffold\.middleware\.sessions\.sessions"):
        client.get("/flash")
    assert client.app.render("all.html") == ""


def test_messages_that_nobody_looks_at_do_not_pile_up() -> None:
    client = make_client()
    for n in range(30):
        client.get(f"/flash/{n}")
    assert client.get("/all").text.count("[") == 20
    assert client.get("/all").text == ""


def test_what_is_no_message_in_the_session_is_passed_over() -> None:
    client = make_client()
    client.app.route("/odd/<int:n>")(
        lambda request, n: request.session.update(_messages=[7, [1], [["x", "y"]], {"a": 1}][n]) or ""
    )
    for n in range(4):
        client.get(f"/odd/{n}")
        assert client.get("/all").status == 200
