"""A server for any WSGI application (PEP 3333), standing on ``http.server``.

`bind` gives a listening socket, `Server` serves an application on it, and `stop_on_signals` ends that by Ctrl-C or
SIGTERM. Nothing of the framework but its exceptions is known here. The names are imported when they are first used:
what only lists routes needs no server.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaffold.server.address import Address, base_url, bind, default_address, parse_address
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
    "default_address",
    "parse_address",
    "stop_on_signals",
]

_HOME_OF = {
    "AccessRecord": "log",
    "Address": "address",
    "Limits": "limits",
    "Server": "server",
    "base_url": "address",
    "bind": "address",
    "console_log": "log",
    "default_address": "address",
    "parse_address": "address",
    "stop_on_signals": "signals",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
