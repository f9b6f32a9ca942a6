"""Having what is loaded for a developer recorded and shown; nothing of this is imported while DEBUG is off."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold.application.observing import make_observer
from scaffold.reload.loading import LoadedApplication

if TYPE_CHECKING:
    from scaffold.developer import DeveloperPage, Recorder

__all__ = ["Observation"]

_DEVELOPER = "scaffold.developer"


class Observation:
    """Records the applications that are built in `load`, where their DEBUG is on, and makes the developer page."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    def load(self, function: Callable[[], LoadedApplication]) -> LoadedApplication:
        """Return what ``function`` loads."""
        token = make_observer.set(self._observer)
        try:
            return function()
        finally:
            make_observer.reset(token)

    def page(self, loaded: LoadedApplication, root: Path) -> DeveloperPage:
        """Return the developer page around the application that was loaded of the project in ``root``."""
        page: DeveloperPage = importlib.import_module(_DEVELOPER).DeveloperPage(
            loaded.application,
            root=root,
            recorder=self._recorder,
            failures=loaded.failures,
            is_broken=loaded.is_broken,
        )
        return page

    def _observer(self) -> Recorder:
        if self._recorder is None:
            self._recorder = importlib.import_module(_DEVELOPER).Recorder()
        return self._recorder
