"""Whole folders as an application: files, index pages and listings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from scaffold.exceptions import HTTPError
from scaffold.http import FileResponse, RedirectResponse, Request, Response
from scaffold.staticfiles.finding import safe_join

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["DirectoryApplication"]


class DirectoryApplication:
    """A WSGI application that serves a folder: ``index.html`` where there is one, else a listing.

    Hidden files and what lies outside of the folder, also behind symbolic links, are not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request (PEP 3333)."""
        request = Request(environ)
        try:
            response = self._respond(request)
        except HTTPError as error:
            page = _page(f"{error.status} {error.detail}", "")
            response = Response(page, error.status, headers=error.headers)
        response.prepare(request)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise HTTPError(405, headers={"Allow": "GET, HEAD"})
        path = request.path.strip("/")
        target = safe_join(self.root, path) if path else self.root
        if target is None or not target.exists():
            raise HTTPError(404)
        if target.is_dir():
            return self._folder(request, target)
        if request.path.endswith("/") or not target.is_file():
            raise HTTPError(404)
        return FileResponse(target)

    def _folder(self, request: Request, folder: Path) -> Response:
        path = "/" + request.path.strip("/")
        if not request.path.endswith("/"):
            query = f"?{request.query_string}" if request.query_string else ""
            return RedirectResponse(f"{request.script_name}{quote(path)}/{query}", 308)
        index = safe_join(self.root, f"{path}/index.html".lstrip("/"))
        if index is not None and index.is_file():
            return FileResponse(index)
        return Response(_page(f"Index of {path}", "".join(self._lines(path, folder))))

    def _lines(self, path: str, folder: Path) -> Iterator[str]:
        if path != "/":
            yield '<li><a href="../">../</a></li>'
        try:
            items = sorted(folder.iterdir(), key=lambda item: (not item.is_dir(), item.name))
        except OSError:
            raise HTTPError(404) from None
        for item in items:
            if not _is_text(item.name):
                continue  # a URL's bytes are UTF-8, so nothing could ask for it
            if safe_join(self.root, item.relative_to(self.root).as_posix()) is not None:
                name = item.name + ("/" if item.is_dir() else "")
                yield f'<li><a href="./{quote(name)}">{escape(name)}</a></li>'


def _is_text(name: str) -> bool:
    """Say whether a file's name is Unicode; bytes that are not come from the system as lone surrogates (PEP 383)."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _page(title: str, items: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1><ul>{items}</ul></body></html>"
    )
