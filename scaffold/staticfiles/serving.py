"""Static files over HTTP: from their folders while a site is made, as they were collected when it is in production."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from scaffold.exceptions import HTTPError, StaticFilesError, did_you_mean
from scaffold.http import FileResponse, Request, Response
from scaffold.http.files import guess_type
from scaffold.http.negotiation import preferred_encoding
from scaffold.staticfiles.finding import find, walk
from scaffold.staticfiles.manifest import ENDINGS, Entry, Manifest, read_manifest

__all__ = ["StaticFiles"]

FOREVER = "public, max-age=31536000, immutable"
"""For a name that changes with its content: a year, and never asked for again (RFC 8246)."""
REVALIDATE = "no-cache"

_MAX_REMEMBERED = 1000
_MAX_SUGGESTED_FROM = 5000

_log = logging.getLogger("scaffold.staticfiles")


@dataclass(frozen=True, slots=True)
class _Form:
    """A file on the disk, and the fields that it is sent with, at all times and with its content alone."""

    file: str
    etag: str
    fields: Mapping[str, str]
    encoding: str | None

    def response(self, request: Request, content_type: str) -> Response:
        """Return the file; a client that has just this form is told so without a look at the disk."""
        environ = request.environ
        if environ.get("HTTP_IF_NONE_MATCH") == self.etag and "HTTP_IF_MATCH" not in environ:
            return Response(status=304, headers=self.fields)
        response = FileResponse(self.file, content_type=content_type)
        for name, value in self.fields.items():
            response.headers[name] = value
        if self.encoding is not None:
            response.headers["Content-Encoding"] = self.encoding
            response.headers.pop("Accept-Ranges", None)
        return response


@dataclass(frozen=True, slots=True)
class _Served:
    """A collected file as it is sent: in the forms of ``encodings``, and as it is."""

    content_type: str
    encodings: tuple[str, ...]
    forms: Mapping[str | None, _Form]

    def response(self, request: Request) -> Response:
        """Return the form that the client likes best; a part of a file is a part of the file as it is."""
        encoding = None
        if self.encodings and "HTTP_RANGE" not in request.environ:
            encoding = preferred_encoding(request.environ.get("HTTP_ACCEPT_ENCODING", ""), self.encodings)
        return self.forms[encoding].response(request, self.content_type)


@dataclass(frozen=True, slots=True)
class _Collection:
    """What was collected: the URL of each path, and the file behind each name."""

    urls: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, _Served] = field(default_factory=dict)


class StaticFiles:
    """The static files below several folders; the first folder that holds a path wins.

    With DEBUG off, and where `scaffold collectstatic` has written its manifest into the folder ``collected``, that is
    what is served, from a table made once; a file that is not in it is taken from the folders still.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        static_url: str = "/static/",
        collected: Path | None = None,
        debug: bool = False,
    ) -> None:
        self.folders = tuple(folders)
        self.static_url = static_url
        self.debug = debug
        self._collection = _Collection()
        self._missed: set[str] = set()
        if collected is not None and not debug:
            self._use(collected)

    @property
    def is_collected(self) -> bool:
        """Whether collected files are served."""
        return bool(self._collection.files)

    def find(self, path: str) -> Path | None:
        """Return the file for ``path`` in the folders, or None."""
        return find(self.folders, path)

    def url(self, path: str) -> str:
        """Return the URL of ``path``: that of its hashed name, where files were collected.

        For a path that was not, it is the plain one, which is noted in the log once.
        """
        url = self._collection.urls.get(path)
        if url is not None:
            return url
        if self._collection.urls and path not in self._missed and len(self._missed) < _MAX_REMEMBERED:
            self._missed.add(path)
            _log.warning("The static file %r was not collected, so its URL is the plain one.", path)
        return self.static_url + quote(path)

    def serve(self, request: Request, path: str) -> Response:
        """Return the file for ``path``, as a view; `HTTPError` 404 when there is none."""
        served = self._collection.files.get(path)
        if served is not None:
            return served.response(request)
        file = self.find(path)
        if file is None:
            raise HTTPError(404, self._missing(request, path))
        response = FileResponse(file)
        response.headers["Cache-Control"] = REVALIDATE
        return response

    def _use(self, folder: Path) -> None:
        """Serve what the manifest in ``folder`` lists; one that is of no use is an error in the log, and no more."""
        try:
            manifest = read_manifest(folder)
        except StaticFilesError as error:
            _log.error("%s Static files are served under their plain names.", error.cause)
            return
        if manifest is None:
            return
        if manifest.static_url != self.static_url:
            _log.error(
                "The static files in %s were collected for STATIC_URL %r, which is %r now, so they are not used."
                " Run: scaffold collectstatic",
                *(folder, manifest.static_url, self.static_url),
            )
            return
        files = dict(_table(manifest, folder))
        urls = {
            path: self.static_url + quote(entry.name) for path, entry in manifest.files.items() if entry.name in files
        }
        if len(urls) < len(manifest.files):
            missing = len(manifest.files) - len(urls)
            _log.error("%s collected files are missing in %s. Run: scaffold collectstatic --clear", missing, folder)
        self._collection = _Collection(urls, files)

    def _missing(self, request: Request, path: str) -> str:
        sentence = f"There is no static file {request.path}."
        if not (self.debug and request.is_local):
            return sentence
        names = (name for folder in self.folders for name, _ in walk(folder))
        near = did_you_mean(path, itertools.islice(names, _MAX_SUGGESTED_FROM))
        looked = ", ".join(str(folder) for folder in self.folders if folder.is_dir()) or "no folder: there is none"
        return f"{sentence} Looked in {looked}. {near}".rstrip()


def _table(manifest: Manifest, folder: Path) -> Iterator[tuple[str, _Served]]:
    """Yield each name that can be asked for, and what is sent; what is not on the disk is left out."""
    there = {name for name, _ in walk(folder)}
    for entry in manifest.previous.values():
        yield from _named(entry.name, entry, folder, there)
    for path, entry in manifest.files.items():
        yield from _named(path, entry, folder, there)
        yield from _named(entry.name, entry, folder, there)


def _named(name: str, entry: Entry, folder: Path, there: Set[str]) -> Iterator[tuple[str, _Served]]:
    if name in there:
        cache_control = FOREVER if name == entry.name else REVALIDATE
        encodings = tuple(encoding for encoding in entry.encodings if name + ENDINGS[encoding] in there)
        forms = {
            encoding: _form(str(folder / name), entry.digest, cache_control, encoding, varies=bool(encodings))
            for encoding in (None, *encodings)
        }
        yield name, _Served(guess_type(name), encodings, forms)


def _form(file: str, digest: str, cache_control: str, encoding: str | None, *, varies: bool) -> _Form:
    etag = f'"{digest}-{encoding}"' if encoding else f'"{digest}"'
    fields = {"Cache-Control": cache_control, "ETag": etag}
    if varies:
        fields["Vary"] = "Accept-Encoding"
    return _Form(file + (ENDINGS[encoding] if encoding else ""), etag, fields, encoding)
