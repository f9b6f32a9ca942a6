"""A request: a thin wrapper of the WSGI environ (PEP 3333) that computes each thing when it is first asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from scaffold.exceptions import HTTPError
from scaffold.http.cookies import parse_cookies
from scaffold.http.forms import MultiDict, parse_urlencoded
from scaffold.http.headers import Headers, environ_headers
from scaffold.http.negotiation import preferred

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Request", "RequestApplication", "current_request"]

_MAX_BODY_BYTES = 10 * 1024 * 1024
_MAX_LENGTH_DIGITS = 18
_FORWARDING = frozenset({"HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA"})
_LOCAL_HOST = re.compile(r"(?:(?:[a-z0-9-]+\.)*localhost|[0-9.]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class RequestApplication(Protocol):
    """What a request needs of the application that handles it."""

    @property
    def settings(self) -> Any:
        """The application's settings."""
        ...

    def url_for(self, name: str, /, **values: Any) -> str:
        """Return the path of a route."""
        ...

    def static(self, path: str) -> str:
        """Return the path of a static file."""
        ...

    def render(self, template: str, context: Mapping[str, Any] | None = None, request: Request | None = None) -> str:
        """Return the text of a template."""
        ...


class Request:
    """One HTTP request.

    ``app`` is the application that handles it; ``params`` are the values of the route's parameters and ``route_name``
    is the route's name, both set before the view is called. ``state`` is a place for what middleware hands on.
    """

    def __init__(self, environ: WSGIEnvironment, app: RequestApplication | None = None) -> None:
        self.environ = environ
        self._app = app
        self.method: str = environ["REQUEST_METHOD"]
        self.params: Mapping[str, Any] = {}
        self.route_name = ""
        self._path = ""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.environ.get('PATH_INFO', '')!r}>"

    @property
    def app(self) -> RequestApplication:
        """The application that handles the request; ``RuntimeError`` for a request that none handles."""
        if self._app is None:
            raise RuntimeError("this request belongs to no application")
        return self._app

    @cached_property
    def state(self) -> dict[str, Any]:
        """A place where middleware puts what views read."""
        return {}

    # --- the target ---------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The path below the application's root, percent-decoded; `HTTPError` 400 when it is not UTF-8."""
        if not self._path:  # kept by hand, for every request needs it, and cached_property takes a lock in Python 3.11
            path: str = self.environ.get("PATH_INFO") or "/"
            try:
                self._path = path if path.isascii() else path.encode("latin-1").decode("utf-8")
            except UnicodeDecodeError:
                raise HTTPError(400, "The path is not UTF-8.") from None
        return self._path

    @property
    def script_name(self) -> str:
        """The path under which the application is mounted, percent-encoded; empty at the root of the host."""
        return quote(self.environ.get("SCRIPT_NAME", ""), encoding="latin-1").rstrip("/")

    @property
    def query_string(self) -> str:
        """What follows the question mark, as it came."""
        text: str = self.environ.get("QUERY_STRING", "")
        return text

    @cached_property
    def query(self) -> MultiDict:
        """The values of the query; `HTTPError` 400 for one that can't be read."""
        text = self.query_string
        if not text.isascii():
            try:
                text = text.encode("latin-1").decode("utf-8")
            except UnicodeError:
                raise HTTPError(400, "The query is not UTF-8.") from None
        return parse_urlencoded(text)

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        scheme: str = self.environ["wsgi.url_scheme"]
        return scheme

    @property
    def host(self) -> str:
        """Host and port as the client wrote them, else the server's own name."""
        host: str = self.environ.get("HTTP_HOST", "")
        if host:
            return host
        name, port = self.environ["SERVER_NAME"], self.environ["SERVER_PORT"]
        return name if port == _DEFAULT_PORTS.get(self.scheme) else f"{name}:{port}"

    @property
    def server_port(self) -> int:
        """The port that the server listens on."""
        return int(self.environ["SERVER_PORT"])

    @property
    def url(self) -> str:
        """The whole URL, query included."""
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.scheme}://{self.host}{self.script_name}{quote(self.path)}{query}"

    @property
    def remote_addr(self) -> str:
        """The address of the peer; empty when the server does not tell."""
        address: str = self.environ.get("REMOTE_ADDR", "")
        return address

    @property
    def is_local(self) -> bool:
        """Whether the client is on this machine.

        The peer has a loopback address, is no proxy that speaks for another client, and asked for a host that can be
        nowhere else: a name that an attacker's DNS leads to this machine is refused.
        """
        if not _FORWARDING.isdisjoint(self.environ) or not _LOCAL_HOST.fullmatch(self.host):
            return False
        address = self.remote_addr.removeprefix("::ffff:")
        return address == "::1" or address.startswith("127.")

    # --- the head -----------------------------------------------------------------------------------------------

    @cached_property
    def headers(self) -> Headers:
        """The header fields."""
        return environ_headers(self.environ)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        return parse_cookies(self.environ.get("HTTP_COOKIE", ""))

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters; empty when none was given."""
        value: str = self.environ.get("CONTENT_TYPE", "")
        return value.partition(";")[0].strip().lower()

    def prefers(self, *offers: str) -> str | None:
        """Return the media type of ``offers`` that the client likes best, the first of equals, None for none."""
        return preferred(self.environ.get("HTTP_ACCEPT", ""), offers)

    def accepts(self, media_type: str) -> bool:
        """Say whether the client takes ``media_type``."""
        return self.prefers(media_type) is not None

    # --- the body -----------------------------------------------------------------------------------------------

    @property
    def stream(self) -> IO[bytes]:
        """The body as a stream that was not read yet; nothing bounds what is read of it but the server."""
        stream: IO[bytes] = self.environ["wsgi.input"]
        return stream

    @cached_property
    def body(self) -> bytes:
        """The whole body; `HTTPError` 413 above ``MAX_BODY_BYTES``, 400 when the client sent less than it said."""
        limit = self._app.settings.MAX_BODY_BYTES if self._app else _MAX_BODY_BYTES
        length = self.environ.get("CONTENT_LENGTH") or ""
        if not length:
            # Without a length a server either ends the stream after the body, or there is no body (PEP 3333).
            ends = self.environ.get("wsgi.input_terminated") or self.environ.get("HTTP_TRANSFER_ENCODING")
            return self._read_at_most(limit) if ends else b""
        if not length.isascii() or not length.isdecimal():
            raise HTTPError(400, "Content-Length is not a number.")
        if len(length) > _MAX_LENGTH_DIGITS or int(length) > limit:
            raise HTTPError(413, f"The body is larger than {limit} bytes.")
        body = self.stream.read(int(length))
        if len(body) < int(length):
            raise HTTPError(400, "The body ended early.")
        return body

    def _read_at_most(self, limit: int) -> bytes:
        body = self.stream.read(limit + 1)
        if len(body) > limit:
            raise HTTPError(413, f"The body is larger than {limit} bytes.")
        return body

    @property
    def text(self) -> str:
        """The body as UTF-8; `HTTPError` 400 when it is not."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise HTTPError(400, f"The body is not UTF-8 at byte {error.start}.") from None

    def json(self) -> Any:
        """Return the value of a JSON body.

        Raises `HTTPError` 415 when the content type says that it is something else, 400 with the place when it is
        malformed or nested too deeply.
        """
        kind = self.content_type
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise HTTPError(415, f"The body is {kind}, not JSON.")
        try:
            return json.loads(self.text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            detail = f"The body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}."
            raise HTTPError(400, detail) from None
        except RecursionError:
            raise HTTPError(400, "The JSON in the body is nested too deeply.") from None
        except ValueError as error:
            raise HTTPError(400, f"The body is no JSON: {error}.") from None

    @cached_property
    def form(self) -> MultiDict:
        """The fields of an urlencoded form; empty without a body, `HTTPError` 415 for another content type."""
        if self.content_type == "application/x-www-form-urlencoded":
            return parse_urlencoded(self.text)
        if not self.content_type and not self.body:
            return MultiDict()
        raise HTTPError(415, f"The body is {self.content_type or 'of no stated type'}, not an urlencoded form.")

    # --- the application ----------------------------------------------------------------------------------------

    def url_for(self, name: str, /, **values: Any) -> str:
        """Return the URL of the route ``name``; see `Application.url_for`."""
        return self.app.url_for(name, **values)

    def static(self, path: str) -> str:
        """Return the URL of a static file; see `Application.static`."""
        return self.app.static(path)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")  # RFC 8259 section 6


current_request: ContextVar[Request] = ContextVar("current_request")
"""The request that this thread or task is handling."""
