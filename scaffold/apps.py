"""Apps: found, not registered. Every package under ``apps/`` with a ``urls.py`` is one; INSTALLED_APPS adds more."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from scaffold.conf import Settings, import_object, load_error_handlers
from scaffold.discovery import (
    APPS_FOLDER,
    CommandFile,
    Discovery,
    FoundApp,
    Skipped,
    discover,
    find_commands,
    put_on_path,
)
from scaffold.exceptions import AppLoadError, RouteConflictError, RoutingError, ScaffoldError, SettingsError
from scaffold.routing import (
    BUILT_IN,
    CONVERTER_HINT,
    Converter,
    Resolver,
    Route,
    checked_patterns,
    compile_patterns,
    converter_fault,
)

__all__ = [
    "APPS_FOLDER",
    "App",
    "CommandFile",
    "Discovery",
    "FoundApp",
    "Skipped",
    "discover",
    "find_commands",
    "load_app",
    "load_command",
    "load_converters",
    "put_on_path",
    "without_conflicts",
]


@dataclass(frozen=True, slots=True)
class App:
    """An app with its routes; ``error`` is set, and there are no routes, when its import failed.

    ``seconds`` is the time that its import took, that of what it was the first to import included.
    """

    name: str
    package: str
    folder: Path
    prefix: str
    routes: tuple[Route, ...] = field(default=(), repr=False)
    error: AppLoadError | None = None
    error_handlers: Mapping[int | type[BaseException], Callable[..., Any]] = field(default_factory=dict, repr=False)
    seconds: float = 0.0


def load_app(found: FoundApp, converters: Mapping[str, type[Converter[Any]]] = BUILT_IN) -> App:
    """Import the ``urls`` module of an app, once, and its ``receivers`` where there are any.

    The app is returned with its routes or with its error.
    """
    started = time.perf_counter()
    app = _load_app(found, converters)
    return replace(app, seconds=time.perf_counter() - started)


def _load_app(found: FoundApp, converters: Mapping[str, type[Converter[Any]]]) -> App:
    try:
        module = importlib.import_module(f"{found.package}.urls")
        _check_origin(module, found)
        prefix = normal_prefix(getattr(module, "prefix", None), found)
        patterns = checked_patterns(getattr(module, "urlpatterns", None), f"{found.urls_file}:1")
        routes = tuple(
            compile_patterns(patterns, prefix=prefix, namespace=found.name, app=found.name, converters=converters)
        )
        handlers = load_error_handlers(getattr(module, "error_handlers", {}), "error_handlers", f"{found.urls_file}:1")
        if (found.folder / "receivers.py").is_file():
            importlib.import_module(f"{found.package}.receivers")
    except (Exception, SystemExit) as error:
        return App(found.name, found.package, found.folder, _written_prefix(found), error=_load_error(found, error))
    return App(found.name, found.package, found.folder, prefix, routes, error_handlers=handlers)


def _check_origin(module: ModuleType, found: FoundApp) -> None:
    if module.__file__ == str(found.urls_file):
        return
    file = Path(module.__file__ or "")
    if file.resolve() != found.urls_file.resolve():
        raise AppLoadError(
            f"{module.__name__} is {file}, not {found.urls_file}",
            hint="One process serves one project; start another process for this one.",
        )


def normal_prefix(prefix: object, found: FoundApp) -> str:
    """Return the prefix with its final slash: the app's name when None was given, ``""`` for the root."""
    if prefix is None:
        return f"{found.name}/"
    if not isinstance(prefix, str):
        raise RoutingError(f"prefix is {prefix!r}", source=str(found.urls_file), hint="Write a text such as 'blog/'.")
    if prefix.startswith("/"):
        hint = f"Write {prefix.lstrip('/')!r}: a prefix is relative to the root."
        raise RoutingError(f"the prefix {prefix!r} begins with a slash", source=str(found.urls_file), hint=hint)
    return prefix if prefix.endswith("/") or not prefix else f"{prefix}/"


