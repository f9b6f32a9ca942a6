"""What `url_for` adds to a path: the query, the anchor, and the host for a URL that is used elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from scaffold.exceptions import ReverseError, ScaffoldError
from scaffold.http import Request
from scaffold.routing import URL_OPTIONS

__all__ = ["finished_url", "taken_options"]

_ANCHOR_SAFE = "!$&'()*+,;=:@/?"  # of a fragment, RFC 3986 section 3.5
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")  # RFC 3986 section 3.1


def taken_options(values: dict[str, Any]) -> dict[str, Any]:
    """Take the options of `url_for` out of ``values`` and return them."""
    return {name: values.pop(name) for name in URL_OPTIONS if name in values}


def finished_url(name: str, url: str, request: Request | None, options: Mapping[str, Any]) -> str:
    """Return the URL of the route ``name`` with what the options ask for.

    ``url`` is a path, or begins with ``//`` and a host where the route asks for another one than that of the
    ``request``. Raises `ReverseError` for a wrong option, and `ScaffoldError` where the URL needs a request.
    """
    path = url if request is None or url.startswith("//") else request.script_name + url
    scheme = options.get("_scheme")
    if scheme is not None and not (isinstance(scheme, str) and _SCHEME.fullmatch(scheme)):
        raise ReverseError(f"_scheme of url_for({name!r}) is {scheme!r}", hint="Give a text such as 'https'.")
    if path.startswith("//"):
        path = _at_host(path, request, scheme)
    elif scheme or options.get("_external"):
        if request is None:
            raise ScaffoldError(
                f"url_for({name!r}) was asked for a whole URL while no request is handled",
                hint="The host is that of the request; outside of one put it before the path that url_for returns.",
            )
        path = f"{scheme or request.scheme}://{request.host}{path}"
    return path + _query(name, options.get("_query")) + _anchor(options.get("_anchor"))


def _at_host(url: str, request: Request | None, scheme: str | None) -> str:
    """Return the URL at its host: with the scheme, the port and the mount of the request, if there is one."""
    if request is None:
        return f"{scheme}:{url}" if scheme else url
    host, slash, path = url.removeprefix("//").partition("/")
    port = re.search(r":[0-9]+$", request.host)
    netloc = host + (port[0] if port and scheme in {None, request.scheme} else "")
    return f"{scheme or request.scheme}://{netloc}{request.script_name}{slash}{path}"


def _query(name: str, query: Any) -> str:
    if not query:
        return ""
    pairs = query.items() if isinstance(query, Mapping) else query
    if isinstance(pairs, str | bytes) or not isinstance(pairs, Iterable):
        raise ReverseError(f"_query of url_for({name!r}) is {query!r}", hint="Give a dict of names and values.")
    try:
        text = urlencode([(key, text) for key, value in pairs for text in _texts(value)])
    except (TypeError, ValueError) as error:
        raise ReverseError(
            f"_query of url_for({name!r}) can't be written: {error}", hint="Give a dict of names and values."
        ) from error
    return f"?{text}" if text else ""


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a value of the query: one for each item of a list, none for None."""
    for item in value if isinstance(value, list | tuple | set | frozenset) else (value,):
        if item is not None:
            yield str(item)


def _anchor(anchor: Any) -> str:
    return f"#{quote(str(anchor), safe=_ANCHOR_SAFE)}" if anchor not in (None, "") else ""
