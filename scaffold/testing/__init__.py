"""What tests of a project use: a client without sockets, a live server, and pytest fixtures for both."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaffold.testing.client import Client, TestResponse
    from scaffold.testing.live import LiveServer

__all__ = ["Client", "LiveServer", "TestResponse"]

# pytest imports this package for its plugin in every run on the machine, so the framework waits until it is wanted.
_HOME_OF = {"Client": "client", "LiveServer": "live", "TestResponse": "client"}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'scaffold.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"scaffold.testing.{_HOME_OF[name]}"), name)
