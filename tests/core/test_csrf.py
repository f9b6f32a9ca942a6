"""Forged requests: what passes, what is refused, and what the refusal says."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from scaffold import Application, Request, Response, ScaffoldError, Settings, View, csrf_exempt, flash, stream_template
from scaffold.checks import run_checks
from scaffold.exceptions import SettingsError, ViewError
from scaffold.middleware.csrf import CSRFError, csrf_token, rotate_token
from scaffold.middleware.csrf.origins import TrustedOrigins
from scaffold.middleware.csrf.tokens import new_secret, token_fits
from scaffold.testing import Client

from .helpers import Answer, ask
from .test_sessions import KEY, SESSIONS, cookie_of, sent

CSRF = "scaffold.middleware.csrf.protect"
FORM = "application/x-www-form-urlencoded"
TEXTS = {"form.html": "{{ csrf_field() }}", "token.txt": "{{ csrf_token() }}"}
HTTPS = {"wsgi.url_scheme": "https"}


class Hook(View):
    def get(self, request: Request) -> str:
        return "got"

    @csrf_exempt("it checks a signature")
    def post(self, request: Request) -> str:
        return "hooked"

    def put(self, request: Request) -> str:
        return "put"


@csrf_exempt("nothing is changed by it")
class Search(View):
    def post(self, request: Request) -> str:
        return "found"


class DerivedSearch(Search):
    pass


@csrf_exempt("it checks a signature")
async def webhook(request: Request) -> str:
    return f"hooked {len(request.body)}"


def change(request: Request) -> str:
    return "changed"


def make_app(**settings: Any) -> Application:
    values = {"DEBUG": False, "SECRET_KEY": KEY, "MIDDLEWARE": [SESSIONS, CSRF], **settings}
    app = Application(values, root=Path(__file__).parent, templates=TEXTS)
    app.route("/form")(lambda request: app.render("form.html"))
    app.route("/token")(lambda request: app.render("token.txt"))
    app.route("/change", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])(change)
    app.route("/login", methods=["POST"])(lambda request: str(request.session.cycle_id()))
    app.route("/hook")(Hook)
    app.route("/search")(Search)
    app.route("/derived")(DerivedSearch)
    app.route("/webhook", methods=["POST"])(webhook)
    return app


def post(app: Application, answer: Answer, token: str = "", path: str = "/change", **environ: Any) -> Answer:
    """Post the token of the page in ``answer``, or ``token``, with the cookie that it set."""
    environ = {"HTTP_COOKIE": sent(answer), "HTTP_X_CSRF_TOKEN": token or answer.text, **environ}
    return ask(app, path, "POST", **{name: value for name, value in environ.items() if value is not None})


# --- the token -------------------------------------------------------------------------------------------------------


def test_a_form_with_the_field_is_accepted_and_one_without_is_not() -> None:
    app = make_app()
    page = ask(app, "/form")
    found = re.fullmatch(r'<input type="hidden" name="csrf_token" value="([A-Za-z0-9_-]{86})">', page.text)
    assert found is not None
    environ = {"CONTENT_TYPE": FORM, "HTTP_COOKIE": sent(page)}
    assert ask(app, "/change", "POST", f"a=b&csrf_token={found[1]}".encode(), **environ).text == "changed"
    assert ask(app, "/change", "POST", b"a=b", **environ).status == 403


def test_an_upload_form_carries_the_token_in_its_field() -> None:
    app = make_app()
    page = ask(app, "/token")
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{page.text}\r\n'
        '--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\ncontent\r\n--x--\r\n'
    )
    answer = ask(
        app,
        "/change",
        "POST",
        body.encode(),
        CONTENT_TYPE="multipart/form-data; boundary=x",
        HTTP_COOKIE=sent(page),
    )
    assert answer.text == "changed"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_that_changes_something_needs_a_token(method: str) -> None:
    app = make_app()
    page = ask(app, "/token")
    assert ask(app, "/change", method).status == 403
    assert ask(app, "/change", method, HTTP_COOKIE=sent(page), HTTP_X_CSRF_TOKEN=page.text).text == "changed"


def test_methods_that_change_nothing_pass_and_set_no_cookie() -> None:
    app = make_app()
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = ask(app, "/change", method, HTTP_ORIGIN="https://evil.example")
        assert answer.status in {200, 204}
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers


def test_each_rendering_differs_and_all_fit() -> None:
    app = make_app()
    first = ask(app, "/token")
    second = ask(app, "/token", HTTP_COOKIE=sent(first))
    assert first.text != second.text
    assert "Set-Cookie" not in second.headers
    assert post(app, first, second.text).text == "changed"
    assert post(app, first).text == "changed"


def test_a_page_with_a_token_belongs_to_one_client() -> None:
    seen: list[bool] = []
    app = make_app()
    app.route("/seen")(lambda request: (app.render("token.txt"), seen.append(request.carries_secrets))[0])
    answer = ask(app, "/seen")
    assert seen == [True]
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Cookie", "private")


@pytest.mark.parametrize(
    "token", ["x", "A" * 86, "é" * 43, "A" * 5000, "=" * 86, "\x00", f"{'A' * 85}\n"], ids=range(7)
)
def test_a_token_that_was_not_made_of_the_secret_is_refused(token: str) -> None:
    app = make_app()
    assert post(app, ask(app, "/token"), token.encode().decode("latin-1")).status == 403


def test_the_token_of_another_visitor_is_refused() -> None:
    app = make_app()
    assert post(app, ask(app, "/token"), ask(app, "/token").text).status == 403


@pytest.mark.parametrize("cookie", ["", "csrf=", "csrf=x", f"csrf={'A' * 42}=", "csrf=\xe9"])
def test_a_token_without_its_cookie_is_refused(cookie: str) -> None:
    app = make_app()
    assert post(app, ask(app, "/token"), HTTP_COOKIE=cookie or None).status == 403


def test_the_secret_in_the_cookie_is_no_token_itself() -> None:
    app = make_app()
    page = ask(app, "/token")
    assert post(app, page, cookie_of(page).value).status == 403
    secret = new_secret()
    assert not token_fits(secret, secret)
    assert not token_fits("A" * 86, "short")


def test_a_login_makes_older_tokens_worthless() -> None:
    app = make_app()
    page = ask(app, "/token")
    login = post(app, page, path="/login")
    cookies = [text for text in login.headers.getlist("Set-Cookie") if text.startswith("csrf=")]
    assert len(cookies) == 1
    assert post(app, page, HTTP_COOKIE=cookies[0].partition(";")[0]).status == 403


def test_a_client_without_a_secret_gets_none_by_a_rotation() -> None:
    app = make_app()
    app.route("/rotate")(lambda request: str(rotate_token(request)))
    assert "Set-Cookie" not in ask(app, "/rotate").headers
    plain = make_app(MIDDLEWARE=[])
    plain.route("/rotate")(lambda request: str(rotate_token(request)))
    assert ask(plain, "/rotate").status == 200


def test_the_cookie_is_careful_and_has_its_prefix_under_https() -> None:
    app = make_app()
    plain, secure = cookie_of(ask(app, "/token")), cookie_of(ask(app, "/token", **HTTPS))
    assert (plain.key, plain["secure"], plain["httponly"], plain["samesite"]) == ("csrf", "", True, "Lax")
    assert (secure.key, secure["secure"], secure["path"], secure["domain"]) == ("__Host-csrf", True, "/", "")


def test_the_names_of_cookie_and_header_are_settings() -> None:
    app = make_app(CSRF_COOKIE_NAME="xsrf", CSRF_HEADER_NAME="X-XSRF-Token")
    page = ask(app, "/token")
    assert cookie_of(page).key == "xsrf"
    environ = {"HTTP_COOKIE": sent(page), "HTTP_X_XSRF_TOKEN": page.text}
    assert ask(app, "/change", "POST", **environ).text == "changed"


def test_a_template_without_the_middleware_says_which_line_is_missing() -> None:
    with pytest.raises(ScaffoldError, match=r"Add \"scaffold\.middleware\.csrf\.protect\" to MIDDLEWARE"):
        Client(make_app(MIDDLEWARE=[])).get("/form")
    with pytest.raises(ScaffoldError, match=r"without the middleware"):
        make_app().render("form.html")


# --- where it comes from ---------------------------------------------------------------------------------------------

TRUSTED = ["https://shop.example.com", "https://*.example.org", "http://localhost:3000", "https://*.example.net:8443"]


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        ("https://localhost", True),
        ("http://localhost", False),
        ("https://localhost:8443", False),
        ("https://shop.example.com", True),
        ("https://shop.example.com:443", False),
        ("https://shop.example.com.evil.example", False),
        ("http://shop.example.com", False),
        ("https://a.example.org", True),
        ("https://a.b.example.org", True),
        ("https://example.org", False),
        ("https://evilexample.org", False),
        ("http://a.example.org", False),
        ("https://a.example.net:8443", True),
        ("https://a.example.net", False),
        ("http://localhost:3000", True),
        ("null", False),
        ("https://localhost, https://localhost", False),
        ("garbage\xe9", False),
    ],
)
def test_an_origin_passes_when_it_is_ours_or_trusted(origin: str, passes: bool) -> None:
    app = make_app(CSRF_TRUSTED_ORIGINS=TRUSTED)
    page = ask(app, "/token", **HTTPS)
    for more in ({}, {"HTTP_SEC_FETCH_SITE": "cross-site"}):
        assert (post(app, page, HTTP_ORIGIN=origin, **HTTPS, **more).status == 200) is passes


def test_an_origin_with_the_default_port_in_the_host_is_ours() -> None:
    app = make_app()
    page = ask(app, "/token", **HTTPS)
    environ = {"HTTP_HOST": "LOCALHOST:443", "HTTP_ORIGIN": "https://localhost", **HTTPS}
    assert post(app, page, **environ).status == 200


@pytest.mark.parametrize(
    ("referer", "passes"),
    [
        ("https://localhost/form?x", True),
        ("https://LOCALHOST:443/form", True),
        ("https://shop.example.com/", True),
        ("http://localhost/form", False),
        ("https://evil.example/https://localhost/", False),
        ("https://localhost@evil.example/", False),
        ("https://[", False),
        ("/form", False),
        ("", False),
        (None, False),
    ],
)
def test_under_https_the_referer_counts_where_there_is_no_origin(referer: str | None, passes: bool) -> None:
    app = make_app(CSRF_TRUSTED_ORIGINS=TRUSTED)
    page = ask(app, "/token", **HTTPS)
    assert (post(app, page, HTTP_REFERER=referer, **HTTPS).status == 200) is passes


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("none", 200), ("x", 200)])
def test_what_a_browser_says_of_the_site_counts_without_an_origin(site: str, status: int) -> None:
    app = make_app()
    assert post(app, ask(app, "/token"), HTTP_SEC_FETCH_SITE=site).status == status


@pytest.mark.parametrize(
    ("authorization", "origin", "status"),
    [
        ("Bearer abc", None, 200),
        ("bearer abc", "https://localhost", 200),
        ("Bearer abc", "https://evil.example", 403),
        ("Bearer ", None, 403),
        ("Basic YTpi", None, 403),
        ("Bearerabc", None, 403),
    ],
)
def test_a_bearer_token_needs_no_other(authorization: str, origin: str | None, status: int) -> None:
    environ = {"HTTP_AUTHORIZATION": authorization, **HTTPS}
    environ.update({"HTTP_ORIGIN": origin} if origin else {})
    assert ask(make_app(), "/change", "POST", **environ).status == status


# --- exemptions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/webhook", "POST", 200),
        ("/hook", "POST", 200),
        ("/hook", "PUT", 403),
        ("/search", "POST", 200),
        ("/derived", "POST", 403),
        ("/nowhere", "POST", 403),
    ],
)
def test_an_exempt_view_takes_requests_from_everywhere(path: str, method: str, status: int) -> None:
    environ = {"HTTP_ORIGIN": "https://evil.example", "CONTENT_TYPE": FORM}
    assert ask(make_app(), path, method, b"%ff", **environ).status == status


@pytest.mark.parametrize("reason", ["", " ", None, change])
def test_an_exemption_without_a_reason_is_refused(reason: Any) -> None:
    with pytest.raises(ViewError, match="given no reason"):
        csrf_exempt(reason)


def test_the_check_names_each_exempt_view_with_its_reason() -> None:
    found = [item for item in run_checks(make_app()) if item.id == "views.csrf-exempt"]
    assert {item.level for item in found} == {"note"}
    assert [item.message.partition(" of ")[2] for item in found] == [
        "/hook takes POST without a CSRF token: it checks a signature",
        "/search takes POST without a CSRF token: nothing is changed by it",
        "/webhook takes POST without a CSRF token: it checks a signature",
    ]


# --- the refusal -----------------------------------------------------------------------------------------------------


def test_a_visitor_reads_what_to_do_and_the_log_what_was_wrong(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(make_app(), "/change", "POST")
    assert answer.status == 403
    assert "Load the page again" in answer.text
    assert "csrf_field" not in answer.text
    (line,) = [record.message for record in caplog.records if record.name == "scaffold.csrf"]
    assert line == "POST '/change' was refused: the client sent no cookie that a token could fit"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "{{ csrf_field() }} into the form; the page with it sets the cookie csrf"),
        ({"HTTP_COOKIE": f"csrf={'A' * 43}"}, "let a script send the header X-CSRF-Token"),
        ({"HTTP_COOKIE": f"csrf={'A' * 43}", "HTTP_X_CSRF_TOKEN": "x"}, "load the page again"),
        ({"HTTP_ORIGIN": "https://evil.example"}, "name it in CSRF_TRUSTED_ORIGINS"),
        ({"HTTP_ORIGIN": "https://localhost"}, "Name it in TRUSTED_PROXIES"),
        ({"HTTP_ORIGIN": "null"}, "Referrer-Policy: no-referrer"),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, "Sec-Fetch-Site says that another site sent it"),
        (HTTPS, "let its Referrer-Policy be same-origin"),
    ],
)
def test_a_developer_reads_which_check_failed_and_how_to_mend_it(environ: Any, words: str) -> None:
    answer = ask(make_app(DEBUG=True), "/change", "POST", HTTP_ACCEPT="application/json", **environ)
    assert answer.status == 403
    assert words in answer.text


def test_the_project_may_answer_for_it_itself() -> None:
    app = make_app()
    app.error_handler(CSRFError)(lambda request, error: f"{error.status}: {error.reason}")
    assert ask(app, "/change", "POST").text == "403: the client sent no cookie that a token could fit"


def test_a_form_that_cannot_be_read_is_refused_for_that() -> None:
    app = make_app()
    environ = {"HTTP_COOKIE": f"csrf={'A' * 43}", "CONTENT_TYPE": FORM}
    assert ask(app, "/change", "POST", b"%ff=%ff", **environ).status == 400
    assert ask(make_app(MAX_BODY_BYTES=3), "/change", "POST", b"a=bc", **environ).status == 413


@pytest.mark.parametrize(
    "settings",
    [
        {"CSRF_TRUSTED_ORIGINS": ["shop.example.com"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://shop.example.com/"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://*"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://a.*.example.com"]},
        {"CSRF_COOKIE_NAME": "a;b"},
        {"CSRF_HEADER_NAME": "a b"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(settings: Any) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        make_app(**settings)


# --- tests -----------------------------------------------------------------------------------------------------------


def test_the_test_client_needs_no_token_unless_it_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    app = make_app()
    assert Client(app).post("/change").text == "changed"
    client = Client(app, enforce_csrf=True)
    assert client.post("/change").status == 403
    token = client.get("/token").text
    assert client.post("/change", form={"csrf_token": token}).text == "changed"


def test_no_header_switches_the_check_off() -> None:
    assert ask(make_app(), "/change", "POST", **{"HTTP_SCAFFOLD.SKIP_CSRF": "1"}).status == 403


def test_a_trusted_wildcard_stands_for_names_alone() -> None:
    trusted = TrustedOrigins(Settings.from_values({"CSRF_TRUSTED_ORIGINS": ["https://*.example.com"]}))
    assert trusted.hold("https://a.b.example.com")
    assert not trusted.hold("https://evil.com/.example.com")


STREAM = "{% for number in range(2000) %}{{ number }} {% endfor %}"


def streaming(text: str) -> Application:
    app = Application({"SECRET_KEY": KEY, "MIDDLEWARE": [SESSIONS, CSRF]}, templates={"page.html": STREAM + text})

    @app.route("/")
    def page(request: Request) -> Response:
        response = stream_template(request, "page.html")
        response.cache_control(public=True, max_age=60)
        return response

    @app.route("/in/")
    def sign_in(request: Request) -> str:
        request.session["user"] = "ada"
        flash(request, "Welcome")
        return csrf_token()

    return app


def test_a_stream_that_may_look_at_the_session_is_kept_from_shared_caches() -> None:
    client = Client(streaming("{{ request.session.get('user') }}{{ csrf_field() }}"))
    client.get("/in/")
    answer = client.get("/")
    assert "ada<input" in answer.text
    assert answer.headers["Vary"] == "Cookie"
    assert answer.headers["Cache-Control"] == "max-age=60, private"


def test_a_stream_shows_no_message_that_it_could_not_take_out() -> None:
    client = Client(streaming("{% for message in messages() %}{{ message }}{% endfor %}"))
    client.get("/in/")
    assert "Welcome" not in client.get("/").text


def test_a_token_that_comes_too_late_for_its_cookie_is_an_error() -> None:
    with pytest.raises(ScaffoldError, match="too late for the token's cookie"):
        Client(streaming("{{ csrf_field() }}")).get("/")


def test_a_refused_json_request_is_told_what_scripts_send() -> None:
    app = Application({"SECRET_KEY": KEY, "MIDDLEWARE": [CSRF], "DEBUG": True})

    @app.route("/", methods=["POST"])
    def api(request: Request) -> dict[str, str]:
        return {}

    answer = Client(app, enforce_csrf=True, raise_errors=False).post("/", json={"a": 1})
    assert answer.status == 403
    assert "A script of this site sends X-CSRF-Token" in answer.text
