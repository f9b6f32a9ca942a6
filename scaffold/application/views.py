"""Calling views, and making a response of what they return."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scaffold.exceptions import ViewError
from scaffold.http import JSONResponse, Request, Response
from scaffold.routing import Match, dotted_name

__all__ = ["awaited", "call_view", "kind_of", "processed", "to_response"]

RETURN_HINT = "Return a Response, a str (HTML), or a dict or list (JSON); for another status: Response(text, 404)."


def call_view(request: Request, found: Match) -> Response:
    """Call the view of a route with the request and the route's parameters; return its answer as a response.

    Raises `ViewError` for a view that can't be called so or returns something else, and whatever the view raises.
    """
    route = found.route
    view = route.view() if isinstance(route.view, type) else route.view
    try:
        result = view(request, **found.params)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise  # it was raised inside the view, and not by the call
        names = ", ".join(["request", *found.params])
        hint = f"The route {route.path} ({route.source}) calls it with ({names})."
        raise _view_error(route.view, route.source, f"can't be called: {error}", hint) from None
    return result if isinstance(result, Response) else to_response(result, route.view, route.source)


def to_response(result: Any, view: Callable[..., Any], source: str = "") -> Response:
    """Make a response of what ``view``, declared at ``source``, returned; raises `ViewError` where there is no way."""
    if isinstance(result, Response):
        return result
    if isinstance(result, str):
        return Response(result)
    if isinstance(result, (dict, list)):
        try:
            return JSONResponse(result)
        except (TypeError, ValueError) as error:
            raise _view_error(view, source, f"returned what JSON has no form for: {error}") from error
    if inspect.isawaitable(result):
        return to_response(awaited(result), view, source)
    raise _view_error(view, source, f"returned {kind_of(result)}")


def processed(request: Request, processors: Iterable[tuple[str, Callable[..., Any]]]) -> dict[str, Any]:
    """Return the names that context processors, given with theirs, have for a request; a later one wins.

    Raises `ViewError` for one that returns no mapping.
    """
    names: dict[str, Any] = {}
    for name, processor in processors:
        result = processor(request)
        if not isinstance(result, Mapping):
            raise ViewError(f"the context processor {name} returned {kind_of(result)}", hint="Return a dict of names.")
        names.update(result)
    return names


def awaited(result: Any) -> Any:
    """Return what ``result`` comes to: the thing itself, or what an awaitable returns."""
    return importlib.import_module("scaffold.http.coroutines").run(result) if inspect.isawaitable(result) else result


def kind_of(value: object) -> str:
    """Return what a message calls a value that is of the wrong kind."""
    return "None" if value is None else type(value).__name__


def _view_error(view: Callable[..., Any], source: str, cause: str, hint: str = RETURN_HINT) -> ViewError:
    code = getattr(inspect.unwrap(view), "__code__", None)
    return ViewError(
        f"the view {dotted_name(view)} {cause}",
        source=f"{code.co_filename}:{code.co_firstlineno}" if code else source,
        hint=hint,
    )
