"""Content-Security-Policy (W3C CSP Level 3): what a page may load, run and be framed by.

SECURE_CSP and SECURE_CSP_REPORT_ONLY are checked when the application is built, for a browser ignores what it does not
understand. The word ``'nonce'`` in a directive stands for the nonce of the request: `Request.csp_nonce`, in templates
``csp_nonce()``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError, did_you_mean
from scaffold.http import Headers, Request, RequestApplication, Response, StreamingResponse, current_request
from scaffold.middleware.types import Handler

__all__ = ["content_security_policy", "csp_nonce"]

NONCE = "'nonce'"

_SOURCE_DIRECTIVES = frozenset(
    [
        "base-uri",
        "child-src",
        "connect-src",
        "default-src",
        "fenced-frame-src",
        "font-src",
        "form-action",
        "frame-ancestors",
        "frame-src",
        "img-src",
        "manifest-src",
        "media-src",
        "object-src",
        "prefetch-src",
        "script-src",
        "script-src-attr",
        "script-src-elem",
        "style-src",
        "style-src-attr",
        "style-src-elem",
        "worker-src",
    ]
)
_OTHER_DIRECTIVES = frozenset(
    ["report-to", "report-uri", "require-trusted-types-for", "sandbox", "trusted-types", "upgrade-insecure-requests"]
)
_DIRECTIVES = tuple(sorted(_SOURCE_DIRECTIVES | _OTHER_DIRECTIVES))
_NONE = "'none'"
# Keywords of section 2.3.1, with the quotes that are part of them.
_KEYWORDS = (
    NONCE,
    _NONE,
    "'self'",
    "'strict-dynamic'",
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'wasm-unsafe-eval'",
    "'unsafe-hashes'",
    "'report-sample'",
    "'inline-speculation-rules'",
)
_HASH = re.compile(r"'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'")
_SAFE = re.compile(r"[\x21-\x7e]+")


def content_security_policy(handler: Handler, app: RequestApplication) -> Handler:
    """Send SECURE_CSP as ``Content-Security-Policy``, and SECURE_CSP_REPORT_ONLY as the field of that name.

    A response that has such a field keeps it. A nonce is named when the page asked for one, and always for a stream,
    whose text is made when its head has gone. With neither setting it costs nothing. Raises `SettingsError`.
    """
    settings = app.settings
    policies = {
        "Content-Security-Policy": _policy(settings, "SECURE_CSP"),
        "Content-Security-Policy-Report-Only": _policy(settings, "SECURE_CSP_REPORT_ONLY"),
    }
    policies = {name: directives for name, directives in policies.items() if directives}
    if not policies:
        return handler
    plain = _fields(policies, "")
    has_nonce = any(NONCE in words for directives in policies.values() for words in directives.values())

    def handle(request: Request) -> Response:
        response = handler(request)
        fields = plain
        if has_nonce and ("scaffold.csp_nonce" in request.environ or isinstance(response, StreamingResponse)):
            fields = _fields(policies, request.csp_nonce)
        response.headers.add_missing(fields)
        return response

    return handle


def csp_nonce() -> str:
    """Return the nonce of the request that is handled, for ``<script nonce="...">``; empty without a request."""
    request = current_request.get(None)
    return "" if request is None else request.csp_nonce


_Directives = Mapping[str, Sequence[str]]


def _fields(policies: Mapping[str, _Directives], nonce: str) -> Headers:
    return Headers({name: "; ".join(_written(policy, nonce)) for name, policy in policies.items()})


def _written(policy: _Directives, nonce: str) -> Iterator[str]:
    for name, words in policy.items():
        sources = [f"'nonce-{nonce}'" if word == NONCE else word for word in words if nonce or word != NONCE]
        if words and not sources:  # the nonce was all that it allowed
            sources = [_NONE]
        yield " ".join((name, *sources))


def _policy(settings: Settings, setting: str) -> _Directives:
    """Return the checked directives of a setting, each with its words."""
    given: Mapping[str, str | Sequence[str]] = getattr(settings, setting)
    directives: dict[str, Sequence[str]] = {}
    for name, value in given.items():
        words = value.split() if isinstance(value, str) else [*value]
        fault = _fault_of_name(name) or _fault_of_words(name, words)
        if fault is not None:
            cause, hint = fault
            raise SettingsError(f"{setting} {cause}", source=settings.origin(setting).source, hint=hint)
        directives[name] = words
    return directives


_Fault = tuple[str, str]
"""What is wrong, and what to do."""


def _fault_of_name(name: str) -> _Fault | None:
    if name in _DIRECTIVES:
        return None
    hint = did_you_mean(name, _DIRECTIVES) or f"The directives are {', '.join(_DIRECTIVES)}."
    return f"has the directive {name!r}, which browsers don't know", hint


def _fault_of_words(name: str, words: Sequence[str]) -> _Fault | None:
    faults: Iterable[_Fault | None] = (_fault_of_word(name, word) for word in words)
    fault = next(filter(None, faults), None)
    if fault is None and name in _SOURCE_DIRECTIVES:
        if not words:
            return f"allows nothing in {name!r} without saying so", f'Write "{_NONE}".'
        if _NONE in words and len(words) > 1:
            return f"has {_NONE} beside other sources in {name!r}", "Leave it or the others out."
    return fault


def _fault_of_word(name: str, word: str) -> _Fault | None:
    """Return what is wrong with one word of the directive ``name``."""
    if not _SAFE.fullmatch(word) or ";" in word or "," in word:
        hint = "Give a list with one source an item; ';' and ',' in a URL are written %3B and %2C."
        return f"has {word!r} in {name!r}, which would end the directive or the header early", hint
    if name not in _SOURCE_DIRECTIVES:
        return None
    if f"'{word}'" in _KEYWORDS:
        return f"has {word!r} in {name!r}, which is read as the name of a host", f"Write \"'{word}'\"."
    if word.startswith("'nonce-"):
        return f"has {word!r} in {name!r}, which is the same for every request", f'Write "{NONCE}".'
    if "'" in word and word not in _KEYWORDS and not _HASH.fullmatch(word):
        hint = did_you_mean(word, _KEYWORDS) or f"The keywords are {', '.join(_KEYWORDS)}."
        return f"has {word!r} in {name!r}, which browsers don't know", hint
    return None
