"""Signals: what happens in an application, for code that wants to know. They are those of the library blinker.

The sender is the application, and what else there is to know comes by keyword:

======================= ===================== ==================================================================
signal                  keywords              is sent
======================= ===================== ==================================================================
`request_started`       ``request``           before any middleware
`request_finished`      ``request, response`` when the response has been sent, or the client has gone
`got_request_exception` ``request, error``    for an exception that nothing answers for: the client gets a 500
`app_loaded`            ``app``               for each app of a project, when all of them are there
======================= ===================== ==================================================================

A receiver is a plain function. One that raises is logged and breaks no request; one of `app_loaded` keeps the
application from starting.
"""

from __future__ import annotations

import inspect
import logging
from typing import Any

from blinker import Signal

__all__ = ["app_loaded", "got_request_exception", "notify", "request_finished", "request_started"]

request_started = Signal("A request has come; keyword: request.")
request_finished = Signal("A response has been sent, or its client has gone; keywords: request, response.")
got_request_exception = Signal("An exception ended a request with a 500; keywords: request, error.")
app_loaded = Signal("An app of the project is ready; keyword: app.")

_log = logging.getLogger("scaffold.request")


def notify(signal: Signal, sender: object, **values: Any) -> None:
    """Call the receivers of ``signal``; what one raises is logged, and the others are called all the same."""
    for receiver in list(signal.receivers_for(sender)):
        try:
            result = receiver(sender, **values)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("a receiver is a plain function, and this one is async")
        except Exception:
            _log.exception("a receiver of a signal failed: %s", getattr(receiver, "__qualname__", receiver))
