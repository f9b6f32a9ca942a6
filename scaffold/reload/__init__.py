"""Saved means served: a supervisor that owns the socket and watches, a nursery that forks, a worker that serves.

Importing this package loads neither the web core nor watchdog; the names below are fetched when they are asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scaffold.reload.target import Target

if TYPE_CHECKING:
    from scaffold.reload.loading import LoadedApplication, load
    from scaffold.reload.supervisor import supervise
    from scaffold.reload.worker import serve

__all__ = ["LoadedApplication", "Target", "load", "serve", "supervise"]

_HOMES = {
    "LoadedApplication": "scaffold.reload.loading",
    "load": "scaffold.reload.loading",
    "serve": "scaffold.reload.worker",
    "supervise": "scaffold.reload.supervisor",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
