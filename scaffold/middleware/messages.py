"""Flash messages: what a view says on the next page that shows messages, kept in the session until then."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from scaffold.http import Request, Session, current_request

__all__ = ["Message", "flash", "messages"]

MAX_WAITING = 20  # messages: a client that never loads a page must not fill its session

_NAME = "_messages"
_REDIRECTS = range(300, 400)
_FIRST_FAILURE = 500


class Message(NamedTuple):
    """What is to be shown once: a text, and what kind of message it is."""

    text: str
    category: str

    def __str__(self) -> str:
        return self.text


def flash(request: Request, text: str, category: str = "info") -> None:
    """Show ``text`` on the next page that shows messages, also after a redirect.

    ``category`` is a word for style sheets, such as ``info``, ``success`` or ``error``. The last 20 messages are kept.
    Raises `ScaffoldError` without the session middleware.
    """
    session = request.session
    session[_NAME] = [*_waiting(session), [str(text), str(category)]][-MAX_WAITING:]


def messages(category: str | None = None) -> Sequence[Message]:
    """Return the messages that wait, those of ``category`` alone where one is given, for templates to show.

    They are gone when the answer has been made: one that is no redirect and no failure of the server.
    """
    request = current_request.get(None)
    if request is None or request._session_loader is None:
        return ()  # nothing can have been flashed
    session = request.session
    if session.is_closed:
        return ()  # they could be shown and not taken out: the next page shows them
    found = [item for item in _waiting(session) if category is None or item[1] == category]
    if found:
        session.before_save(partial(_forget, session, found))
    return [Message(*item) for item in found]


def _waiting(session: Session) -> list[list[str]]:
    """Return the messages of a session as they are kept: pairs of a text and a category."""
    kept: Any = session.get(_NAME, [])
    return [item for item in kept if isinstance(item, list) and len(item) == 2] if isinstance(kept, list) else []


def _forget(session: Session, shown: list[list[str]], status: int) -> None:
    if status in _REDIRECTS or status >= _FIRST_FAILURE:
        return
    left = _waiting(session)
    for item in shown:
        if item in left:  # a template may have shown it twice
            left.remove(item)
    if left:
        session[_NAME] = left
    else:
        session.pop(_NAME, None)
