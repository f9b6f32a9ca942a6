"""``scaffold routes --unused``: views, names and templates that nothing uses."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from scaffold.cli.output import columns, print_line, print_lines, relative, styled, width

if TYPE_CHECKING:
    from scaffold.application import Application

__all__ = ["print_unused"]

_HEAD = ("KIND", "NAME", "SOURCE", "WHY")


def print_unused(application: Application, *, as_json: bool, paged: bool) -> bool:
    """Print what nothing uses; say whether there is any."""
    from scaffold.checks.unused import find_unused

    found = find_unused(application)
    objects = [
        {"kind": item.kind, "name": item.name, "source": relative(item.source, application.root), "reason": item.reason}
        for item in found
    ]
    if as_json:
        print_line(json.dumps(objects, indent=2))
    elif not objects:
        print_line("Every view, name and template is used.")
    else:
        rows = [_HEAD, *((item["kind"], item["name"], item["source"], item["reason"]) for item in objects)]
        head, *lines = columns(rows, width(sys.stdout), shrink=(3, 2, 1), keep_end={2})
        print_lines([styled(head, "dim", sys.stdout), *lines], paged=paged)
    return bool(found)
