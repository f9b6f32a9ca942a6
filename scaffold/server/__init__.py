"""A server for any WSGI application (PEP 3333), standing on ``http.server``.

`bind` gives a listening socket, `Server` serves an application on it, and `stop_on_signals` ends
that by Ctrl-C or SIGTERM. Nothing of the framework but its exceptions is known here.
"""

from __future__ import annotations

from scaffold.server.address import Address, base_url, bind, parse_address
from scaffold.server.limits import Limits
from scaffold.server.log import AccessRecord, console_log
from scaffold.server.server import Server
from scaffold.server.signals import stop_on_signals

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
