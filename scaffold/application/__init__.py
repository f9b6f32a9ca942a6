"""The composition root: settings, apps, routes, templates and middleware become one WSGI callable."""

from scaffold.application.application import Application

__all__ = ["Application"]
