"""The middleware: it gives each request a session to load, and saves those that were changed."""

from __future__ import annotations

import logging
from functools import partial

from scaffold.conf import Settings
from scaffold.exceptions import SettingsError
from scaffold.http import Request, RequestApplication, Response, Session, StreamingResponse
from scaffold.http.session import SessionRecord
from scaffold.middleware.cookies import CookiePair, keep_private
from scaffold.middleware.csrf import rotate_token
from scaffold.middleware.sessions.lifetimes import Lifetime, now
from scaffold.middleware.sessions.stores import Store
from scaffold.middleware.sessions.urls import make_store
from scaffold.middleware.types import Handler

__all__ = ["sessions"]

_FIRST_FAILURE = 500  # the status from which on a session is not saved: the view did not come to its end

_log = logging.getLogger("scaffold.session")


def sessions(handler: Handler, app: RequestApplication) -> Handler:
    """Let views use ``request.session``; see SESSION_STORE and its neighbours. Raises `SettingsError`."""
    keeper = _Keeper(app.settings)
    load, load_late = keeper.open, keeper.open_late

    def handle(request: Request) -> Response:
        request._session_loader = load
        response = handler(request)
        if request._session is None:
            request._session_loader = load_late
            if response.is_streamed:
                keeper.expect(request, response)
        else:
            keeper.finish(request, request._session, response)
        return response

    return handle


class _Keeper:
    """Opens sessions and saves them, as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._store: Store = make_store(settings)
        self._lifetime = Lifetime(settings.SESSION_AGE_SECONDS, settings.SESSION_IDLE_SECONDS)
        self._cookies = _cookies(settings)

    def open(self, request: Request) -> Session:
        """Return the request's session, which is not loaded yet."""
        session = Session(partial(self._load, request))
        session.after_new_id(partial(rotate_token, request))
        return session

    def open_late(self, request: Request) -> Session:
        """Return the session for one who only now looks at it, such as a stream: it can be read and not changed."""
        session = self.open(request)
        session.is_closed = True
        return session

    def _load(self, request: Request) -> SessionRecord | None:
        value = self._cookies.fitting(request).read(request)
        if not value:
            return None
        record = self._store.load(value)
        if record is None or self._lifetime.left(record) <= 0:
            _log.debug("%s: a session that is over, or none of ours", request)
            return None
        request.carries_secrets = True
        return record

    def expect(self, request: Request, response: Response) -> None:
        """Tell caches of the session that a stream may look at when its head has gone."""
        if isinstance(response, StreamingResponse):
            response.vary("Cookie")
            if self._cookies.fitting(request).read(request):
                keep_private(response)

    def finish(self, request: Request, session: Session, response: Response) -> None:
        """Save the session if it was changed, and send its cookie."""
        if session.is_loaded:
            response.vary("Cookie")
            request.carries_secrets = request.carries_secrets or bool(session)
        if session.is_closed or not session.is_loaded:
            session.is_closed = True
            return
        try:
            session.close(response.status)
            if response.status < _FIRST_FAILURE:
                self._save(request, session, response)
        except Exception:
            response.close()  # another one takes its place
            raise

    def _save(self, request: Request, session: Session, response: Response) -> None:
        cookie, old = self._cookies.fitting(request), session.record
        if not session:
            if old is not None:
                self._store.end(old)
            if cookie.read(request):
                cookie.delete(response)
            return
        if not session.modified and (old is None or not self._lifetime.is_due(old)):
            return
        is_new = old is None or session.wants_new_id
        if old is not None and is_new and not self._store.end(old):
            _log.debug("%s: the session was ended by another request, and does not go on under a new id", request)
            return
        begun, kept_id = (now(), "") if is_new or old is None else (old.begun, old.id)
        record = SessionRecord(session.content(), begun, now(), kept_id)
        left = self._lifetime.left(record)
        value = self._store.save(record, left, cookie.room())
        if not value:
            _log.debug("%s: the session was ended by another request, and is not kept", request)
        elif value != cookie.read(request) or self._lifetime.idle_seconds:
            cookie.set(response, value, left if self._lifetime.age_seconds else None)


def _cookies(settings: Settings) -> CookiePair:
    if settings.SESSION_COOKIE_SAMESITE == "None" and not settings.SESSION_COOKIE_SECURE:
        raise SettingsError(
            "SESSION_COOKIE_SAMESITE is 'None', which browsers take over HTTPS alone",
            source=settings.origin("SESSION_COOKIE_SAMESITE").source,
            hint="Set SESSION_COOKIE_SECURE = True.",
        )
    return CookiePair.named(
        "SESSION_COOKIE_NAME",
        settings,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        samesite=settings.SESSION_COOKIE_SAMESITE,
        is_secure=settings.SESSION_COOKIE_SECURE,
    )
