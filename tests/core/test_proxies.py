"""Whom the fields of proxies are believed, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold import Application, Request
from scaffold.exceptions import SettingsError
from scaffold.http.proxies import TrustedProxies
from scaffold.testing import Client

NEAR, FAR, CLIENT = "10.0.0.1", "10.0.0.2", "203.0.113.7"


def applied(*networks: str, peer: str = NEAR, **fields: str) -> tuple[str, str, str]:
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "inside:8000"}
    environ.update({f"HTTP_{name}": value for name, value in fields.items()})
    TrustedProxies(networks or ("10.0.0.0/8",)).apply(environ)
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]


def test_a_peer_that_is_not_named_is_not_believed() -> None:
    fields = {"X_FORWARDED_FOR": CLIENT, "X_FORWARDED_PROTO": "https", "X_FORWARDED_HOST": "evil.example"}
    assert applied(peer="192.0.2.1", **fields) == ("192.0.2.1", "http", "inside:8000")
    assert applied(peer="", **fields) == ("", "http", "inside:8000")


def test_a_trusted_proxy_tells_client_scheme_and_host() -> None:
    fields = {"X_FORWARDED_FOR": CLIENT, "X_FORWARDED_PROTO": "HTTPS", "X_FORWARDED_HOST": "example.com"}
    assert applied(**fields) == (CLIENT, "https", "example.com")
    assert applied(FORWARDED=f'for={CLIENT};proto=https;host="example.com:8443"') == (
        CLIENT,
        "https",
        "example.com:8443",
    )


def test_what_the_client_wrote_itself_is_not_reached() -> None:
    assert applied(X_FORWARDED_FOR=f"1.2.3.4, {CLIENT}")[0] == CLIENT
    assert applied(FORWARDED=f"for=1.2.3.4;host=evil.example, for={CLIENT}") == (CLIENT, "http", "inside:8000")


def test_a_chain_of_trusted_proxies_is_followed_to_the_client() -> None:
    assert applied(X_FORWARDED_FOR=f"1.2.3.4, {CLIENT}, {FAR}", X_FORWARDED_PROTO="https, http") == (
        CLIENT,
        "https",
        "inside:8000",
    )
    assert applied(FORWARDED=f"for={CLIENT};proto=https, for={FAR};proto=http")[:2] == (CLIENT, "https")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ('"[2001:db8::7]:4711"', "2001:db8::7"),
        ('"[2001:DB8::7]"', "2001:db8::7"),
        ('"\\203.0.113.7"', "203.0.113.7"),
        ("unknown", NEAR),
        ("_hidden", NEAR),
    ],
)
def test_an_address_is_read_in_all_its_forms(written: str, address: str) -> None:
    assert applied(FORWARDED=f"For={written}")[0] == address


@pytest.mark.parametrize("written", ["2001:db8::7", "[2001:db8::7]:80"])
def test_ipv6_is_read_from_the_older_field_too(written: str) -> None:
    assert applied(X_FORWARDED_FOR=written)[0] == "2001:db8::7"


@pytest.mark.parametrize(
    "text", ["", ";", ",", "for", "for=", 'for="203.0.113.7', "for=a b", "for=203.0.113.7 x, ???", "=x", "for==x"]
)
def test_a_malformed_field_says_nothing(text: str) -> None:
    assert applied(FORWARDED=text) == (NEAR, "http", "inside:8000")


def test_a_malformed_element_does_not_hide_the_next() -> None:
    assert applied(FORWARDED=f"for=x y, for={CLIENT}")[0] == CLIENT


@pytest.mark.parametrize("host", ["a b", "a/b", "user@host", "a:port", ""])
def test_a_malformed_host_or_scheme_is_left_out(host: str) -> None:
    assert applied(X_FORWARDED_FOR=CLIENT, X_FORWARDED_HOST=host, X_FORWARDED_PROTO="ftp") == (
        CLIENT,
        "http",
        "inside:8000",
    )


def test_addresses_of_both_kinds_are_trusted() -> None:
    proxies = TrustedProxies(["127.0.0.1", "fd00::/8"])
    assert [proxies.trusts(address) for address in ("::ffff:127.0.0.1", "fd00::1%eth0", "::1", "x")] == [
        True,
        True,
        False,
        False,
    ]


def test_the_setting_makes_requests_see_the_client() -> None:
    app = Application({"TRUSTED_PROXIES": ["127.0.0.1"], "DEBUG": True})

    @app.route("/")
    def home(request: Request) -> dict[str, object]:
        return {"url": request.url, "remote": request.remote_addr, "local": request.is_local}

    headers = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.com"}
    answer = Client(app).get("/", headers=headers).json()
    assert answer == {"url": "https://example.com/", "remote": CLIENT, "local": False}
    direct = Client(Application({"DEBUG": True}))
    direct.app.route("/")(home)
    assert direct.get("/", headers=headers).json()["remote"] == "127.0.0.1"


def test_a_wrong_network_is_refused_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"TRUSTED_PROXIES is wrong: .*10\.0\.0\.1/8"):
        Application({"TRUSTED_PROXIES": ["10.0.0.1/8"]})
