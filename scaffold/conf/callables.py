"""Settings that name functions of the project: error handlers, context processors, filters."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from scaffold.conf.settings import Settings
from scaffold.exceptions import SettingsError, did_you_mean

__all__ = ["import_dotted", "load_context_processors", "load_error_handlers", "load_filters"]

FIRST_ERROR, LAST_ERROR = 400, 599

_HANDLER_HINT = "Give a function that takes the request and the error, or its dotted name."
_KIND_HINT = "Use a status from 400 to 599, a class of exceptions, or its dotted name."


def import_dotted(dotted: str, name: str, source: str) -> Any:
    """Return what the dotted name ``package.module.name`` stands for, or raise `SettingsError` for ``name``."""
    module, _, attribute = dotted.rpartition(".")
    known: Mapping[str, Any] = {}
    try:
        imported = importlib.import_module(module)
        known = vars(imported)
        return getattr(imported, attribute)
    except Exception as error:  # a module of the project may raise whatever it likes
        raise SettingsError(
            f"{name} names {dotted!r}, which can't be imported: {type(error).__name__}: {error}",
            source=source,
            hint=did_you_mean(attribute, known) or "Mend the name, or take it out.",
        ) from error


def load_error_handlers(given: object, name: str, source: str) -> dict[int | type[BaseException], Callable[..., Any]]:
    """Return the functions that answer for errors by status and by class of exceptions.

    ``given`` is what the setting or the module's attribute ``name`` at ``source`` holds: a mapping of statuses,
    classes or their dotted names to functions or theirs. Raises `SettingsError`.
    """
    if not isinstance(given, Mapping):
        hint = "Write a dict such as {404: not_found}."
        raise SettingsError(f"{name} is {given!r}", source=source, hint=hint)
    handlers: dict[int | type[BaseException], Callable[..., Any]] = {}
    for kind, item in given.items():
        handlers[_error_kind(kind, name, source)] = _function(
            item, f"{name}[{kind!r}]", name, source, parameters=2, hint=_HANDLER_HINT
        )
    return handlers


def _error_kind(kind: object, name: str, source: str) -> int | type[BaseException]:
    found = import_dotted(kind, name, source) if isinstance(kind, str) and "." in kind else kind
    if isinstance(found, int) and not isinstance(found, bool) and FIRST_ERROR <= found <= LAST_ERROR:
        return found
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    raise SettingsError(f"{name} has the key {kind!r}, which is no kind of error", source=source, hint=_KIND_HINT)


def load_context_processors(settings: Settings) -> tuple[tuple[str, Callable[..., Any]], ...]:
    """Return the functions of CONTEXT_PROCESSORS with their names; raises `SettingsError`."""
    name, hint = "CONTEXT_PROCESSORS", "Give a function that takes the request and returns a dict, or its dotted name."
    source = settings.origin(name).source
    loaded = []
    for item in settings.CONTEXT_PROCESSORS:
        function = _function(item, f"the item {item!r} of {name}", name, source, parameters=1, hint=hint)
        loaded.append((item if isinstance(item, str) else _name_of(function), function))
    return tuple(loaded)


def load_filters(settings: Settings) -> dict[str, Callable[..., Any]]:
    """Return the functions of TEMPLATE_FILTERS by the names that templates use; raises `SettingsError`."""
    name, hint = "TEMPLATE_FILTERS", "Give a function that takes the value, or its dotted name."
    source = settings.origin(name).source
    return {
        key: _function(item, f"{name}[{key!r}]", name, source, parameters=None, hint=hint)
        for key, item in settings.TEMPLATE_FILTERS.items()
    }


def _function(
    item: object, place: str, name: str, source: str, *, parameters: int | None, hint: str
) -> Callable[..., Any]:
    """Return the function that ``item`` is or names; it must take ``parameters`` arguments where a number is given."""
    function: object = import_dotted(item, name, source) if isinstance(item, str) else item
    if not callable(function):
        raise SettingsError(f"{place} is {function!r}, which can't be called", source=source, hint=hint)
    if parameters is not None and not _takes(function, parameters):
        raise SettingsError(f"{place} can't be called with {parameters} arguments", source=source, hint=hint)
    return function


def _takes(function: Callable[..., Any], parameters: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * parameters)
    except TypeError:
        return False
    except ValueError:  # a function of C may tell nobody
        return True
    return True


def _name_of(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
