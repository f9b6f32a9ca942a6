"""Responses: a status, header fields and a body, and how they go out over WSGI (PEP 3333)."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import decimal
import functools
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from scaffold.exceptions import reason_phrase
from scaffold.http.caching import add_vary, format_cache_control
from scaffold.http.conditional import parse_http_date, precondition
from scaffold.http.cookies import SameSite, cookie_identity, format_cookie
from scaffold.http.headers import Headers
from scaffold.http.request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["HTML", "JSONResponse", "RedirectResponse", "Response", "encode_json"]

HTML = "text/html; charset=utf-8"

_JSON = "application/json"
_KNOWN_TYPES = (HTML, _JSON)
_BODILESS = frozenset({204, 205, 304})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What describes the content or says how long it holds, and is wrong beside an error in its place.
_ABOUT_CONTENT = (
    "ETag",
    "Last-Modified",
    "Cache-Control",
    "Expires",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
)


class Response:
    """A response whose whole body is known.

    ``body`` is a text (sent as UTF-8) or bytes, ``status`` is 200 to 599, and ``headers`` are added to the
    ``Content-Type``. Raises ``ValueError`` for a status or a header that can't be sent.
    """

    is_streamed: ClassVar[bool] = False
    """Whether the body is made while it is sent, so that ``body`` does not hold it."""

    _is_refused = False

    def __init__(
        self,
        body: str | bytes = b"",
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = HTML,
    ) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"{status!r} is no status of a final response; use 200 to 599")
        self.status = status
        self.headers = Headers()
        if content_type in _KNOWN_TYPES:
            self.headers.put_known("content-type", "Content-Type", content_type)
        else:
            self.headers["Content-Type"] = content_type
        if headers:
            for name, value in headers.items():
                self.headers[name] = value
        self.body = body
        self._callbacks: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.headers.get('Content-Type', '')}>"

    @property
    def body(self) -> bytes:
        """The body; a text that is assigned is kept as UTF-8."""
        return self._body

    @body.setter
    def body(self, body: str | bytes) -> None:
        if not isinstance(body, str | bytes):
            raise ValueError(f"a body is a text or bytes, not {type(body).__name__}; stream with StreamingResponse")
        self._body = body.encode("utf-8") if isinstance(body, str) else body

    @property
    def text(self) -> str:
        """The body as a text."""
        return self.body.decode("utf-8")

    def set_cookie(
        self,
        name: str,
        value: str = "",
        *,
        max_age: int | datetime.timedelta | None = None,
        expires: datetime.datetime | None = None,
        path: str = "/",
        domain: str = "",
        secure: bool = False,
        httponly: bool = True,
        samesite: SameSite = "Lax",
        partitioned: bool = False,
    ) -> None:
        """Send a cookie; ``max_age`` is in seconds. It replaces one of the same name, path and domain.

        Raises ``ValueError`` for one that browsers would refuse.
        """
        text = format_cookie(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
        if "set-cookie" in self.headers:
            others = self.headers.getlist("set-cookie")
            del self.headers["set-cookie"]
            for other in others:
                if cookie_identity(other) != cookie_identity(text):
                    self.headers.add("Set-Cookie", other)
        self.headers.add("Set-Cookie", text)

    def delete_cookie(self, name: str, *, path: str = "/", domain: str = "", partitioned: bool = False) -> None:
        """Tell the client to forget a cookie; path, domain and ``partitioned`` must be those it was set with."""
        self.set_cookie(
            name,
            max_age=0,
            expires=datetime.datetime.fromtimestamp(0, datetime.UTC),
            path=path,
            domain=domain,
            secure=partitioned or name.lower().startswith(("__host-", "__secure-")),
            partitioned=partitioned,
        )

    def vary(self, *names: str) -> None:
        """Tell caches that the answer depends on these request fields; each is named once, and ``*`` stands for all."""
        add_vary(self.headers, names)

    def cache_control(
        self,
        *,
        max_age: int | datetime.timedelta | None = None,
        s_maxage: int | datetime.timedelta | None = None,
        public: bool = False,
        private: bool = False,
        no_cache: bool = False,
        no_store: bool = False,
        no_transform: bool = False,
        must_revalidate: bool = False,
        proxy_revalidate: bool = False,
        immutable: bool = False,
        stale_while_revalidate: int | datetime.timedelta | None = None,
        stale_if_error: int | datetime.timedelta | None = None,
    ) -> None:
        """Set ``Cache-Control`` (RFC 9111 section 5.2.2) in place of what it was; ages are in seconds.

        Raises ``ValueError`` for directives that contradict each other.
        """
        self.headers["Cache-Control"] = format_cache_control(
            {
                "max_age": max_age,
                "s_maxage": s_maxage,
                "public": public,
                "private": private,
                "no_cache": no_cache,
                "no_store": no_store,
                "no_transform": no_transform,
                "must_revalidate": must_revalidate,
                "proxy_revalidate": proxy_revalidate,
                "immutable": immutable,
                "stale_while_revalidate": stale_while_revalidate,
                "stale_if_error": stale_if_error,
            }
        )

    def make_conditional(self, request: Request) -> None:
        """Become a 304 for a client that has this content, or a 412 where it must be another (RFC 9110 section 13).

        It takes a 200 to GET or HEAD with an ``ETag`` or ``Last-Modified``; any other response stays as it is.
        """
        if self.status != 200 or request.method not in {"GET", "HEAD"}:
            return
        date = self.headers.get("Last-Modified", "")
        status = precondition(request, etag=self.headers.get("ETag", ""), last_modified=parse_http_date(date))
        if status == 304:
            self.status = status
        elif status is not None:
            self._refuse(status, "What is here is not what the request's conditions ask for.")

    def call_on_close(self, function: Callable[[], object]) -> None:
        """Call ``function`` when the response has been sent, or the client has gone."""
        self._callbacks.append(function)

    def prepare(self, request: Request) -> None:
        """Fit the response to the request it answers; called once, before it is sent."""

    def blocks(self) -> Iterable[bytes]:
        """Return the body in blocks."""
        return (self._body,) if self._body else ()

    def close(self) -> None:
        """Release what the response holds and call the functions given to `call_on_close`, the last one first."""
        callbacks, self._callbacks = self._callbacks, []
        with contextlib.ExitStack() as stack:  # runs all of them, also when one raises
            for function in callbacks:
                stack.callback(function)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response over WSGI."""
        self._finish_head()
        start_response(_status_line(self.status), self.headers.multi_items())
        if environ["REQUEST_METHOD"] == "HEAD" or self.status in _BODILESS:
            self.close()
            return ()
        return _Body(self.blocks(), self.close) if self._callbacks else self.blocks()

    def _refuse(self, status: int, sentence: str) -> None:
        """Become an error; done in place, so that what middleware put on the response stays."""
        self._is_refused = True
        self.status = status
        for name in _ABOUT_CONTENT:
            self.headers.pop(name, None)
        self.headers["Content-Type"] = "text/plain; charset=utf-8"
        self.body = f"{sentence}\n"

    def _finish_head(self) -> None:
        if self.status in _BODILESS:
            for name in ("Content-Type", "Content-Length"):
                self.headers.pop(name, None)
        else:
            self.headers.put_known("content-length", "Content-Length", str(len(self._body)))


