"""A live server for tests: the application on a real socket with a port of the kernel's choice."""

from __future__ import annotations

import threading
from types import TracebackType

from scaffold.application import Application
from scaffold.server import Address, Server, base_url, bind

__all__ = ["LiveServer"]

STOP_SECONDS = 10


class LiveServer:
    """Serves ``app`` in a thread while the context lasts; ``url`` is the address with a slash at its end."""

    def __init__(self, app: Application) -> None:
        self._listener = bind(Address("127.0.0.1", 0))
        self._server = Server(app, self._listener, limits=app.server_limits())
        self._thread = threading.Thread(target=self._server.serve_forever, name="live-server", daemon=True)
        self.url = base_url(self._listener)

    def __enter__(self) -> LiveServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join(STOP_SECONDS)
        self._server.server_close()
        self._listener.close()
