"""The group of all commands: the built-in ones, imported when they are called, and the project's own."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from scaffold.cli.status import EXIT_INTERRUPTED
from scaffold.cli.workspace import Workspace
from scaffold.exceptions import AppLoadError, ScaffoldError, UsageError, did_you_mean

if TYPE_CHECKING:
    from scaffold.apps import CommandFile

__all__ = ["BUILT_IN", "CommandGroup"]

BUILT_IN = ("startproject", "startapp", "runserver", "serve", "routes", "check", "collectstatic", "test", "shell")


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
        names = [*own, *getattr(workspace.application, "commands", {})]
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
        return own_command(cmd_name, function) if function is not None else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that ``args`` begin with.

        `UsageError` with the nearest name when there is none, or what keeps the project's commands from being listed.
        """
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            listing = ctx.find_root().obj.commands()
            if listing.error is not None:
                raise listing.error
            near = did_you_mean(args[0], known) if args[0] != "help" else ""
            hint = near or f"{ctx.info_name} --help lists the commands."
            raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C ends it with a status of its own."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the built-in commands, then each app's own under its name."""
        sections: dict[str, list[tuple[str, str]]] = {"Commands": []}
        for name in BUILT_IN:
            module = importlib.import_module(f"scaffold.cli.{name}")
            sections["Commands"].append((name, first_line(module.command)))
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
        return rows + [(name, "Own commands", first_line(function)) for name, function in own.items()]


def as_command(name: str, function: Callable[..., Any], settings: dict[str, Any] | None = None) -> Any:
    """Return the command that Typer makes of ``function``."""
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(name, cls=Command, context_settings=settings)(function)
    return typer.main.get_command(single)


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


def _duplicate(name: str, claims: Sequence[str]) -> UsageError:
    return UsageError(f"the command {name!r} is in {' and in '.join(claims)}", hint="Rename one of the files.")
