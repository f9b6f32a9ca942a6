"""Runs a WSGI application on a server: ``python hosting.py SERVER MODULE:NAME PORT`` in the folder of a site.

For the servers whose own command can't be told to log nothing, or that have none. Everything else is as it comes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from importing import import_app

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["main"]

HOST = "127.0.0.1"


def main() -> None:
    """Serve what the command line names until the process is ended."""
    name, reference, port = sys.argv[1:]
    SERVERS[name](import_app(reference), int(port))


def on_scaffold(app: WSGIApplication, port: int) -> None:
    """Serve on Scaffold's server."""
    from scaffold.server import Address, Server, bind, stop_on_signals

    with bind(Address(HOST, port)) as listener:
        server = Server(app, listener)
        with server, stop_on_signals(server):
            server.serve_forever()


def on_flask(app: Any, port: int) -> None:
    """Serve a Flask application on the development server that Flask runs, which is Werkzeug's."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app.run(HOST, port, threaded=True)


def on_wsgiref(app: WSGIApplication, port: int) -> None:
    """Serve on the server of the standard library."""
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            """Log nothing."""

    make_server(HOST, port, app, handler_class=Handler).serve_forever()


def on_waitress(app: WSGIApplication, port: int) -> None:
    """Serve on waitress, without the line that it logs for each request that waits for a thread."""
    import waitress

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.serve(app, host=HOST, port=port)


def on_cheroot(app: WSGIApplication, port: int) -> None:
    """Serve on cheroot, which logs no requests."""
    from cheroot.wsgi import Server

    Server((HOST, port), app).start()


SERVERS: Mapping[str, Callable[[WSGIApplication, int], None]] = {
    "scaffold": on_scaffold,
    "flask": on_flask,
    "wsgiref": on_wsgiref,
    "waitress": on_waitress,
    "cheroot": on_cheroot,
}


if __name__ == "__main__":
    main()
