"""A server for any WSGI application (PEP 3333), standing on ``http.server``.

:func:`bind` gives a listening socket, :class:`Server` serves an application on it, and :func:`stop_on_signals` ends
that by Ctrl-C or SIGTERM. Nothing of the framework but its exceptions is known here.
"""

from __future__ import annotations

from .address import Address, base_url, bind, parse_address
from .limits import Limits
from .log import AccessRecord, console_log
from .server import Server
from .signals import stop_on_signals

__all__ = [
    "AccessRecord",
    "Address",
    "Limits",
    "Server",
    "base_url",
    "bind",
    "console_log",
    "parse_address",
    "stop_on_signals",
]
