"""What trusted proxies say of a request: the client's address, the scheme and the host that it asked for."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["TrustedProxies"]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# One element of Forwarded is a list of these pairs (RFC 7239 section 4).
_PAIR = re.compile(r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([^\s\";,]+)|\"((?:[^\"\\]|\\.)*)\")[ \t]*")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SCHEMES = frozenset({"http", "https"})


class Hop(NamedTuple):
    """What one proxy says of whoever spoke to it; a text is empty where it says nothing."""

    client: str = ""
    scheme: str = ""
    host: str = ""


class TrustedProxies:
    """The peers whose ``Forwarded`` (RFC 7239) and ``X-Forwarded-*`` fields are believed.

    ``networks`` are addresses and networks, such as ``127.0.0.1`` or ``10.0.0.0/8``. Raises ``ValueError``.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: list[_Network] = [ipaddress.ip_network(network) for network in networks]

    def apply(self, environ: dict[str, Any]) -> None:
        """Put into ``environ`` what a trusted peer says; what another says stays unread.

        The proxies are asked from the nearest to the farthest. The client is the first address that is not trusted, so
        whatever it has written into these fields itself is not reached.
        """
        if not self.trusts(environ.get("REMOTE_ADDR", "")):
            return
        for hop in reversed(_hops(environ)):
            if hop.client:
                environ["REMOTE_ADDR"] = hop.client
                environ.pop("REMOTE_PORT", None)
            if hop.scheme:
                environ["wsgi.url_scheme"] = hop.scheme
            if hop.host:
                environ["HTTP_HOST"] = hop.host
            if not hop.client or not self.trusts(hop.client):
                return

    def trusts(self, address: str) -> bool:
        """Return whether ``address`` is a proxy's."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)


def _hops(environ: dict[str, Any]) -> list[Hop]:
    """Return what the proxies say, the farthest one's words first."""
    if "HTTP_FORWARDED" in environ:
        return [*_forwarded(environ["HTTP_FORWARDED"])]
    clients = _values(environ, "HTTP_X_FORWARDED_FOR")
    schemes = _values(environ, "HTTP_X_FORWARDED_PROTO")
    hosts = _values(environ, "HTTP_X_FORWARDED_HOST")
    count = max(len(clients), len(schemes), len(hosts))
    # The nearest proxy wrote last; one that writes fewer fields than another leaves the beginning empty.
    padded = ([""] * (count - len(values)) + values for values in (clients, schemes, hosts))
    return [
        Hop(_address(client), scheme.lower() if scheme.lower() in _SCHEMES else "", _checked_host(host))
        for client, scheme, host in zip(*padded, strict=True)
    ]


def _values(environ: dict[str, Any], key: str) -> list[str]:
    text: str = environ.get(key, "")
    return [value.strip(" \t") for value in text.split(",")] if text else []


def _forwarded(text: str) -> Iterator[Hop]:
    """Yield the elements of a ``Forwarded`` field; one that is malformed says nothing."""
    position = 0
    found: dict[str, str] = {}
    while position <= len(text):
        pair = _PAIR.match(text, position)
        if pair is not None:
            value = pair[2] if pair[2] is not None else re.sub(r"\\(.)", r"\1", pair[3])
            found[pair[1].lower()] = value
            position = pair.end()
        following = text[position : position + 1]
        if following not in {"", ",", ";"}:
            found = {}
            comma = text.find(",", position)
            position = len(text) if comma < 0 else comma
            following = text[position : position + 1]
        if following != ";":
            scheme = found.get("proto", "").lower()
            host = _checked_host(found.get("host", ""))
            yield Hop(_address(found.get("for", "")), scheme if scheme in _SCHEMES else "", host)
            found = {}
        position += 1


def _address(text: str) -> str:
    """Return the IP address in ``text``, without a port; empty for ``unknown`` and for made-up names."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _checked_host(text: str) -> str:
    return text if _HOST.fullmatch(text) else ""
