"""Settings as they are written: what the command line has to know of a project before it runs any of its code."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from scaffold.cli.completing.names import SETTINGS_FILE

__all__ = ["written_setting"]


def written_setting(project: Path, name: str) -> Sequence[str]:
    """Return a list of texts: read off its file where that will do, since help is quick and works in a broken project.

    Raises what `load_settings` raises.
    """
    try:
        tree = ast.parse((project / SETTINGS_FILE).read_bytes())
        mentions = [node for node in ast.walk(tree) if _may_set(node, name)]
    except (OSError, SyntaxError, ValueError):
        return _loaded(project, name)
    if not mentions:
        return ()
    values = [value for node in tree.body if (value := _assigned(node, name)) is not None]
    literal = _literal(values[0]) if len(mentions) == len(values) == 1 else None
    return _loaded(project, name) if literal is None else literal


def _loaded(project: Path, name: str) -> Sequence[str]:
    from scaffold.conf import load_settings

    with contextlib.redirect_stdout(sys.stderr):  # what a module prints as it is imported is no result of ours
        return tuple(getattr(load_settings(project), name))


def _may_set(node: ast.AST, name: str) -> bool:
    """Say whether ``node`` names the setting, or may bring it from elsewhere."""
    match node:
        case ast.Name(id=found) | ast.alias(asname=found) if found == name:
            return True
        case ast.alias(name=found):
            return found in ("*", name)
    return False


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
            return value
        case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
            return value
    return None


def _literal(node: ast.expr) -> list[str] | None:
    """Return the list of texts that is written there, or None for what is none or must be computed."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    is_plain = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return list(value) if is_plain else None
