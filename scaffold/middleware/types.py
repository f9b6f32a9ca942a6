"""The two types that middleware is made of."""

from __future__ import annotations

from collections.abc import Callable

from scaffold.http import Request, Response

__all__ = ["Handler", "Middleware"]

Handler = Callable[[Request], Response]
Middleware = Callable[[Handler], Handler]