@functools.lru_cache(maxsize=600)
def _status_line(status: int) -> str:
    return f"{status} {reason_phrase(status)}"


class _Body:
    """The blocks of a response with something to do at its end."""

    def __init__(self, blocks: Iterable[bytes], close: Callable[[], None]) -> None:
        self._blocks = iter(blocks)
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks


class JSONResponse(Response):
    """A JSON body (RFC 8259). Dates, UUIDs and decimals become texts, data classes become objects.

    Raises ``TypeError`` or ``ValueError`` for a value that JSON has no form for.
    """

    def __init__(self, data: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> None:
        text = encode_json(data)
        # A lone surrogate has no UTF-8, but the escape that takes its place is JSON's own (RFC 8259 section 8.2).
        body = text.encode("utf-8", "backslashreplace")
        super().__init__(body, status, headers=headers, content_type=_JSON)


def _json_form(value: object) -> object:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"JSON has no form for {value!r}")


encode_json = json.JSONEncoder(default=_json_form, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class RedirectResponse(Response):
    """A redirect; ``status`` is 301, 302, 303, 307 or 308. What is not ASCII in ``location`` is percent-encoded."""

    def __init__(self, location: str, status: int = 302) -> None:
        if status not in _REDIRECTS:
            raise ValueError(f"{status!r} is no status of a redirect; use 301, 302, 303, 307 or 308")
        super().__init__(status=status, headers={"Location": quote(location, safe="%/:=&?~#+!$,;'@()*[]")})
