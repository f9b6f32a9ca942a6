"""Running what an ``async def`` view returns. A module of its own, since asyncio is slow to import and rarely used."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    """Return the result of ``awaitable``, from an event loop of its own.

    It runs in this thread, or in another one where this thread is running a loop already.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_finish(awaitable))
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(contextvars.copy_context().run, asyncio.run, _finish(awaitable)).result()


async def _finish(awaitable: Awaitable[T]) -> T:
    return await awaitable
