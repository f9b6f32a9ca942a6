"""Middleware: functions that take a handler and return one. One concern a module."""

from scaffold.middleware.types import Handler, Middleware

__all__ = ["Handler", "Middleware"]
