"""Does every template compile, is all there that it names, and does it get what it reads?"""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.checks.source import Sources
from scaffold.checks.template_files import TemplateFiles
from scaffold.checks.template_names import check_references, check_shadowed, check_static_names, check_url_names
from scaffold.checks.undefined import check_undefined
from scaffold.checks.urls import Names

__all__ = ["check_templates"]


def check_templates(app: Application, sources: Sources, files: TemplateFiles) -> Iterator[Finding]:
    """Yield what is wrong with the templates of the project and its apps, each of which is parsed once.

    Errors are templates that Jinja2 can't compile, names of templates and routes that stand for none, parameters that
    a route does not take, and variables that nobody gives; warnings are static files that are not there, and templates
    that another app hides.
    """
    yield from files.findings
    names = Names(app)
    yield from check_references(names, files)
    yield from check_shadowed(app)
    yield from check_url_names(app, names, files)
    yield from check_static_names(names, files)
    yield from check_undefined(sources, files)
