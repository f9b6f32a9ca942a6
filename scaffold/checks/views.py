"""Does each view take the parameters of its route?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.http import View
from scaffold.routing import Route

__all__ = ["check_views"]


def check_views(app: Application) -> Iterator[Finding]:
    """Yield an error for each view that can't be called with the request and its route's parameters."""
    for route in app.routes:
        for name, function in _callables(route):
            reason = _mismatch(function, route.parameters)
            if reason:
                yield Finding(
                    "error",
                    "views.parameters",
                    route.source,
                    f"the view {name} of {route.path} {reason}",
                    f"Make it take (request{''.join(f', {parameter}' for parameter in route.parameters)}).",
                )


def _callables(route: Route) -> Iterator[tuple[str, Callable[..., Any]]]:
    view = route.view
    if isinstance(view, type) and issubclass(view, View):
        for method in sorted(route.methods & set(view.view_methods)):
            function = getattr(view, method.lower())
            yield f"{route.view_name}.{method.lower()}", function.__get__(object())
    else:
        yield route.view_name, view


def _mismatch(function: Callable[..., Any], parameters: tuple[str, ...]) -> str:
    """Say why ``function(request, **parameters)`` can't be called; empty when it can, or when nobody knows."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return ""
    try:
        signature.bind(None, **dict.fromkeys(parameters))
    except TypeError as error:
        return f"can't be called: {error}"
    return ""