def without_conflicts(apps: Sequence[App]) -> list[App]:
    """Return ``apps`` with those failed that claim a URL of one before them, so that the others can run."""
    settled: list[App] = []
    resolver = Resolver()
    for app in apps:
        try:
            for route in app.routes:
                resolver.add(route)
        except RouteConflictError as error:
            cause = f"the app {app.name!r} can't be loaded: {error.cause}"
            failure = AppLoadError(cause, source=error.source, hint=error.hint)
            failure.__cause__ = error
            settled.append(replace(app, routes=(), error=failure))
            resolver = Resolver(route for other in settled for route in other.routes)
        else:
            settled.append(app)
    return settled


def _written_prefix(found: FoundApp) -> str:
    """Return the prefix as far as it can be read from the file of an app that can't be imported."""
    try:
        statements = ast.parse(found.urls_file.read_bytes()).body
    except (SyntaxError, ValueError, OSError):
        statements = []
    for node in statements:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="prefix")], value=ast.Constant(value=str(text)))
                | ast.AnnAssign(target=ast.Name(id="prefix"), value=ast.Constant(value=str(text)))
            ):
                text = text.strip("/")
                return f"{text}/" if text else ""
    return f"{found.name}/"


def _load_error(found: FoundApp, error: BaseException) -> AppLoadError:
    """Wrap what the import of an app raised, with the innermost place in the project's own code."""
    owner = f" of the plug-in {found.distribution}" if found.distribution else ""
    if isinstance(error, ScaffoldError):
        wrapped = AppLoadError(
            f"the app {found.name!r}{owner} can't be loaded: {error.cause}",
            source=error.source or str(found.urls_file),
            hint=error.hint,
        )
    else:
        reason = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
        wrapped = AppLoadError(
            f"the app {found.name!r}{owner} can't be loaded: {reason}",
            source=next(_places(error, found), str(found.urls_file)),
            hint="Install it, or mend the name." if isinstance(error, ModuleNotFoundError) else "Mend that line.",
        )
    wrapped.__cause__ = error
    return wrapped


def _places(error: BaseException, found: FoundApp) -> Iterator[str]:
    """Yield ``file:line`` of the error, the most telling place first."""
    if isinstance(error, SyntaxError) and error.filename:
        yield f"{error.filename}:{error.lineno}"
    root = str(found.folder.parent)
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    for file, line in reversed(frames):
        if file.startswith(root):
            yield f"{file}:{line}"


def load_command(command: CommandFile) -> Callable[..., Any]:
    """Import the module of ``command`` and return its function ``command``.

    Raises `AppLoadError` with the place when it can't be imported or has no such function.
    """
    try:
        function = getattr(importlib.import_module(command.module), "command", None)
    except (Exception, SystemExit) as error:
        found = FoundApp(command.app, "", command.file.parent.parent)
        raise AppLoadError(
            f"the command {command.name!r} can't be imported: {type(error).__name__}: {error}",
            source=next(_places(error, found), str(command.file)),
            hint="Mend the module.",
        ) from error
    if not callable(function):
        raise AppLoadError(
            f"the command {command.name!r} has no function named 'command'",
            source=f"{command.file}:1",
            hint="Write def command(...) in it.",
        )
    return cast("Callable[..., Any]", function)


def load_converters(settings: Settings) -> dict[str, type[Converter[Any]]]:
    """Return the built-in converters and those of the setting CONVERTERS, by name; `SettingsError` for a wrong one."""
    converters = dict(BUILT_IN)
    for name, item in settings.CONVERTERS.items():
        kind = import_object(item, settings, "CONVERTERS") if isinstance(item, str) else item
        if not (isinstance(kind, type) and issubclass(kind, Converter)):
            raise SettingsError(
                f"the converter {name!r} is {kind!r}",
                source=settings.origin("CONVERTERS").source,
                hint="Give a subclass of scaffold.routing.Converter, or its dotted name.",
            )
        fault = converter_fault(kind)
        if fault:
            raise SettingsError(
                f"the converter {name!r} {fault}",
                source=settings.origin("CONVERTERS").source,
                hint=CONVERTER_HINT,
            )
        converters[name] = kind
    return converters
