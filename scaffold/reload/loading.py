"""From a target to an application that can be served."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from scaffold.application import Application
from scaffold.conf import debug_variable
from scaffold.exceptions import ScaffoldError, SettingsError
from scaffold.reload.sources import Snapshot, SourceLoader
from scaffold.reload.target import Target, TargetKind
from scaffold.server import Limits

__all__ = ["LoadedApplication", "debug_by_environment", "load"]


@dataclass(frozen=True, slots=True)
class LoadedApplication:
    """An application, whether it is being debugged, and the errors of the apps that could not be loaded with it.

    ``is_broken`` says that nothing could be loaded, and the application does but show why. ``body_bytes`` is the
    largest body that it takes.
    """

    application: Any
    debug: bool
    failures: tuple[BaseException, ...] = ()
    is_broken: bool = False
    body_bytes: int = Limits().body_bytes


def load(target: Target, snapshot: Snapshot | None = None) -> LoadedApplication:
    """Import what ``target`` names and return its application; the files that were read are noted in ``snapshot``.

    Raises whatever the project's code raises, and `ScaffoldError` when a file holds no application.
    """
    if target.kind is TargetKind.PROJECT:
        application: Any = Application.from_project(target.path)
    else:
        application = _application_of_file(target.path, snapshot or Snapshot())
    return LoadedApplication(
        application,
        debug=bool(application.settings.DEBUG),
        failures=tuple(failed.error for failed in application.failed),
        body_bytes=application.settings.MAX_BODY_BYTES,
    )


def _application_of_file(path: Path, snapshot: Snapshot) -> Application:
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
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


def debug_by_environment(root: Path, *, default: bool = False) -> bool:
    """Return what the variable ``DEBUG``, or else the ``.env`` in ``root``, says, or the ``default``."""
    try:
        return debug_variable(root, default=default)
    except SettingsError:
        return default
