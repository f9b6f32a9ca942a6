"""A reference from one static file to another: where it stands, where it leads, and how it is written anew."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

__all__ = ["Kind", "Reference", "replaced", "target_of"]

Kind = Literal["file", "module", "map"]
"""``file`` is a URL, ``module`` a module specifier, which is no URL unless it says so, ``map`` that of a source map."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PATH = re.compile(r"[^?#]*")
_LEAD = ("./", "../", "/")
# What needs no escape in a string nor in a url() of CSS without quotes.
_SAFE = "/%:@!$&*+,;=~-._?#[]"


@dataclass(frozen=True, slots=True)
class Reference:
    """A URL in a text, from ``start`` to ``end`` (in characters, quotes not included).

    ``url`` is what it says: the text itself but for the escapes of its language.
    """

    start: int
    end: int
    url: str
    kind: Kind = "file"


def target_of(reference: Reference, base: str, static_url: str) -> str | None:
    """Return the path of the static file that the file ``base`` refers to.

    None is for what leads elsewhere: another scheme or host, a fragment, a path outside of ``static_url``, a bare
    module specifier.
    """
    url = reference.url.strip()
    if "\\" in url or url.startswith("//") or _SCHEME.match(url):
        return None
    if reference.kind == "module" and not url.startswith(_LEAD):
        return None
    path = _path_of(url)
    if not path or path.endswith("/"):
        return None
    full = posixpath.normpath(posixpath.join(static_url + posixpath.dirname(base), unquote(path)))
    return full[len(static_url) :] if full.startswith(static_url) and len(full) > len(static_url) else None


def replaced(reference: Reference, raw: str, name: str) -> str:
    """Return ``raw``, the text of a reference, with the last segment of its path replaced by that of ``name``.

    Folders before it, query and fragment stay: fonts are asked for by ``?#iefix``.
    """
    path = _path_of(reference.url)
    before = path[: path.rfind("/") + 1]
    after = reference.url[len(path) :]
    if raw != reference.url:  # there are escapes, which percent-encoding takes the place of
        before, after = quote(before.lstrip(), safe=_SAFE), quote(after, safe=_SAFE)
    return f"{before}{quote(posixpath.basename(name))}{after}"


def _path_of(url: str) -> str:
    found = _PATH.match(url)
    return found[0] if found else ""
