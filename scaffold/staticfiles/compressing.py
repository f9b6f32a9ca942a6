"""Compressed forms of files, made once and sent many times."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
from pathlib import PurePosixPath

__all__ = ["compressed", "compressors", "is_compressible"]

MAX_SHARE = 0.95
"""A compressed form larger than this share of the file is not kept."""

# fmt: off
_ENDINGS = frozenset({
    ".bmp", ".cjs", ".css", ".csv", ".eot", ".geojson", ".htm", ".html", ".ico", ".js", ".json", ".map", ".md", ".mjs",
    ".otf", ".rss", ".svg", ".ttf", ".txt", ".vtt", ".wasm", ".webmanifest", ".xhtml", ".xml", ".xsl", ".yaml", ".yml",
})
# fmt: on
_GZIP_LEVEL = 9
_BROTLI_QUALITY = 11


def compressors() -> tuple[str, ...]:
    """Return the content codings that can be written here, the best first: Brotli where its package is installed."""
    return ("br", "gzip") if importlib.util.find_spec("brotli") is not None else ("gzip",)


def is_compressible(path: str) -> bool:
    """Say whether the file's kind is one that compression makes smaller; pictures and videos are compressed."""
    return PurePosixPath(path).suffix.lower() in _ENDINGS


def compressed(content: bytes, encoding: str) -> bytes | None:
    """Return ``content`` in the coding ``br`` or ``gzip``, None where that saves too little.

    The same content has the same form each time: no date is in it.
    """
    if encoding == "gzip":
        data = gzip.compress(content, _GZIP_LEVEL, mtime=0)
    else:
        data = importlib.import_module("brotli").compress(content, quality=_BROTLI_QUALITY)
    return data if len(data) <= MAX_SHARE * len(content) else None
