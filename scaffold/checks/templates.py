"""Does every template compile, and is there every template that another one names?"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError, nodes

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.exceptions import did_you_mean
from scaffold.templating import Templates

__all__ = ["check_templates"]


def check_templates(app: Application) -> Iterator[Finding]:
    """Yield an error for each template of the project and its apps that Jinja2 can't compile, and for each name of a
    template in one of them that stands for none.
    """
    templates = app.templates
    for name in templates.names():
        try:
            templates.environment.get_template(name)
            yield from _check_references(templates, name)
        except TemplateSyntaxError as error:
            source = f"{error.filename or name}:{error.lineno}"
            yield Finding("error", "templates.syntax", source, error.message or "wrong syntax", "Mend the template.")
        except (TemplateError, UnicodeDecodeError, OSError) as error:
            hint = "Save it as UTF-8." if isinstance(error, UnicodeDecodeError) else "Mend the file, or remove it."
            message = f"{name} can't be read: {error}"
            yield Finding("error", "templates.unreadable", _file_of(templates, name), message, hint)


def _file_of(templates: Templates, name: str) -> str:
    """Return the file of the template ``name``, or its name when it is a text without a file."""
    files = (folder / name for folder in templates.folders)
    return next((str(file) for file in files if file.is_file() or file.is_symlink()), name)


def _check_references(templates: Templates, name: str) -> Iterator[Finding]:
    environment = templates.environment
    if environment.loader is None:
        return
    text, file, _ = environment.loader.get_source(environment, name)
    for line, targets in _references(environment.parse(text, name, file)):
        if targets and not any(_exists(environment, target) for target in targets):
            wanted = " or ".join(map(repr, targets))
            hint = did_you_mean(targets[0], templates.names()) or "Make the file, or mend the name."
            yield Finding(
                "error", "templates.missing", f"{file or name}:{line}", f"there is no template {wanted}", hint
            )


def _references(tree: nodes.Template) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the line and the names of each literal ``extends``, ``include`` and ``import``.

    One of the names is enough; none are there when they are computed or may be missing.
    """
    for node in tree.find_all(nodes.Stmt):
        if isinstance(node, nodes.Include) and node.ignore_missing:
            continue
        if isinstance(node, nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport):
            yield node.lineno, _literal_names(node.template)


def _literal_names(node: nodes.Expr) -> tuple[str, ...]:
    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    names = [item.value for item in items if isinstance(item, nodes.Const) and isinstance(item.value, str)]
    return tuple(names) if len(names) == len(items) else ()


def _exists(environment: Environment, name: str) -> bool:
    try:
        if environment.loader is not None:
            environment.loader.get_source(environment, name)
    except TemplateNotFound:
        return False
    except (UnicodeDecodeError, OSError):
        return True  # it is unreadable, which is a finding of its own
    return True
