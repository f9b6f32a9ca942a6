"""Addresses to listen on: reading them, binding them, and saying what is wrong with them."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scaffold.exceptions import AddressInUseError, ServerError, UsageError
from scaffold.server.limits import Limits

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "Address", "base_url", "bind", "default_address", "parse_address"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
_HIGHEST_PORT = 65535
_LISTENING = "0A"  # the state of a listening socket in /proc/net/tcp
_address = re.compile(r"(?:\[(?P<literal>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?P<colon>:(?P<port>.*))?")
_host_name = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a TCP port; ``host`` is a name or an IP address without brackets, port 0 asks for a free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, *, default: Address) -> Address:
    """Read ``PORT``, ``:PORT``, ``HOST``, ``HOST:PORT``, ``[IPV6]`` or ``[IPV6]:PORT``.

    What ``text`` leaves out is taken from ``default``. Raises ``UsageError`` when it is none of these.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return Address(default.host, _parse_port(text, text))
    if _is_ipv6(text):
        return Address(text, default.port)
    match = _address.fullmatch(text)
    if match is None or not text:
        raise _unreadable(text)
    port = _parse_port(match["port"], text) if match["colon"] else default.port
    if match["literal"] is not None:
        if not _is_ipv6(match["literal"]):
            raise _unreadable(text)
        return Address(match["literal"], port)
    if not match["host"]:
        return Address(default.host, port)
    if not _host_name.fullmatch(match["host"]):
        raise _unreadable(text)
    return Address(match["host"], port)


def default_address(environ: Mapping[str, str] = os.environ) -> Address:
    """Return 127.0.0.1 with the port that the variable ``PORT`` names, 8000 when it is not set or empty.

    Raises ``UsageError`` when it is no port.
    """
    text = environ.get("PORT", "").strip()
    if not text:
        return Address(DEFAULT_HOST, DEFAULT_PORT)
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"the variable PORT is {text!r}", hint=f"It must be a number from 0 to {_HIGHEST_PORT}.")
    return Address(DEFAULT_HOST, _parse_port(text, text))


def _unreadable(text: str) -> UsageError:
    return UsageError(f"{text!r} is no address", hint="Write PORT, HOST or HOST:PORT, such as 8000 or 127.0.0.1:8000.")


def _parse_port(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise _unreadable(text)
    if len(digits.lstrip("0")) > len(str(_HIGHEST_PORT)) or int(digits) > _HIGHEST_PORT:
        raise UsageError(
            f"port {digits[:20]} does not exist", hint=f"Ports go from 0 (any free port) to {_HIGHEST_PORT}."
        )
    return int(digits)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def bind(address: Address, *, backlog: int = Limits().backlog) -> socket.socket:
    """Return a listening TCP socket on ``address``; the kernel picks a port when it is 0.

    The socket is the caller's to close and is not inherited by other programs. ``backlog`` counts the connections that
    may wait in the kernel's queue. Raises ``AddressInUseError``, or ``ServerError`` when the host is unknown, is not
    on this machine, or the port needs more rights.
    """
    if not 0 <= address.port <= _HIGHEST_PORT:
        raise UsageError(
            f"port {address.port} does not exist", hint=f"Ports go from 0 (any free port) to {_HIGHEST_PORT}."
        )
    family, location = _resolve(address)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port in TIME_WAIT is free for a new server. On Windows the option would mean stealing the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(location)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise _explain(error, address) from error
    return listener


def _resolve(address: Address) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ServerError(
            f"the host {address.host!r} is unknown", hint="Use 127.0.0.1, 0.0.0.0 or an address of this machine."
        ) from error
    # A name such as localhost may have both kinds of addresses; most clients try the IPv4 one.
    family, _, _, _, location = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, location  # type: ignore[return-value]  # TCP locations begin with host and port


def _explain(error: OSError, address: Address) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        holder = _find_holder(address.port)
        by = f" by {holder}" if holder else ""
        return AddressInUseError(
            f"port {address.port} on {address.host} is taken{by}",
            hint="Stop it, or use another port; port 0 picks a free one.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ServerError(
            f"this user may not listen on port {address.port}",
            hint="Use a port from 1024 up, such as 8000.",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return ServerError(
            f"{address.host} is no address of this machine", hint="Use 127.0.0.1, or 0.0.0.0 for all of its addresses."
        )
    return ServerError(f"listening on {address} fails: {error.strerror}", hint="Use another host or port.")


def _find_holder(port: int, proc: Path = Path("/proc")) -> str:
    """Return ``process 123 (name)`` for the process that listens on ``port``, ``""`` where the system does not say.

    Read from Linux's process file system, in which the table of sockets gives an inode and the descriptors of a process
    are links to inodes.
    """
    links = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not links:
        return ""
    for process in sorted((path for path in proc.glob("[0-9]*") if path.name.isdigit()), key=lambda p: int(p.name)):
        try:
            if any(str(descriptor.readlink()) in links for descriptor in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f"process {process.name} ({ascii(name)[1:-1]})"
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
    return ""


def _listening_inodes(port: int, proc: Path) -> list[str]:
    inodes: list[str] = []
    for table in (proc / "net" / "tcp", proc / "net" / "tcp6"):
        try:
            rows = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue  # another system, or no IPv6
        inodes += [
            columns[9]
            for columns in map(str.split, rows)
            if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port
        ]
    return inodes


def base_url(listener: socket.socket) -> str:
    """Return the URL under which ``listener`` is reached from this machine, such as ``http://127.0.0.1:8000/``."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host).partition("%")[0]
    return f"http://{Address(host, port)}/"
