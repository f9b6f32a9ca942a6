"""The developer page ``/_scaffold/``: what an application is made of and what it does, for clients on this machine.

A development server puts `DeveloperPage` around the application when DEBUG is on. What makes the pages is imported when
the first of them is asked for.
"""

from scaffold.developer.gate import DeveloperPage
from scaffold.developer.recorder import Record, Recorder, Span

__all__ = ["DeveloperPage", "Record", "Recorder", "Span"]
