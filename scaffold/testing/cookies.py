"""The cookies of the test client, kept as a browser keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from email.message import Message
from http.client import HTTPResponse
from http.cookiejar import Cookie, CookieJar
from typing import cast
from urllib.request import Request

from scaffold.http.cookies import format_cookie

__all__ = ["Cookies"]


class Cookies(MutableMapping[str, str]):
    """Values by name, without the cookies that have expired.

    Which of them a request carries follows from their paths, their ends and ``Secure`` (RFC 6265 section 5.4). A value
    that a test sets counts for every path of ``url``'s host; where paths have cookies of one name, the first set is
    the one that is read. Raises ``ValueError`` for a value that no cookie may have.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._jar = CookieJar()

    def __repr__(self) -> str:
        return repr(dict(self))

    def __getitem__(self, name: str) -> str:
        for cookie in self._living():
            if cookie.name == name:
                return cookie.value or ""
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        text = format_cookie(name, value)
        self.pop(name, None)
        self.keep(self._url, [text])

    def __delitem__(self, name: str) -> None:
        self[name]  # KeyError when there is none
        for cookie in [item for item in self._jar if item.name == name]:
            self._jar.clear(cookie.domain, cookie.path, cookie.name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in self._living()))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def keep(self, url: str, fields: Iterable[str]) -> None:
        """Take in the ``Set-Cookie`` fields of the answer to a request for ``url``, which may also end cookies."""
        self._jar.extract_cookies(cast("HTTPResponse", _Answer(fields)), Request(url))

    def header(self, url: str) -> str:
        """Return the ``Cookie`` field of a request for ``url``; empty when it carries none."""
        request = Request(url)
        self._jar.add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def _living(self) -> Iterator[Cookie]:
        return (cookie for cookie in self._jar if not cookie.is_expired())


class _Answer:
    """As much of a response as the jar asks for."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._head = Message()
        for field in fields:
            self._head["Set-Cookie"] = field

    def info(self) -> Message:
        return self._head
