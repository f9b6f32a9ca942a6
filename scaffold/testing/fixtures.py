"""The fixtures that tests of a project get."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from scaffold.application import Application
from scaffold.apps import put_on_path
from scaffold.conf import find_project, load_settings
from scaffold.exceptions import ProjectNotFoundError
from scaffold.testing.client import Client
from scaffold.testing.live import LiveServer

__all__ = ["app", "client", "live_server"]

TEST_HOSTS = ("localhost", "127.0.0.1")
"""The hosts that the client and the live server ask for."""


@pytest.fixture(scope="session")
def app(pytestconfig: pytest.Config) -> Application:
    """The project's application, loaded once; it answers to the hosts of the client and the live server as well."""
    project = find_project(pytestconfig.rootpath)
    if project is None:
        raise ProjectNotFoundError(f"{pytestconfig.rootpath} is in no project", hint="Run the tests inside one.")
    put_on_path(project)
    settings = load_settings(project)
    hosts = dict.fromkeys((*settings.ALLOWED_HOSTS, *TEST_HOSTS))
    settings = dataclasses.replace(settings, ALLOWED_HOSTS=tuple(hosts))
    return Application.from_project(project, settings=settings)


@pytest.fixture
def client(app: Application) -> Client:
    """A client without cookies."""
    return Client(app)


@pytest.fixture(scope="session")
def live_server(app: Application) -> Iterator[LiveServer]:
    """The application on a real socket; ``live_server.url`` is its address."""
    with LiveServer(app) as server:
        yield server
