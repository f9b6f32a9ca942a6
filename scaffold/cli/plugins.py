"""Commands of plug-ins: functions that installed distributions offer by the entry points ``scaffold.commands``."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, cast

from scaffold.exceptions import AppLoadError, UsageError
from scaffold.plugins import Plugin

__all__ = ["load_plugin_command", "only_one"]

DEFAULT_NAME = "command"
"""The function that is meant by an entry point that names a module alone."""


def load_plugin_command(plugin: Plugin) -> Callable[..., Any]:
    """Import what a plug-in offers as a command, and return its function.

    Raises `AppLoadError`, which names the distribution, when there is no such function.
    """
    module, _, name = plugin.value.partition(":")
    try:
        function: Any = importlib.import_module(module)
        for part in (name or DEFAULT_NAME).split("."):
            function = getattr(function, part)
    except (Exception, SystemExit) as error:  # another's code may raise whatever it likes
        raise _broken(plugin, f"{type(error).__name__}: {error}") from error
    if not callable(function):
        raise _broken(plugin, f"{plugin.value} is no function")
    return cast("Callable[..., Any]", function)


def only_one(plugins: Sequence[Plugin]) -> Plugin:
    """Return the only one of ``plugins`` with one name; `UsageError` when several distributions offer it."""
    if len(plugins) > 1:
        owners = [plugin.distribution for plugin in plugins]
        raise UsageError(
            f"the command {plugins[0].name!r} is offered by the plug-ins {' and '.join(owners)}",
            hint=f"Uninstall one, or name one in DISABLED_PLUGINS: [{owners[-1]!r}].",
        )
    return plugins[0]


def _broken(plugin: Plugin, reason: str) -> AppLoadError:
    return AppLoadError(
        f"the command {plugin.name!r} of the plug-in {plugin.distribution} can't be imported: {reason}",
        hint=f"Mend or uninstall it, or name {plugin.distribution!r} in DISABLED_PLUGINS.",
    )
