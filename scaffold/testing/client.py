"""A client for tests: it calls the application over WSGI, without sockets, and keeps cookies like a browser."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode, urljoin, urlsplit, urlunsplit

from scaffold.application import Application
from scaffold.http import Headers, Request, Response, Session
from scaffold.middleware.sessions import sessions
from scaffold.testing.bodies import FileData, FormData, content
from scaffold.testing.cookies import Cookies

__all__ = ["Client", "TestResponse"]

MAX_REDIRECTS = 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})


class TestResponse:
    """What the application answered; ``url`` is what was asked for last, ``history`` the redirects before."""

    __test__ = False

    def __init__(self, url: str, status: int, headers: Headers, body: bytes) -> None:
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body
        self.history: list[TestResponse] = []

    def __repr__(self) -> str:
        return f"<TestResponse {self.status} {self.url}>"

    @property
    def text(self) -> str:
        """The body as UTF-8, unpacked where it is sent with gzip."""
        return self._content().decode("utf-8")

    def json(self) -> Any:
        """Return the value of a JSON body."""
        return json.loads(self._content())

    def _content(self) -> bytes:
        is_packed = self.headers.get("Content-Encoding", "") == "gzip"
        return gzip.decompress(self.body) if is_packed else self.body


class Client:
    """Calls ``app``; cookies are kept from one request to the next.

    An exception in a view is raised here, where the test can see it, unless ``raise_errors`` is off: then the answer is
    the 500 that a browser would get. Requests need no CSRF token unless ``enforce_csrf`` is on. ``host`` defaults to
    the first of ALLOWED_HOSTS that is a plain name, else ``localhost``.
    """

    def __init__(
        self, app: Application, *, host: str = "", raise_errors: bool = True, enforce_csrf: bool = False
    ) -> None:
        self.app = app
        self.host = host or next((name for name in app.settings.ALLOWED_HOSTS if name[:1] not in "*."), "localhost")
        self.raise_errors = raise_errors
        self.enforce_csrf = enforce_csrf
        self.cookies = Cookies(f"http://{self.host}/")

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET ``path``; the options are those of `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> TestResponse:
        """HEAD ``path``; the options are those of `request`."""
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """POST to ``path``; the options are those of `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        """PUT to ``path``; the options are those of `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        """PATCH ``path``; the options are those of `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """DELETE ``path``; the options are those of `request`."""
        return self.request("DELETE", path, **options)

    def options(self, path: str, **options: Any) -> TestResponse:
        """OPTIONS of ``path``; the options are those of `request`."""
        return self.request("OPTIONS", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: FormData | None = None,
        form: FormData | None = None,
        files: Mapping[str, FileData | Sequence[FileData]] | None = None,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        follow: bool = False,
    ) -> TestResponse:
        """Send a request to ``path``, or to a whole URL of this host, and return the answer.

        ``query`` is added to the path's own; at most one of ``form``, ``json`` and ``body`` is sent. ``files`` are sent
        with the ``form``, by the names of its fields: each is bytes, a `Path`, an open file, or a tuple of a name, one
        of these, and a content type if it should not follow the name; a list stands for several. With ``follow``
        redirects on this host are followed, 20 at most; ``RuntimeError`` beyond that.
        """
        path = path.removeprefix(f"http://{self.host}")
        if query:
            path += ("&" if "?" in path else "?") + urlencode(query, doseq=True)
        data, content_type = content(form, files, json, body)
        fields = {"Content-Type": content_type} if content_type else {}
        fields.update(headers or {})
        response = self._send(method, path, data, fields)
        history: list[TestResponse] = []
        while follow and response.status in _REDIRECTS:
            if len(history) == MAX_REDIRECTS:
                raise RuntimeError(f"{path} redirects more than {MAX_REDIRECTS} times")
            history.append(response)
            target = urljoin(response.url, response.headers["Location"])
            parts = urlsplit(target)
            if parts.netloc != self.host:
                break
            if response.status not in _KEEP_METHOD and method != "HEAD":
                method, data, fields = "GET", b"", dict(headers or {})
            response = self._send(method, urlunsplit(("", "", parts.path or "/", parts.query, "")), data, fields)
        response.history = history
        return response

    @contextmanager
    def session(self) -> Iterator[dict[str, Any]]:
        """Give the values of this client's session, to be read and changed; what they are in the end is kept.

        ``with client.session() as session: session["user"] = "ada"`` signs in without a form.
        """
        values: dict[str, Any] = {}
        self._with_session(values.update)
        yield values

        def keep(session: Session) -> None:
            session.clear()
            session.update(values)

        self._with_session(keep)

    def _with_session(self, use: Callable[[Session], object]) -> None:
        """Call ``use`` with the session, as a view would, and keep the cookie that comes of it."""

        def view(request: Request) -> Response:
            use(request.session)
            return Response()

        request = Request(self._environ("GET", "/", b"", {}), self.app)
        response = sessions(view, self.app)(request)
        self.cookies.keep(f"http://{self.host}/", response.headers.getlist("Set-Cookie"))

    def _send(self, method: str, path: str, content: bytes, fields: Mapping[str, str]) -> TestResponse:
        environ = self._environ(method, path, content, fields)
        answer: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            del exc_info
            answer.append((status, headers))
            return chunks.append

        chunks: list[bytes] = []
        try:
            blocks = self.app(environ, start_response)
            try:
                chunks.extend(blocks)
            finally:
                close = getattr(blocks, "close", None)
                if close is not None:
                    close()
        except Exception as error:
            __tracebackhide__ = True  # pytest leaves this function out of what it shows
            raise error.with_traceback(_without_framework(error.__traceback__))  # noqa: B904 - it is the same one
        status, headers = answer[-1]
        response = TestResponse(f"http://{self.host}{path}", int(status[:3]), Headers(headers), b"".join(chunks))
        self.cookies.keep(response.url, response.headers.getlist("Set-Cookie"))
        return response

    def _environ(self, method: str, path: str, content: bytes, fields: Mapping[str, str]) -> dict[str, Any]:
        target, _, query = path.partition("#")[0].partition("?")
        name, _, port = self.host.partition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(quote(target, safe="/%")).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": name,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": self.host,
            "CONTENT_LENGTH": str(len(content)) if content or method in {"POST", "PUT", "PATCH"} else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(content),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "scaffold.raise_errors": self.raise_errors,
            "scaffold.skip_csrf": not self.enforce_csrf,
        }
        cookies = self.cookies.header(f"http://{self.host}{path}")
        if cookies:
            environ["HTTP_COOKIE"] = cookies
        for field, value in Headers(fields).multi_items():
            key = field.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        return environ


_FRAMEWORK = str(Path(__file__).resolve().parents[1])


def _without_framework(traceback: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame on that is not the framework's, the whole of it without such a one."""
    following = traceback
    while following is not None and following.tb_frame.f_code.co_filename.startswith(_FRAMEWORK):
        following = following.tb_next
    return following or traceback
