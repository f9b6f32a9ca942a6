"""Which views take requests without a CSRF token, and why?"""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.middleware.csrf import exemption

__all__ = ["check_exemptions"]


def check_exemptions(app: Application) -> Iterator[Finding]:
    """Yield a note for each route whose view is exempt, with the reason that it gives."""
    for route in app.routes:
        by_reason: dict[str, list[str]] = {}
        for method in sorted(route.methods):
            if reason := exemption(route.view, method):
                by_reason.setdefault(reason, []).append(method)
        for reason, methods in by_reason.items():
            taken = f"takes {' and '.join(methods)} without a CSRF token"
            message = f"the view {route.view_name} of {route.path} {taken}: {reason}"
            yield Finding("note", "views.csrf-exempt", route.source, message, "Make sure that the reason still holds.")
