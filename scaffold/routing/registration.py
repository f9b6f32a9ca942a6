"""What a converter of a project's own must keep to, looked at when it is registered."""

from __future__ import annotations

import inspect
import re
from typing import Any

from scaffold.routing.bounds import unbounded_part
from scaffold.routing.converters import Converter

__all__ = ["CONVERTER_HINT", "converter_fault"]

CONVERTER_HINT = "It needs to_python(), an example, and a bounded regex without groups; write (?:...) for (...)."


def converter_fault(converter: type[Converter[Any]] | Converter[Any]) -> str:
    """Say why routes can't use a converter; empty when they can.

    A class whose ``__init__`` asks for arguments is looked at when a route gives them.
    """
    if isinstance(converter, type):
        if inspect.isabstract(converter):
            return f"lacks {', '.join(sorted(converter.__abstractmethods__))}()"
        if _needs_arguments(converter):
            return ""
        try:
            converter = converter()
        except Exception as error:
            return f"can't be made: {type(error).__name__}: {error}"
    return _regex_fault(converter.regex) or _example_fault(converter)


def _needs_arguments(converter: type[Converter[Any]]) -> bool:
    try:
        parameters = inspect.signature(converter).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        item.default is item.empty and item.kind not in {item.VAR_POSITIONAL, item.VAR_KEYWORD} for item in parameters
    )


def _regex_fault(regex: object) -> str:
    if not isinstance(regex, str):
        return f"has the regex {regex!r}, which is no text"
    try:
        groups = re.compile(regex, re.DOTALL).groups
    except (re.error, OverflowError, RecursionError) as error:
        return f"has the wrong regex {regex!r}: {error}"
    if groups:
        return f"has groups in its regex {regex!r}"
    part = unbounded_part(regex)
    return f"has the regex {regex!r}, which may take time without bound: {part}" if part else ""


def _example_fault(converter: Any) -> str:
    example = converter.example
    if not isinstance(example, str) or not example:
        return "has no example, a text that it takes"
    if re.fullmatch(converter.regex, example, re.DOTALL) is None:
        return f"has the example {example!r}, which its regex {converter.regex!r} does not match"
    try:
        text = converter.to_url(converter.to_python(example))
    except Exception as error:
        return f"can't read and write its example {example!r}: {type(error).__name__}: {error}"
    return f"makes {text!r} of its example {example!r}, there and back" if text != example else ""
