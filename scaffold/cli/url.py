"""``scaffold url``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.cli.output import print_line
from scaffold.exceptions import ReverseError, UsageError

if TYPE_CHECKING:
    from scaffold.application import Application

__all__ = ["command"]


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ROUTE", help="Its name, such as blog:detail.")],
    values: Annotated[list[str], typer.Argument(metavar="PARAMETER=VALUE", help="Its parameters.")] = [],  # noqa: B006
    query: Annotated[list[str], typer.Option("-q", "--query", metavar="NAME=VALUE", help="Add to the query.")] = [],  # noqa: B006
    anchor: Annotated[str, typer.Option(metavar="TEXT", help="Add an anchor.")] = "",
) -> None:
    """Print the URL of a route: scaffold url blog:detail id=7."""
    given = dict(pairs(values, "a parameter"))
    if len(given) < len(values):
        raise UsageError("a parameter is given twice", hint="Give each parameter once.")
    for parameter in given:
        if parameter.startswith("_"):
            raise UsageError(f"{parameter!r} is no parameter", hint="Write -q NAME=VALUE for the query, --anchor TEXT.")
    asked: dict[str, list[str]] = {}
    for key, value in pairs(query, "a part of the query"):
        asked.setdefault(key, []).append(value)
    application: Application = ctx.obj.load(strict=False)
    extras = {"_query": asked or None, "_anchor": anchor}
    extras = {key: value for key, value in extras.items() if value}
    try:
        url = application.url_for(name, **converted(application, name, given), **extras)
    except ReverseError:
        broken = next((app for app in application.failed if app.name == name.partition(":")[0]), None)
        if broken is not None and broken.error is not None:
            raise broken.error from None
        raise
    print_line(url)


def pairs(texts: Sequence[str], what: str) -> list[tuple[str, str]]:
    """Return ``name=value`` as pairs; `UsageError` for a text that is none."""
    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{text!r} is not {what}", hint="Write NAME=VALUE, such as id=7.")
        found.append((name, value))
    return found


def converted(application: Application, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that the converters of the route make of the texts.

    A text that its converter refuses stays one, for the error to tell of.
    """
    route = next((item for item in application.routes if item.name == name and {*item.parameters} == {*given}), None)
    values: dict[str, Any] = dict(given)
    for segment in route.walked if route is not None else ():
        for parameter in segment.parameters:
            if parameter.name and parameter.converter.accepts(given[parameter.name]):
                values[parameter.name] = parameter.converter.to_python(given[parameter.name])
    return values
