"""What templates name by a literal: other templates, routes, static files."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, TemplateNotFound, nodes

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.checks.fixes import literal_fix, only_near
from scaffold.checks.template_files import TemplateFile, TemplateFiles, literal_names
from scaffold.checks.urls import Names, nearest_route
from scaffold.exceptions import ReverseError
from scaffold.staticfiles.finding import walk

__all__ = ["check_references", "check_shadowed", "check_static_names", "check_url_names"]


def check_references(names: Names, files: TemplateFiles) -> Iterator[Finding]:
    """Yield an error for each name in an extends, include or import that stands for no template."""
    known = set(files.names)
    for template in files.by_name.values():
        for line, targets in _references(template):
            if targets and not any(target in known or _exists(files.environment, target) for target in targets):
                wanted = " or ".join(map(repr, targets))
                hint = names.nearest(targets[0], known)
                near = only_near(targets[0], known - {template.name}) if hint and len(targets) == 1 else None
                yield Finding(
                    "error",
                    "templates.missing",
                    template.place(line),
                    f"there is no template {wanted}",
                    hint or "Make the file, or mend the name.",
                    literal_fix(template.file, line, targets[0], near),
                )


def _exists(environment: Environment, name: str) -> bool:
    """Say whether the loader finds the template, which may be written in another way or hidden."""
    try:
        if environment.loader is not None:
            environment.loader.get_source(environment, name)
    except TemplateNotFound:
        return False
    except (UnicodeDecodeError, OSError):
        return True  # it is unreadable, which is a finding of its own
    return True


def _references(template: TemplateFile) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the line and the names of each literal ``extends``, ``include`` and ``import``.

    One of the names is enough; none are there when they are computed or may be missing.
    """
    for node in template.all_nodes:
        if isinstance(node, nodes.Include) and node.ignore_missing:
            continue
        if isinstance(node, nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport):
            yield node.lineno, literal_names(node.template)


def check_shadowed(app: Application) -> Iterator[Finding]:
    """Yield a warning for each template of an app that another app's of the same name hides.

    What the project's own ``templates/`` replaces is wanted, and so is what an app of the project replaces of one that
    is installed.
    """
    project, *folders = app.templates.folders
    first: dict[str, str] = {}
    for folder in folders:
        for name in (name for name, _ in walk(folder)):
            if name in app.templates.texts or (project / name).is_file():
                continue
            other = first.setdefault(name, str(folder / name))
            if other != str(folder / name) and folder.is_relative_to(app.root):
                message = f"the template {name!r} is never used, since {other} comes first"
                hint = "Put it into a folder with the app's name, or rename it."
                yield Finding("warning", "templates.shadowed", str(folder / name), message, hint)


def check_static_names(names: Names, files: TemplateFiles) -> Iterator[Finding]:
    """Yield a warning for each file that a template names by ``static("...")`` and that is not there."""
    for template in files.by_name.values():
        for call in _calls(template, "static"):
            path = _literal(call)
            if path is not None and len(call.args) == 1 and not names.has_static_file(path):
                hint = names.nearest(path, names.static_files)
                near = only_near(path, names.static_files) if hint else None
                yield Finding(
                    "warning",
                    "static.missing",
                    template.place(call.lineno),
                    f"there is no static file {path!r}",
                    hint or "Add the file, or mend the name.",
                    literal_fix(template.file, call.lineno, path, near),
                )


def check_url_names(app: Application, names: Names, files: TemplateFiles) -> Iterator[Finding]:
    """Yield an error for each ``url_for("name", ...)`` for which no route has that name and takes those parameters.

    Names of an app that can't be loaded are not looked for.
    """
    failed = {item.name for item in app.failed}
    for template in files.by_name.values():
        for call in _calls(template, "url_for"):
            name = _literal(call)
            if name is None or (":" in name and name.partition(":")[0] in failed):
                continue
            if name not in names.routes:
                yield _unknown_name(names, template, call, name)
            elif call.dyn_args is None and call.dyn_kwargs is None and len(call.args) == 1:
                yield from _wrong_parameters(app, template, call, name, names.routes[name])


def _unknown_name(names: Names, template: TemplateFile, call: nodes.Call, name: str) -> Finding:
    hint = nearest_route(name, names)
    given = _given(call)
    namesakes = [known for known in names.routes if known.endswith(f":{name}")]
    near = namesakes[0] if len(namesakes) == 1 else only_near(name, names.routes) if hint else None
    is_fitting = near is not None and given in names.routes[near]
    line = call.args[0].lineno
    fix = literal_fix(template.file, line, name, near) if is_fitting else None
    message, hint = f"no route is named {name!r}", hint or "The command 'scaffold routes' lists the names."
    return Finding("error", "urls.unknown", template.place(line), message, hint, fix)


def _given(call: nodes.Call) -> frozenset[str] | None:
    """Return the parameters that the call gives; None when they are computed."""
    if call.dyn_args is not None or call.dyn_kwargs is not None or len(call.args) != 1:
        return None
    return frozenset(item.key for item in call.kwargs if not item.key.startswith("_"))


def _wrong_parameters(
    app: Application, template: TemplateFile, call: nodes.Call, name: str, variants: list[frozenset[str]]
) -> Iterator[Finding]:
    given = _given(call)
    values = {item.key: item.value for item in call.kwargs if not item.key.startswith("_")}
    fits = given in variants
    if fits and not all(isinstance(value, nodes.Const) for value in values.values()):
        return
    try:
        app.url_for(
            name, **{key: value.value if isinstance(value, nodes.Const) else "" for key, value in values.items()}
        )
    except ReverseError as error:
        yield Finding("error", "urls.parameters", template.place(call.lineno), error.cause, error.hint)


def _calls(template: TemplateFile, name: str) -> Iterator[nodes.Call]:
    """Yield the calls of ``name`` and ``request.name``, unless the template gives the name another meaning."""
    for call in (node for node in template.all_nodes if isinstance(node, nodes.Call)):
        match call.node:
            case nodes.Name(name=called) if called == name and name not in template.stored:
                yield call
            case nodes.Getattr(node=nodes.Name(name="request"), attr=called) if called == name:
                yield call


def _literal(call: nodes.Call) -> str | None:
    """Return the first argument where it is a literal text."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, nodes.Const) and isinstance(first.value, str) else None
