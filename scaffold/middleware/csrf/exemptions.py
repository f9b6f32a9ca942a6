"""Views that take requests without a token, and say why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from scaffold.exceptions import ViewError

__all__ = ["csrf_exempt", "exemption"]

V = TypeVar("V", bound=Callable[..., Any])

_ATTRIBUTE = "csrf_exempt_reason"


def csrf_exempt(reason: str) -> Callable[[V], V]:
    """Let the decorated view take requests from everywhere, without a token; ``scaffold check`` names it.

    ``reason`` says why that is safe. The view is a function, a `View` class, or one of its methods; a class that is
    derived from an exempt one is not exempt itself. Raises `ViewError` without a reason.
    """
    if not isinstance(reason, str) or not reason.strip():
        raise ViewError(
            "csrf_exempt was given no reason",
            hint='Write why the view is safe without: @csrf_exempt("a webhook that checks its own signature").',
        )

    def exempt(view: V) -> V:
        setattr(view, _ATTRIBUTE, reason)
        return view

    return exempt


def exemption(view: Any, method: str) -> str:
    """Return why ``view`` is exempt for ``method``; an empty text when it is not."""
    if not isinstance(view, type):
        return str(getattr(view, _ATTRIBUTE, ""))
    own = vars(view).get(_ATTRIBUTE, "")
    return str(own or getattr(getattr(view, method.lower(), None), _ATTRIBUTE, ""))
