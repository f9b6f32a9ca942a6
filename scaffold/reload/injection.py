"""Putting a script into the pages of a WSGI application, and into nothing else that it sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["answer_with_script", "wants_page"]

# A page that is larger is sent as it is: it would have to be held in memory.
MOST_PAGE_BYTES = 8 * 1024 * 1024

# What a browser says of a request whose answer it shows as a page (Fetch Metadata section 2.1).
_PAGE_DESTINATIONS = frozenset({"document", "iframe", "frame"})
_PARTIAL_CONTENT = 206
# A page whose bytes were changed has another validator, and it is never the same page again anyway.
_OUTDATED = frozenset({"content-length", "etag", "last-modified"})
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")

_body_end = re.compile(rb"</body\s*>", re.IGNORECASE)
_only_end = re.compile(rb"</body\s*>\s*(?:</html\s*>\s*)?\Z", re.IGNORECASE)
_meta_policy = re.compile(rb"<meta\s[^>]*http-equiv\s*=\s*[\"']?content-security-policy[\"'\s][^>]*>", re.IGNORECASE)
_content = re.compile(rb"\scontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)

# Takes the policies (CSP) of a page, and returns the element to put in, empty when they would refuse it.
Script = Callable[[list[str]], bytes]


def wants_page(environ: WSGIEnvironment) -> bool:
    """Return whether the client is going to show the answer as a page of its own, and is not a script that asks."""
    if "HTTP_HX_REQUEST" in environ or "HTTP_X_REQUESTED_WITH" in environ:
        return False
    destination = environ.get("HTTP_SEC_FETCH_DEST")
    if destination is not None:
        return destination in _PAGE_DESTINATIONS
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def answer_with_script(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse, script: Script
) -> Iterable[bytes]:
    """Answer a request for a page with ``app``, and put a script before the page's ``</body>``.

    What has no such place, or is no HTML, or is to be saved as a file, goes out as it is. A page whose length is known
    is changed as a whole, a stream in the block that ends it. A browser that has the page already gets it again.
    """
    for name in _CONDITIONS:
        environ.pop(name, None)
    head = _Head(start_response)
    body = app(environ, head.start)
    if not head.has_started:
        body = _begun(body)
    if head.is_sent or not head.announces_page():
        head.send()
        return body
    if environ["REQUEST_METHOD"] == "HEAD":
        head.replace_length(None)  # which only the page itself would tell
        head.send()
        return body
    if isinstance(body, list | tuple) or head.length is not None:
        return _changed(head, body, script)
    head.replace_length(None)
    head.send()
    element = script(head.policies())
    return _Body(_with_script(body, element), body) if element else body


class _Head:
    """The head of an answer, held back until it is known what becomes of the body."""

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response
        self._write: Callable[[bytes], object] | None = None
        self._status = ""
        self._headers: list[tuple[str, str]] = []

    @property
    def has_started(self) -> bool:
        return bool(self._status)

    @property
    def is_sent(self) -> bool:
        return self._write is not None

    @property
    def length(self) -> int | None:
        """The declared length in bytes."""
        text = self._value("content-length")
        return int(text) if text.isascii() and text.isdigit() else None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """Be the application's ``start_response``; what it may not do, the server's own tells it."""
        if self.is_sent or (self.has_started and not exc_info):
            self.send()
            return self._start_response(status, headers, exc_info)
        self._status, self._headers = status, headers
        return self.write

    def write(self, data: bytes) -> None:
        """Be the application's ``write``, to which nothing can be added."""
        self.send()
        if self._write is not None:
            self._write(data)

    def send(self) -> None:
        """Pass the head on to the server, once."""
        if not self.is_sent:
            self._write = self._start_response(self._status, self._headers)

    def announces_page(self) -> bool:
        """Return whether an HTML document follows that the browser shows, and whose bytes can be told apart."""
        code = self._status[:3]
        return (
            self._value("content-type").partition(";")[0].strip().lower() == "text/html"
            and not code.startswith("3")
            and code not in {str(_PARTIAL_CONTENT), "204", "205"}
            and self._value("content-encoding").strip().lower() in {"", "identity"}
            and not self._value("content-disposition").strip().lower().startswith("attachment")
        )

    def policies(self) -> list[str]:
        return [value for name, value in self._headers if name.lower() == "content-security-policy"]

    def replace_length(self, length: int | None) -> None:
        """Declare another length, or none; the validators of the page as it was go with the old one."""
        self._headers = [(name, value) for name, value in self._headers if name.lower() not in _OUTDATED]
        if length is not None:
            self._headers.append(("Content-Length", str(length)))

    def _value(self, wanted: str) -> str:
        return next((value for name, value in self._headers if name.lower() == wanted), "")


class _Body:
    """Blocks that were made of another body, which is closed in their place."""

    def __init__(self, blocks: Iterable[bytes], source: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._blocks)

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def _begun(body: Iterable[bytes]) -> Iterable[bytes]:
    """Return ``body``, asked for its first block: an application may call ``start_response`` as late as that."""
    rest = iter(body)
    try:
        first = next(rest, b"")
    except BaseException:
        _Body((), body).close()
        raise
    return _Body(chain((first,), rest), body)


def _changed(head: _Head, body: Iterable[bytes], script: Script) -> Iterable[bytes]:
    """Return a body that is known as a whole, with the script in it; a wrong length is left for the server to find."""
    declared = head.length
    if declared is not None and declared > MOST_PAGE_BYTES:
        head.send()
        return body
    try:
        page = b"".join(body)
    except BaseException:
        _Body((), body).close()
        raise
    place = _place(page)
    if place >= 0 and declared in {None, len(page)}:
        element = script([*head.policies(), *_meta_policies(page)])
        if element:
            page = page[:place] + element + page[place:]
            head.replace_length(len(page))
    head.send()
    return _Body((page,), body)


def _with_script(blocks: Iterable[bytes], element: bytes) -> Iterator[bytes]:
    """Yield the blocks; the one that ends the document gets the element."""
    for block in blocks:
        match = _only_end.search(block)
        place = _place(block) if match else -1
        yield block if place < 0 else block[:place] + element + block[place:]


def _place(page: bytes) -> int:
    """Return where the last ``</body>`` of a document begins, or -1; in a script or a comment it is only a text."""
    matches = list(_body_end.finditer(page))
    if not matches:
        return -1
    place = matches[-1].start()
    before = page[:place].lower()
    is_text = before.rfind(b"<script") > before.rfind(b"</script") or before.rfind(b"<!--") > before.rfind(b"-->")
    return -1 if is_text else place


def _meta_policies(page: bytes) -> list[str]:
    """Return the policies that a document itself declares."""
    contents = [_content.search(element) for element in _meta_policy.findall(page)]
    return [unescape((match[1] or match[2] or b"").decode("latin-1")) for match in contents if match]
