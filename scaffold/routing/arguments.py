"""Converters with arguments: ``<int(min=1, max=99):page>``. Arguments are literals or bare words; nothing runs."""

from __future__ import annotations

import ast
import inspect
import keyword
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from scaffold.exceptions import RoutingError
from scaffold.routing.converters import BUILT_IN, Converter
from scaffold.routing.registration import converter_fault

__all__ = ["make_converter", "normal_arguments"]

MAX_CHARACTERS = 2000

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def make_converter(kind: str, converter: type[Converter[Any]], text: str | None, source: str) -> Converter[Any]:
    """Return the converter ``kind`` with the arguments in ``text``; None stands for no parentheses.

    Raises `RoutingError` with ``source`` as its place.
    """
    positional, named = parse_arguments(text, kind, source) if text is not None else ((), {})
    try:
        made = converter(*positional, **named)
    except (TypeError, ValueError) as error:
        rule = f"{kind}({text})" if text is not None else kind
        raise RoutingError(
            f"<{rule}:...> has wrong arguments: {error}", source=source, hint=_signature(kind, converter)
        ) from error
    if text is not None and converter not in BUILT_IN.values():
        fault = converter_fault(made)
        if fault:
            raise RoutingError(f"the converter {kind}({text}) {fault}", source=source, hint="Mend its __init__.")
    return made


def parse_arguments(text: str, kind: str, source: str) -> Arguments:
    """Return positional and named arguments; `RoutingError` for what is neither a literal nor a word."""
    try:
        return _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RoutingError(
            f"the arguments of <{kind}({text[:100]}):...> can't be read: {getattr(error, 'msg', error)}",
            source=source,
            hint="Write numbers, words and quoted texts, such as int(min=1, max=99) or any(news, sport).",
        ) from error


def normal_arguments(text: str | None) -> str:
    """Return the arguments in their shortest form, named ones in the order of names; empty without any."""
    if not text:
        return ""
    positional, named = _parsed(text)
    items = [repr(value) for value in positional] + [f"{name}={named[name]!r}" for name in sorted(named)]
    return f"({','.join(items)})" if items else ""


@lru_cache(maxsize=256)
def _parsed(text: str) -> Arguments:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"they are longer than {MAX_CHARACTERS} characters")
    words = [word.strip() for word in text.split(",")]
    if any(map(_is_no_value, words)) and all(map(str.isidentifier, words)):
        return tuple(words), {}  # Python's own words are words as well
    call = ast.parse(f"f({text}\n)", mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError("they are no list of arguments")
    named: dict[str, Any] = {}
    for item in call.keywords:
        if item.arg is None:
            raise ValueError("a dictionary can't be unpacked here")
        named[item.arg] = _value(item.value)
    return tuple(map(_value, call.args)), named


def _is_no_value(word: str) -> bool:
    return keyword.iskeyword(word) and word not in {"True", "False", "None"}


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        return node.id
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ValueError("one is neither a literal nor a word; put it in quotes") from None


def _signature(kind: str, converter: type[Converter[Any]]) -> str:
    try:
        signature = inspect.signature(converter)
    except (TypeError, ValueError):
        return "See the converter's __init__."
    parameters: Mapping[str, inspect.Parameter] = signature.parameters
    names = [f"*{name}" if item.kind is item.VAR_POSITIONAL else f"{name}=..." for name, item in parameters.items()]
    return f"It takes {kind}({', '.join(names)})." if names else f"Write <{kind}:...>: it takes no arguments."
