"""Running what an ``async def`` view returns. A module of its own, since asyncio is slow to import and rarely used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    """Return the result of ``awaitable``, from an event loop of its own in this thread."""
    return asyncio.run(_finish(awaitable))


async def _finish(awaitable: Awaitable[T]) -> T:
    return await awaitable
