"""Sessions: what a site keeps for one visitor, in a signed cookie or in a store on the server."""

from scaffold.middleware.sessions.middleware import sessions

__all__ = ["sessions"]
