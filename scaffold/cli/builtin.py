"""The built-in commands, in the order of use, each with the line that the help shows of it.

The table is here so that help and completion import none of the commands; a test holds it against them.
"""

from __future__ import annotations

__all__ = ["BUILT_IN", "SHORT"]

BUILT_IN = {
    "startproject": "Make a new project that runs, passes its tests and can be deployed.",
    "startapp": "Add an app to the project; it is live without being registered anywhere.",
    "runserver": "Serve the project, another WSGI application, or a folder of files.",
    "serve": "Serve the project in production as gunicorn or granian, which gets all arguments after --.",
    "routes": "List the URLs with their methods, names, views and places.",
    "url": "Print the URL of a route: scaffold url blog:detail id=7.",
    "apps": "List the apps with their parts and how long they take to load, and the folders that are none.",
    "check": "Look for mistakes before a visitor finds them.",
    "collectstatic": "Collect the static files for production, under names that change with what they hold.",
    "test": "Run the project's tests with pytest, which gets all arguments.",
    "shell": "Open a Python shell with app, client and url_for at hand.",
    "completion": "Print what makes a shell complete commands, options and names at the Tab key.",
}
"""Summaries by the commands' names."""

SHORT = frozenset({"startproject", "startapp", "routes", "url", "apps", "check", "collectstatic", "completion"})
"""Those that run no more of others' code than it takes to load a project, and end by themselves."""
