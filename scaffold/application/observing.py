"""Watching an application at work: what a development server has measured of each request, and nobody else.

An application asks for an observer once, when it is built with DEBUG on. Without one there is nothing in the way of a
request that would look for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from scaffold.http import Request, Response
from scaffold.middleware import Handler
from scaffold.routing import Match
from scaffold.templating import Templates

__all__ = ["ObservedTemplates", "Observer", "ViewCall", "make_observer", "observer_for"]

ViewCall = Callable[[Request, Match], Response]


class Observer(Protocol):
    """What is told of the parts of a request; each of its functions is called once, when the application is built."""

    def request(self, handler: Handler) -> Handler:
        """Return ``handler``, the whole chain, with something around it."""

    def middleware(self, name: str, handler: Handler) -> Handler:
        """Return ``handler``, which is the middleware ``name`` and all behind it, with something around it."""

    def view(self, call: ViewCall) -> ViewCall:
        """Return ``call``, which calls the view of a match, with something around it."""

    def template(self, name: str) -> AbstractContextManager[object]:
        """Return the context in which the template ``name`` is rendered, for the request that is handled now."""


make_observer: ContextVar[Callable[[], Observer]] = ContextVar("make_observer")
"""Makes the observer of an application that is built in this context with DEBUG on."""


def observer_for(*, debug: bool) -> Observer | None:
    """Return a new observer where one is wanted, for an application whose DEBUG is this."""
    make = make_observer.get(None) if debug else None
    return None if make is None else make()


class ObservedTemplates(Templates):
    """Templates whose rendering an observer is told of."""

    def __init__(self, observer: Observer, folders: Sequence[Path], **options: Any) -> None:
        super().__init__(folders, **options)
        self._observer = observer

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Do as `Templates.render` does."""
        with self._observer.template(name):
            return super().render(name, context)

    def render_block(self, name: str, block: str, context: Mapping[str, Any]) -> str:
        """Do as `Templates.render_block` does."""
        with self._observer.template(f"{name} ({block})"):
            return super().render_block(name, block, context)

    def stream(self, name: str, context: Mapping[str, Any]) -> Iterator[str]:
        """Do as `Templates.stream` does."""
        return self._streamed(self._observer.template(name), super().stream(name, context))

    @staticmethod
    def _streamed(observed: AbstractContextManager[object], pieces: Iterator[str]) -> Iterator[str]:
        with observed:
            yield from pieces
