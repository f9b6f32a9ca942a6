"""A request: a thin wrapper of the WSGI environ (PEP 3333) that computes each thing when it is first asked for."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cached_property
from time import perf_counter_ns
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar, overload
from urllib.parse import quote

from scaffold.exceptions import HTTPError, ScaffoldError
from scaffold.http.authorization import Authorization, parse_authorization
from scaffold.http.body import body_blocks, content_length, read_body
from scaffold.http.cookies import parse_cookies
from scaffold.http.form_limits import FormLimits
from scaffold.http.forms import FormData, MultiDict, MultiMapping, parse_form, parse_urlencoded
from scaffold.http.headers import Headers, environ_headers
from scaffold.http.json_body import checked_kind, parse_json
from scaffold.http.negotiation import preferred, preferred_language
from scaffold.http.session import Session

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from scaffold.http.response import Response
    from scaffold.http.uploads import UploadedFile

__all__ = ["Request", "RequestApplication", "current_request"]

T = TypeVar("T")

_MAX_BODY_BYTES = 10 * 1024 * 1024
_FORM_LIMITS = FormLimits()
_FORWARDING = frozenset({"HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA"})
_LOCAL_HOST = re.compile(r"(?:(?:[a-z0-9-]+\.)*localhost|[0-9.]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_NONCE_BYTES = 16
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Ids of this process count nanoseconds from a random number on: 80 bits, of which the first is set for the length.
# A process that is forked later shares the number and the clock, and takes no moment twice.
_FIRST_ID = int.from_bytes(os.urandom(10), "big") | 1 << 79


class RequestApplication(Protocol):
    """What a request needs of the application that handles it."""

    @property
    def settings(self) -> Any:
        """The application's settings."""
        ...

    @property
    def form_limits(self) -> FormLimits:
        """What a form may cost."""
        ...

    def url_for(self, name: str, /, **values: Any) -> str:
        """Return the path of a route."""
        ...

    def static(self, path: str) -> str:
        """Return the path of a static file."""
        ...

    def render(
        self,
        template: str,
        context: Mapping[str, Any] | None = None,
        request: Request | None = None,
        *,
        block: str = "",
    ) -> str:
        """Return the text of a template, or of one block of it."""
        ...

    def stream(
        self, template: str, context: Mapping[str, Any] | None = None, request: Request | None = None
    ) -> Iterator[str]:
        """Yield the text of a template in pieces."""
        ...

    def resolve(self, path: str, method: str = "GET") -> Any:
        """Return what the routes make of a path and a method."""
        ...


