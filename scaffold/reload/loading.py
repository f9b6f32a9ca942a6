"""From a target to an application that can be served."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from scaffold.application import Application
from scaffold.conf import debug_variable
from scaffold.exceptions import ScaffoldError, SettingsError, did_you_mean
from scaffold.logs import configure_logging
from scaffold.reload.sources import Snapshot, SourceLoader
from scaffold.reload.target import Target, TargetKind
from scaffold.server import Limits

__all__ = ["LoadedApplication", "debug_by_environment", "load", "shows_debug"]


@dataclass(frozen=True, slots=True)
class LoadedApplication:
    """An application, whether it is being debugged, and the errors of the apps that could not be loaded with it.

    ``is_broken`` says that nothing could be loaded, and the application does but show why. ``limits`` are those
    that its settings ask of the server, and ``logs_json`` whether its log is for machines.
    """

    application: Any
    debug: bool
    failures: tuple[BaseException, ...] = ()
    is_broken: bool = False
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    logs_json: bool = False


def load(target: Target, snapshot: Snapshot | None = None) -> LoadedApplication:
    """Import what ``target`` names and return its application; the files that were read are noted in ``snapshot``.

    Raises whatever the project's code raises, and `ScaffoldError` when there is no application where one should be.
    """
    if target.kind is TargetKind.PROJECT:
        application: Any = Application.from_project(target.path)
    elif target.kind is TargetKind.FILE:
        application = _application_of_file(target.path, snapshot or Snapshot())
        configure_logging(application.settings)
    else:
        application = _application_of_module(target)
    if not isinstance(application, Application):  # somebody else's, which has no settings of ours
        return LoadedApplication(application, debug_by_environment(target.root))
    return LoadedApplication(
        application,
        debug=bool(application.settings.DEBUG),
        failures=tuple(failed.error for failed in application.failed if failed.error is not None),
        limits=application.server_limits(),
        logs_json=application.settings.LOG_FORMAT == "json",
    )


def _application_of_file(path: Path, snapshot: Snapshot) -> Application:
    _put_first(path.parent)
    loader = SourceLoader(path.stem, str(path), snapshot)
    spec = ModuleSpec(path.stem, loader, origin=str(path))
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    loader.exec_module(module)
    application = getattr(module, "app", None)
    if not isinstance(application, Application):
        raise ScaffoldError(
            "this file holds no Application named app", source=str(path), hint="Add app = Application() to it."
        )
    return application


def _application_of_module(target: Target) -> Any:
    _put_first(target.path)
    try:
        module = importlib.import_module(target.module)
    except ModuleNotFoundError as error:
        # What the module itself can't find is its own error, with its own traceback.
        if error.name is None or not f"{target.module}.".startswith(f"{error.name}."):
            raise
        hint = f"It is looked for in {target.path} and among the installed packages."
        raise ScaffoldError(f"there is no module {error.name!r}", hint=hint) from None
    source = getattr(module, "__file__", None) or target.module
    if not target.name:
        name = next((name for name in ("application", "app") if hasattr(module, name)), "application")
    else:
        name = target.name.removesuffix("()")
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, dir(found)) or f"Say which it is: --app {target.module}:NAME."
            raise ScaffoldError(f"the module {target.module} has no {name!r}", source=source, hint=hint)
        found = getattr(found, part)
    if target.name.endswith("()"):
        found = found()
    if not callable(found):
        hint = "A WSGI application takes an environ and start_response (PEP 3333)."
        raise ScaffoldError(f"{target.module}:{target.name or name} can't be called", source=source, hint=hint)
    return found


def _put_first(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def shows_debug(loaded: LoadedApplication, root: Path) -> bool:
    """Return whether a reloading developer is shown what only developers see; who has no settings is asked for it."""
    if isinstance(loaded.application, Application):
        return loaded.debug
    return debug_by_environment(root, default=True)


def debug_by_environment(root: Path, *, default: bool = False) -> bool:
    """Return what the variable ``DEBUG``, or else the ``.env`` in ``root``, says, or the ``default``."""
    try:
        return debug_variable(root, default=default)
    except SettingsError:
        return default
