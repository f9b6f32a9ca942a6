"""Cookies and tokens at random: none is believed that was not made here, and none raises."""

from __future__ import annotations

import string
from functools import partial

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scaffold.http.session import SessionRecord, decode_content
from scaffold.middleware.csrf.origins import origin_of
from scaffold.middleware.csrf.tokens import _masked, new_secret, token_fits
from scaffold.middleware.sessions.stores import CookieStore

KEY = "a secret key that is long enough for tests"
STORE = CookieStore([KEY])
GOOD = STORE.save(SessionRecord(b'{"user":7}', 1_700_000_000, 0), 60, 4000)
SECRET = new_secret()
TOKEN = _masked(SECRET)
QUICK = partial(settings, max_examples=200, deadline=None, database=None)
WSGI_TEXT = st.text(st.characters(max_codepoint=255), max_size=200)


@QUICK()
@given(WSGI_TEXT | st.text(string.ascii_letters + string.digits + "-_.", max_size=300))
@example("j1.e30.AAAAAA.AAAA")
@example("." * 300)
def test_no_text_is_a_session_unless_it_was_signed(value: str) -> None:
    assert STORE.load(value) is None


@QUICK()
@given(st.integers(0, len(GOOD) - 2), st.sampled_from(string.ascii_letters + string.digits + "-_.=\xe9"))
def test_a_cookie_with_another_character_is_no_session(place: int, char: str) -> None:
    changed = GOOD[:place] + char + GOOD[place + 1 :]
    assert (STORE.load(changed) is None) is (changed != GOOD)


@QUICK()
@given(st.binary(max_size=200))
def test_content_at_random_is_read_or_refused(content: bytes) -> None:
    values = decode_content(content)
    assert values is None or isinstance(values, dict)
    assert decode_content(b"[" * 100_000) is None


@QUICK()
@given(WSGI_TEXT | st.text(string.ascii_letters + string.digits + "-_", min_size=86, max_size=86), WSGI_TEXT)
def test_no_token_at_random_fits(token: str, secret: str) -> None:
    assert not token_fits(token, secret)
    assert not token_fits(token, SECRET)


@QUICK()
@given(st.integers(0, 84), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_token_with_another_character_does_not_fit(place: int, char: str) -> None:
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]
    assert token_fits(changed, SECRET) is (changed == TOKEN)


@QUICK()
@given(WSGI_TEXT | WSGI_TEXT.map("https://".__add__))
@example("https://[")
@example("https://a:b:c")
def test_every_referer_has_an_origin_or_none(referer: str) -> None:
    origin = origin_of(referer)
    assert origin == "" or "://" in origin
