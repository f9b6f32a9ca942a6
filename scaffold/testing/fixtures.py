"""The fixtures that tests of a project get."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scaffold.application import Application
from scaffold.conf import find_project
from scaffold.exceptions import ProjectNotFoundError
from scaffold.testing.client import Client
from scaffold.testing.live import LiveServer

__all__ = ["app", "client", "live_server"]


@pytest.fixture(scope="session")
def app(pytestconfig: pytest.Config) -> Application:
    """The project's application, loaded once."""
    project = find_project(pytestconfig.rootpath)
    if project is None:
        raise ProjectNotFoundError(f"{pytestconfig.rootpath} is in no project", hint="Run the tests inside one.")
    return Application.from_project(project)


@pytest.fixture
def client(app: Application) -> Client:
    """A client without cookies."""
    return Client(app)


@pytest.fixture(scope="session")
def live_server(app: Application) -> Iterator[LiveServer]:
    """The application on a real socket; ``live_server.url`` is its address."""
    with LiveServer(app) as server:
        yield server
