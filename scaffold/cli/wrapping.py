"""What wraps the views, for ``scaffold routes --middleware``: the middleware around all, the decorators of each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CellType
from typing import TYPE_CHECKING, Any

from scaffold.cli.output import styled

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.application.chain import Link

__all__ = ["active_middleware", "decorators_of", "middleware_lines"]


def active_middleware(application: Application) -> list[Link]:
    """Return the MIDDLEWARE, the outermost first."""
    from scaffold.application.chain import links

    return links(application, application.settings)


def middleware_lines(application: Application) -> list[str]:
    """Return the lines that tell of the middleware, and an empty one behind."""
    chain = active_middleware(application)
    if not chain:
        return ["Around every view: no middleware", ""]
    lines = [styled("Around every view, the outermost first:", "bold", sys.stdout)]
    for number, link in enumerate(chain, 1):
        note = "" if link.is_active else styled("  (nothing to do under these settings)", "dim", sys.stdout)
        lines.append(f"  {number:>2}. {link.name}{note}")
    return [*lines, ""]


def decorators_of(view: Any) -> list[str]:
    """Return the dotted names of the decorators that stand between the middleware and a view, the outermost first.

    Those are found that keep what they wrap, as `functools.wraps` does. That of one method of a `View` has it behind.
    """
    if not isinstance(view, type):
        return [_name_of(layer) for layer in _layers(view)]
    names = [_name_of(layer) for layer in _layers(view.__call__)]
    for method in getattr(view, "view_methods", ()):
        names += [f"{_name_of(layer)} ({method})" for layer in _layers(getattr(view, method.lower(), None))]
    return names


def _layers(view: Any) -> Iterator[Any]:
    """Yield each function that wraps another one, without the innermost."""
    seen: set[int] = set()
    while hasattr(view, "__wrapped__") and id(view) not in seen:
        seen.add(id(view))
        yield view
        view = view.__wrapped__


def _name_of(layer: Any) -> str:
    """Return the decorator that a layer comes from: the function in which it was made.

    Where that is private, as a helper of several decorators, the function tells that it was made with.
    """
    maker = _maker_of(layer)
    if maker.rpartition(".")[2].startswith("_"):
        cells = [cell.cell_contents for cell in getattr(layer, "__closure__", None) or () if _is_filled(cell)]
        inner = [_maker_of(item) for item in cells if item is not layer.__wrapped__ and hasattr(item, "__code__")]
        maker = next((name for name in inner if not name.rpartition(".")[2].startswith("_")), maker)
    return maker


def _maker_of(function: Any) -> str:
    code = getattr(function, "__code__", None)
    if code is None:
        return f"{type(function).__module__}.{type(function).__qualname__}"
    return f"{function.__globals__.get('__name__', '?')}.{code.co_qualname.partition('.<locals>')[0]}"


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # nothing was put into it so far
        return False
