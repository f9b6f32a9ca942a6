"""What a page's Content Security Policy (W3C CSP Level 3) lets the script of live refresh do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Permission", "judge"]

_SCRIPT = ("script-src-elem", "script-src", "default-src")
_WORKER = ("worker-src", "child-src", "script-src", "default-src")
_CONNECTION = ("connect-src", "default-src")
_NEEDED_IN_SANDBOX = frozenset({"allow-scripts", "allow-same-origin"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'")
_HOST_SOURCE = re.compile(r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]+|\*))?/?")

_Directives = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a page may load the script, and with it start a worker or connect to the server itself.

    A ``nonce`` that is not empty has to be on the script's element.
    """

    script: bool = True
    worker: bool = True
    connection: bool = True
    nonce: str = ""


def judge(policies: Iterable[str], origin: str) -> Permission:
    """Return what a page of ``origin``, such as ``http://localhost:8000``, may do; each of the policies has to agree.

    ``policies`` are the values of the header, each of which may be a list. What is in doubt is taken to be refused.
    """
    parsed = [_parse(policy) for value in policies for policy in value.split(",") if policy.strip()]
    nonces = [
        match[1] for policy in parsed for match in map(_NONCE.fullmatch, _sources(policy, _SCRIPT) or ()) if match
    ]
    nonce = nonces[0] if nonces else ""
    return Permission(
        script=all(_allows_script(policy, nonce, origin) for policy in parsed),
        worker=all(_allows_worker(policy, origin) for policy in parsed),
        connection=all(_allows(_sources(policy, _CONNECTION), origin) for policy in parsed),
        nonce=nonce,
    )


def _parse(policy: str) -> _Directives:
    """Return the directives; of two with one name the first counts (section 2.2.1)."""
    directives: _Directives = {}
    for directive in policy.split(";"):
        name, *values = directive.split() or [""]
        directives.setdefault(name.lower(), values)
    return directives


def _sources(policy: _Directives, names: Iterable[str]) -> list[str] | None:
    """Return the list of the first directive that is there, or None when nothing is restricted."""
    return next((policy[name] for name in names if name in policy), None)


def _allows_script(policy: _Directives, nonce: str, origin: str) -> bool:
    if "sandbox" in policy and not _NEEDED_IN_SANDBOX.issubset(map(str.lower, policy["sandbox"])):
        return False
    sources = _sources(policy, _SCRIPT)
    return _allows(sources, origin) or (bool(nonce) and f"'nonce-{nonce}'" in (sources or ()))


def _allows_worker(policy: _Directives, origin: str) -> bool:
    # A worker's address is a plain text to the script, which this directive of Trusted Types forbids.
    return "require-trusted-types-for" not in policy and _allows(_sources(policy, _WORKER), origin)


def _allows(sources: list[str] | None, origin: str) -> bool:
    """Return whether a URL of the page's own origin matches the list (section 6.7.2)."""
    if sources is None:
        return True
    lowered = [source.lower() for source in sources]
    return "'strict-dynamic'" not in lowered and any(_matches(source, origin) for source in lowered)


def _matches(source: str, origin: str) -> bool:
    own = urlsplit(origin)
    if source in {"'self'", "*", f"{own.scheme}:"}:
        return True
    match = _HOST_SOURCE.fullmatch(source)
    if match is None:
        return False
    scheme, host, port = match.groups()
    default = _DEFAULT_PORTS[own.scheme]
    name = own.netloc.lower().removesuffix(f":{own.port}")
    return (
        scheme in {None, own.scheme}
        and (host in {"*", name} or (host.startswith("*.") and name.endswith(host[1:])))
        and (port == "*" or int(port or default) == (own.port or default))
    )
