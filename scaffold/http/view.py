"""Views as classes: a method for each HTTP method."""

from __future__ import annotations

from typing import Any, ClassVar

from scaffold.exceptions import HTTPError
from scaffold.http.request import Request

__all__ = ["View"]

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


class View:
    """A view with a method for each HTTP method that it serves: ``get``, ``post`` and so on.

    Give the class itself to ``path()``; each request gets a new instance. HEAD is served by ``get`` unless there is a
    ``head``, and the route's methods are those that the class has.
    """

    view_methods: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.view_methods = tuple(name.upper() for name in _METHODS if callable(getattr(cls, name, None)))

    def __call__(self, request: Request, **params: Any) -> Any:
        """Call the method for the request's own; `HTTPError` 405 when there is none."""
        handler = getattr(self, request.method.lower(), None) if request.method.lower() in _METHODS else None
        if handler is None and request.method == "HEAD":
            handler = getattr(self, "get", None)
        if handler is None:
            raise HTTPError(405, headers={"Allow": ", ".join(self.view_methods)})
        return handler(request, **params)
