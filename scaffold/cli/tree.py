"""The tree of ``scaffold routes --tree``: segments below segments, in the order in which a lookup tries them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scaffold.cli.output import columns, styled
from scaffold.cli.routes import shown_methods
from scaffold.routing.explain import written
from scaffold.routing.resolver import rank_of

if TYPE_CHECKING:
    from scaffold.routing import Route, Segment

__all__ = ["tree_lines", "tree_object"]

_HEAD = ("PATH", "METHODS", "NAME", "VIEW")


@dataclass(slots=True)
class _Branch:
    """What stands behind a segment: the routes that end there, and the segments that follow."""

    text: str
    order: tuple[Any, ...]
    routes: list[Route] = field(default_factory=list)
    branches: dict[tuple[str, bool], _Branch] = field(default_factory=dict)

    def sorted(self) -> list[_Branch]:
        return sorted(self.branches.values(), key=lambda branch: branch.order)


def tree_lines(routes: Sequence[Route], total: int | None, *, middleware: bool = False) -> list[str]:
    """Return the lines of the tree, at most ``total`` wide; with ``middleware``, the decorators of each view too."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for root in _roots(routes):
        rows += _rows(root, "", "", middleware=middleware)
    head, *lines = columns(rows, total, shrink=(3, 2, 0))
    return [styled(head, "dim", sys.stdout), *lines]


def tree_object(routes: Sequence[Route], objects: Mapping[Route, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what ``--tree --json`` prints: each segment with its routes and the segments below it."""
    return [_as_object(root, objects) for root in _roots(routes)]


def _as_object(branch: _Branch, objects: Mapping[Route, dict[str, Any]]) -> dict[str, Any]:
    return {
        "segment": branch.text,
        "routes": [objects[route] for route in branch.routes],
        "children": [_as_object(child, objects) for child in branch.sorted()],
    }


def _roots(routes: Iterable[Route]) -> list[_Branch]:
    roots: dict[str, _Branch] = {}
    for route in routes:
        text = f"//{route.host}/" if route.host else "/"
        _grow(roots.setdefault(route.host, _Branch(text, ())), route)
    return sorted(roots.values(), key=lambda root: (root.text == "/", root.text))  # those of a host are asked first


def _grow(root: _Branch, route: Route) -> None:
    """Put ``route`` where it ends; a branch with a slash behind it is another than the one without."""
    branch = root
    segments = [segment for segment in route.segments if segment.parts]
    for index, segment in enumerate(segments):
        has_slash = index < len(segments) - 1 or route.path.endswith("/")
        key = segment.shape, has_slash
        if key not in branch.branches:
            text = "".join(part if isinstance(part, str) else written(part) for part in segment.parts)
            text += "/" if has_slash else ""
            branch.branches[key] = _Branch(text, _order(segment, text))
        branch = branch.branches[key]
    branch.routes.append(route)


def _order(segment: Segment, text: str) -> tuple[Any, ...]:
    """Return the place of a segment among its siblings: texts first, then the parameters as a lookup tries them."""
    return (0, text) if segment.literal is not None else (1, rank_of(segment), segment.shape, text)


def _rows(branch: _Branch, lead: str, indent: str, *, middleware: bool) -> Iterator[tuple[str, ...]]:
    """Yield a row for each route of the branch, one at least, then those below it."""
    children = branch.sorted()
    behind = f"{indent}{'│' if children else ' '}"
    text = f"{lead}{branch.text}"
    if not branch.routes:
        yield text, "", "", ""
    for route in branch.routes:
        yield text, shown_methods(route), route.name or "-", route.view_name
        text = behind
        if middleware:
            from scaffold.cli.wrapping import decorators_of

            yield from ((behind, "", "", f"  in {name}") for name in decorators_of(route.view))
    for child in children:
        fork, below = ("└─ ", "   ") if child is children[-1] else ("├─ ", "│  ")
        yield from _rows(child, indent + fork, indent + below, middleware=middleware)