class Request:
    """One HTTP request.

    ``app`` is the application that handles it; ``params`` are the values of the route's parameters and ``route_name``
    is the route's name, both set before the view is called. ``state`` is a place for what middleware hands on.
    """

    carries_secrets: bool = False
    """Whether the answer holds what only this client may know, beside what it sent: such answers are not compressed."""

    # Middleware puts the first of each pair here; the second is made when a view or a template asks for it.
    _session_loader: Callable[[Request], Session] | None = None
    _session: Session | None = None
    _csrf_reader: Callable[[Request], str] | None = None
    _csrf_secret: str = ""
    _csrf_is_new: bool = False

    finishers: tuple[Callable[[Response], object], ...] = ()
    """What `after_this_request` was given."""

    holds_files: bool = False
    """Whether a form with files was read, so that `close` is to be called at the end."""

    _form: FormData | HTTPError | None = None

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

    @property
    def id(self) -> str:
        """A name for the request in logs: the client's ``X-Request-ID`` where it is well formed, else a new one.

        Well formed are 1 to 64 letters and digits of ASCII, dots, underscores and hyphens.
        """
        found: str | None = self.environ.get("scaffold.request_id")  # where a server's log finds it, too
        if found is None:
            given = self.environ.get("HTTP_X_REQUEST_ID")
            found = given if given and _REQUEST_ID.fullmatch(given) else f"{_FIRST_ID + perf_counter_ns():x}"
            self.environ["scaffold.request_id"] = found
        return found

    @property
    def csp_nonce(self) -> str:
        """128 random bits for the attribute ``nonce`` of scripts and styles, made when first asked for.

        The answer's Content-Security-Policy names it then; see `scaffold.middleware.csp`.
        """
        found: str | None = self.environ.get("scaffold.csp_nonce")
        if found is None:
            found = self.environ["scaffold.csp_nonce"] = os.urandom(_NONCE_BYTES).hex()
        return found

    @cached_property
    def state(self) -> dict[str, Any]:
        """A place where middleware puts what views read."""
        return {}

    @property
    def session(self) -> Session:
        """What the site keeps for this visitor; `ScaffoldError` without the session middleware."""
        if self._session is None:
            if self._session_loader is None:
                raise ScaffoldError(
                    "request.session was used without the middleware that loads and saves sessions",
                    hint='Add "scaffold.middleware.sessions.sessions" to MIDDLEWARE.',
                )
            self._session = self._session_loader(self)
        return self._session

    def after_this_request(self, function: Callable[[Response], object]) -> None:
        """Call ``function`` with the response to this request, before middleware sees it: to set a header, say.

        It is called for an error's response too. What it raises is answered as if the view had raised it.
        """
        self.finishers = (*self.finishers, function)

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
    def is_secure(self) -> bool:
        """Whether the client speaks HTTPS, with this server or with a trusted proxy before it."""
        return self.scheme == "https"

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
    def full_path(self) -> str:
        """The path from the root of the host, percent-encoded, and the query: what leads back to this page."""
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.script_name}{quote(self.path)}{query}"

    @property
    def url(self) -> str:
        """The whole URL, query included."""
        return f"{self.scheme}://{self.host}{self.full_path}"

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

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes, None where none was given; `HTTPError` 400 for what is no number."""
        return content_length(self.environ)

    @property
    def is_json(self) -> bool:
        """Whether the content type says that the body is JSON: ``application/json``, or one that ends in ``+json``."""
        kind = self.content_type
        return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))

    @property
    def authorization(self) -> Authorization | None:
        """The credentials of the field ``Authorization``; None without one, and for one that is malformed."""
        return parse_authorization(self.environ.get("HTTP_AUTHORIZATION", ""))

    def prefers(self, *offers: str) -> str | None:
        """Return the media type of ``offers`` that the client likes best, the first of equals, None for none."""
        return preferred(self.environ.get("HTTP_ACCEPT", ""), offers)

    @property
    def last_event_id(self) -> str:
        """The id of the last server-sent event that the client got; empty at first, `HTTPError` 400 when not UTF-8."""
        text: str = self.environ.get("HTTP_LAST_EVENT_ID", "")
        try:
            return text if text.isascii() else text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            raise HTTPError(400, "Last-Event-ID is not UTF-8.") from None

    def accepts(self, media_type: str) -> bool:
        """Say whether the client takes ``media_type``."""
        return self.prefers(media_type) is not None

    def prefers_language(self, *offers: str) -> str | None:
        """Return the language tag of ``offers`` that the client likes best, the first of equals, None for none."""
        return preferred_language(self.environ.get("HTTP_ACCEPT_LANGUAGE", ""), offers)

    # --- the body -----------------------------------------------------------------------------------------------

    @property
    def stream(self) -> IO[bytes]:
        """The body as a stream that was not read yet; nothing bounds what is read of it but the server."""
        stream: IO[bytes] = self.environ["wsgi.input"]
        return stream

    @cached_property
    def body(self) -> bytes:
        """The whole body; `HTTPError` 413 above ``MAX_BODY_BYTES``, 400 when the client sent less than it said.

        ``RuntimeError`` when its files were taken out of it already: ask for the body before the form, or not at all.
        """
        if self.holds_files:
            raise RuntimeError("the body was read as a form already; read request.body before request.form")
        return read_body(self.environ, self._max_body_bytes)

    @property
    def _max_body_bytes(self) -> int:
        limit: int = self._app.settings.MAX_BODY_BYTES if self._app else _MAX_BODY_BYTES
        return limit

    @property
    def text(self) -> str:
        """The body as UTF-8; `HTTPError` 400 when it is not."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise HTTPError(400, f"The body is not UTF-8 at byte {error.start}.") from None

    @overload
    def json(self) -> Any: ...

    @overload
    def json(self, kind: type[T]) -> T: ...

    def json(self, kind: type[Any] | None = None) -> Any:
        """Return the value of a JSON body, which must be of the type ``kind`` (such as ``dict``) where that is given.

        Raises `HTTPError` 415 when the content type says that the body is something else, 400 with the place when it is
        malformed or nested more than 100 deep, and 400 when the value is of another type.
        """
        if self.content_type and not self.is_json:
            raise HTTPError(415, f"The body is {self.content_type}, not JSON.")
        value = parse_json(self.body)
        return value if kind is None else checked_kind(value, kind)

    @property
    def form(self) -> MultiDict:
        """The texts of a form; empty without a body.

        Raises `HTTPError` 415 for a body that is neither urlencoded nor multipart/form-data, 400 for one that is
        malformed, and 413 for one that is more than FORM_LIMITS allow.
        """
        return self._asked_form().fields

    @property
    def files(self) -> MultiMapping[UploadedFile]:
        """The files of a form by the names of its fields, there as long as the request; raises what `form` does."""
        return self._asked_form().files

    @property
    def read_form(self) -> FormData | None:
        """The form as far as it was asked for and could be read, else None; nothing is read for it."""
        return self._form if isinstance(self._form, FormData) else None

    def close(self) -> None:
        """Give back what uploaded files take; the application calls it when the response has been sent."""
        if isinstance(self._form, FormData) and self._form.store is not None:
            self._form.store.close()

    def _asked_form(self) -> FormData:
        if self._form is None:
            try:
                self._form = self._parsed_form()
            except HTTPError as error:  # a second try would find the rest of the body
                self._form = error
        if isinstance(self._form, HTTPError):
            raise self._form.with_traceback(None)
        return self._form

    def _parsed_form(self) -> FormData:
        limits = _FORM_LIMITS if self._app is None else self._app.form_limits
        kind = self.content_type
        if kind == "multipart/form-data":
            blocks = iter((self.body,)) if "body" in self.__dict__ else body_blocks(self.environ, self._max_body_bytes)
            self.holds_files = True
            reader = importlib.import_module("scaffold.http.form_data")
            form: FormData = reader.read_form_data(self.environ["CONTENT_TYPE"], blocks, limits)
            return form
        if kind == "application/x-www-form-urlencoded":
            if "body" not in self.__dict__:
                self.body = read_body(self.environ, min(self._max_body_bytes, limits.text_bytes))
            return FormData(parse_form(self.body, limits), MultiMapping())
        if not kind and not self.body:
            return FormData(MultiDict(), MultiMapping())
        raise HTTPError(415, f"The body is {kind or 'of no stated type'}, not a form.")

    # --- the application ----------------------------------------------------------------------------------------

    def url_for(self, name: str, /, **values: Any) -> str:
        """Return the URL of the route ``name``; see `Application.url_for`."""
        return self.app.url_for(name, **values)

    def static(self, path: str) -> str:
        """Return the URL of a static file; see `Application.static`."""
        return self.app.static(path)


current_request: ContextVar[Request] = ContextVar("current_request")
"""The request that this thread or task is handling."""
