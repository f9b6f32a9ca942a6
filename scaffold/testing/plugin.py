"""The pytest plugin that brings the fixtures `app`, `client` and `live_server`; silent where there is no project."""

from __future__ import annotations

import pytest

from scaffold.apps import put_on_path
from scaffold.conf import find_project

__all__ = ["pytest_configure"]


def pytest_configure(config: pytest.Config) -> None:
    """Bring the fixtures when the tests are those of a project."""
    project = find_project(config.rootpath)
    if project is not None:
        put_on_path(project)
        config.pluginmanager.import_plugin("scaffold.testing.fixtures")
