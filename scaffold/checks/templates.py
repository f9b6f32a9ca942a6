"""Does every template compile?"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError, TemplateSyntaxError

from scaffold.application import Application
from scaffold.checks.finding import Finding

__all__ = ["check_templates"]


def check_templates(app: Application) -> Iterator[Finding]:
    """Yield an error for each template of the project and its apps that Jinja2 can't compile."""
    environment = app.templates.environment
    for name in app.templates.names():
        try:
            environment.get_template(name)
        except TemplateSyntaxError as error:
            source = f"{error.filename or name}:{error.lineno}"
            yield Finding("error", "templates.syntax", source, error.message or "wrong syntax", "Mend the template.")
        except (TemplateError, UnicodeDecodeError) as error:
            yield Finding("error", "templates.unreadable", name, f"{name} can't be read: {error}", "Save it as UTF-8.")
