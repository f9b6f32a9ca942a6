"""The group of all commands: the built-in ones, imported when they are called, and the project's own."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from scaffold.cli.builtin import BUILT_IN, SHORT
from scaffold.cli.garbage import collect_as_usual
from scaffold.cli.plugins import load_plugin_command, only_one
from scaffold.cli.status import EXIT_INTERRUPTED
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import AppLoadError, ScaffoldError, UsageError, did_you_mean
from scaffold.plugins import Plugin

if TYPE_CHECKING:
    from scaffold.discovery import CommandFile

__all__ = ["BUILT_IN", "CommandGroup"]


class Command(TyperCommand):
    """A command that starts without what Typer needs to convert values, when it has none to convert."""

    prepare: Callable[[Any, list[str]], list[str]] | None = None

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option ``--help``."""
        return _plain_flag(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, after the command's own module has had a look at them."""
        return super().parse_args(ctx, args if self.prepare is None else self.prepare(ctx, args))


class CommandGroup(TyperGroup):
    """Commands by name; one that can't be imported is named in the help and breaks no other."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option ``--help``."""
        return _plain_flag(super().get_help_option(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        workspace: Workspace = ctx.find_root().obj
        own = [command.name for command in workspace.commands().found]
        plugins = [plugin.name for plugin in workspace.plugin_commands()]
        names = [*own, *getattr(workspace.application, "commands", {}), *plugins]
        return [*BUILT_IN, *dict.fromkeys(name for name in names if name not in BUILT_IN)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name; None when there is none, `ScaffoldError` when it can't be imported."""
        workspace: Workspace = ctx.find_root().obj
        claims = [command for command in workspace.commands().found if command.name == cmd_name]
        if cmd_name in BUILT_IN:
            if claims:
                raise _duplicate(cmd_name, ["scaffold itself", *(str(claim.file) for claim in claims)])
            module = importlib.import_module(f"scaffold.cli.{cmd_name}")
            command = as_command(cmd_name, module.command, getattr(module, "CONTEXT", None))
            command.prepare = getattr(module, "prepare", None)
            return command
        if len(claims) > 1:
            raise _duplicate(cmd_name, [str(claim.file) for claim in claims])
        if claims:
            from scaffold.apps import load_command

            return own_command(cmd_name, load_command(claims[0]))
        function = getattr(workspace.application, "commands", {}).get(cmd_name)
        plugins = [plugin for plugin in workspace.plugin_commands() if plugin.name == cmd_name]
        if function is None and plugins:
            function = load_plugin_command(only_one(plugins))
        return own_command(cmd_name, function) if function is not None else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that ``args`` begin with.

        `UsageError` with the nearest name when there is none, or what keeps the project's commands from being listed.
        """
        if args[0] not in SHORT:
            collect_as_usual()
        if args[0] in BUILT_IN:
            return super().resolve_command(ctx, args)
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            listing = ctx.find_root().obj.commands()
            if listing.error is not None:
                raise listing.error
            near = did_you_mean(args[0], known) if args[0] != "help" else ""
            hint = near or f"{ctx.info_name} --help lists the commands."
            raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> None:
        """Run the command; Ctrl-C ends it with a status of its own."""
        try:
            super().invoke(ctx)  # what a command returns is no exit status
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the built-in commands, then the own ones of each app and plug-in under its name."""
        sections: dict[str, list[tuple[str, str]]] = {"Commands": []}
        sections["Commands"] += BUILT_IN.items()
        for name, app, text in self._own_rows(ctx):
            sections.setdefault(app, []).append((name, text))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)
        error = ctx.find_root().obj.commands().error
        if error is not None:
            formatter.write(f"\n(some of the project's own commands can't be listed: {error.cause})\n")

    def _own_rows(self, ctx: Any) -> list[tuple[str, str, str]]:
        """Return name, app and first line of help of each command that is not built in."""
        workspace: Workspace = ctx.find_root().obj
        rows = [(command.name, command.app, _help_of(command)) for command in workspace.commands().found]
        own = getattr(workspace.application, "commands", {})
        rows += [(name, "Own commands", first_line(function)) for name, function in own.items()]
        taken = {*BUILT_IN, *(name for name, _, _ in rows)}
        for plugin in workspace.plugin_commands():
            text = "(gives way to the command of that name)" if plugin.name in taken else _help_of_plugin(plugin)
            rows.append((plugin.name, plugin.distribution, text))
        return rows


def as_command(name: str, function: Callable[..., Any], settings: dict[str, Any] | None = None) -> Any:
    """Return the command that Typer makes of ``function``."""
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(name, cls=Command, context_settings=settings)(function)
    command: Any = typer.main.get_command(single)
    for parameter in command.params:
        _leave_texts(parameter)
    return command


def _leave_texts(parameter: Any) -> None:
    """Let texts, and what was left out, pass as they are: Typer sends them through pydantic, whose import costs 70 ms.

    The parameter's own conversion stays for all other values, and so does the complaint about a missing one.
    """
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if parameter.callback is not None:
        return
    convert = parameter.process_value
    is_single = parameter.nargs == 1 and not getattr(parameter, "multiple", False)

    def process(ctx: Any, value: Any) -> Any:
        if kind == list[str] and not isinstance(value, str) and (value or not parameter.required):
            return [*value] if value else []
        is_left_out = is_single and value is None and not parameter.required
        is_text = kind in (str, str | None) and isinstance(value, str)
        return value if is_left_out or is_text else convert(ctx, value)

    parameter.process_value = process


def own_command(name: str, function: Callable[..., Any]) -> Any:
    """Return the command of a function of the project's own, which may be ``async``.

    Raises `AppLoadError` for parameters that Typer has no options for.
    """
    try:
        return as_command(name, _awaited(function) if inspect.iscoroutinefunction(function) else function)
    except Exception as error:  # annotations are evaluated, and Typer has no class of its own for what it can't take
        code = getattr(inspect.unwrap(function), "__code__", None)
        raise AppLoadError(
            f"the parameters of the command {name!r} can't be read: {error}",
            source=f"{code.co_filename}:{code.co_firstlineno}" if code else "",
            hint="Take named parameters of types that Typer knows, such as str, int, bool or Path.",
        ) from error


def _awaited(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)  # Typer reads the parameters of the function itself
    def run(*args: Any, **kwargs: Any) -> Any:
        from scaffold.http import coroutines

        return coroutines.run(function(*args, **kwargs))

    return run


def _plain_flag(option: Any) -> Any:
    """Return ``option`` with a plain bool: Typer converts None through pydantic, whose import costs 70 ms."""
    if option is not None:
        option.default = False
    return option


def first_line(function: Callable[..., Any]) -> str:
    """Return the first line of a function's documentation."""
    return (function.__doc__ or "").strip().partition("\n")[0]


def _help_of(command: CommandFile) -> str:
    from scaffold.apps import load_command

    try:
        return first_line(load_command(command))
    except ScaffoldError as error:
        return f"(broken: {error.cause})"


def _help_of_plugin(plugin: Plugin) -> str:
    try:
        return first_line(load_plugin_command(plugin))
    except ScaffoldError as error:
        return f"(broken: {error.cause})"


def _duplicate(name: str, claims: Sequence[str]) -> UsageError:
    return UsageError(f"the command {name!r} is in {' and in '.join(claims)}", hint="Rename one of the files.")
