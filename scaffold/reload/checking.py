"""The quick checks of a worker: once it serves and is left in peace, and again when a template has changed."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from scaffold.reload.messages import Channel

if TYPE_CHECKING:
    from scaffold.application import Application
    from scaffold.checks import Finding
    from scaffold.checks.board import Board
    from scaffold.developer import DeveloperPage

__all__ = ["Checking", "shown_findings"]

# A page that is loaded again asks for its style sheets and images right after: none of them waits for the checks.
QUIET_SECONDS = 0.2
# Who is never left in peace is checked all the same.
LONGEST_WAIT_SECONDS = 3.0
# While checks run, a request gets the interpreter after so long; Python's own rule is 5 ms.
SWITCH_SECONDS = 0.0005
_CHECKS = "scaffold.checks"


class Checking(threading.Thread):
    """Checks ``app``, posts the findings on the board of the developer ``page``, and tells the supervisor of them.

    ``last_request`` returns when the latest request came, by ``time.monotonic()``. Nothing of the checks is imported
    before the worker is left in peace.
    """

    def __init__(
        self, app: Application, page: DeveloperPage, channel: Channel, last_request: Callable[[], float]
    ) -> None:
        super().__init__(name="checks", daemon=True)
        self._app = app
        self._page = page
        self._channel = channel
        self._last_request = last_request
        self._wanted = threading.Event()
        self._wanted.set()

    def again(self) -> None:
        """Check once more; safe to use from any thread."""
        self._wanted.set()

    def run(self) -> None:
        """Check whenever it is wanted, for as long as the process lives."""
        is_heard = True
        while is_heard:
            self._wanted.wait()
            self._wait_for_quiet()
            self._wanted.clear()
            is_heard = self._check()

    def _wait_for_quiet(self) -> None:
        began = time.monotonic()
        now = began
        while now < min(max(began, self._last_request()) + QUIET_SECONDS, began + LONGEST_WAIT_SECONDS):
            time.sleep(QUIET_SECONDS / 4)
            now = time.monotonic()

    def _check(self) -> bool:
        """Check, and return whether anybody listens."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        began = time.perf_counter()
        try:
            findings = importlib.import_module(_CHECKS).run_checks(self._app, quick=True)
            self._post(findings, time.perf_counter() - began)
        except Exception as error:  # what a project's own classes raise when they are looked at
            return self._channel.send("findings", findings=[], error=f"{type(error).__name__}: {error}")
        finally:
            sys.setswitchinterval(interval)
        return self._channel.send("findings", findings=_fields(findings), error="")

    def _post(self, findings: Sequence[Finding], seconds: float) -> None:
        board: Board = self._page.board or importlib.import_module(f"{_CHECKS}.board").Board()
        board.post(findings, time=time.time(), seconds=seconds)
        self._page.board = board


def _fields(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return what the terminal shows: no notes, which would be shown for ever."""
    return [
        {"level": item.level, "id": item.id, "file": item.place[0], "line": item.place[1], "message": item.message}
        for item in findings
        if item.level != "note"
    ]


def shown_findings(
    findings: Sequence[dict[str, Any]], before: frozenset[tuple[str, ...]], shorten: Callable[[str], str]
) -> tuple[list[str], frozenset[tuple[str, ...]]]:
    """Return a line for each of the ``findings`` that was not there ``before``, and what is there now.

    A finding whose line alone has moved is the same one. ``shorten`` makes of a file what is shown.
    """
    lines, seen = [], set()
    for item in findings:
        key = (item["id"], item["file"], item["message"])
        if key not in before and key not in seen:
            place = f"{shorten(item['file'])}:{item['line']}" if item["line"] else shorten(item["file"])
            lines.append(f"{place}: {item['level']} [{item['id']}] {item['message']}")
        seen.add(key)
    return lines, frozenset(seen)
