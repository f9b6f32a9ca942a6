"""The references in a style sheet, by the tokens of CSS Syntax Level 3, section 4."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.staticfiles.references import Reference

__all__ = ["css_references"]

_TOKEN = re.compile(
    r"""
      (?P<comment> /\* .*? (?: \*/ | \Z ) )
    | (?P<string> "(?: [^"\\\n\r\f] | \\(?: \r\n | . | \Z ) )*+ "?
                | '(?: [^'\\\n\r\f] | \\(?: \r\n | . | \Z ) )*+ '? )
    | (?P<url> url\( [ \t\n\r\f]*+ (?P<target> (?: [^"'()\\\x00-\x20\x7f] | \\[^\n\r\f] )*+ )
                [ \t\n\r\f]*+ (?: \) | \Z ) )
    | (?P<bad> url\( (?! [ \t\n\r\f]*+ ["'] ) (?: [^)\\] | \\. )*+ \)? )
    | (?P<word> [@#]? (?: [-\w\u0080-\U0010ffff] | \\[^\n\r\f] )++ \(? )
    | (?P<space> [ \t\n\r\f]++ )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|(.))", re.IGNORECASE | re.DOTALL)
_SOURCE_MAP = re.compile(r"/\*[#@]\s*sourceMappingURL=([^\s*'\"]+)\s*\*/")
_TAKING_URLS = frozenset({"url(", "image-set(", "-webkit-image-set("})
_MAX_CODE_POINT = 0x10FFFF


def css_references(text: str) -> Iterator[Reference]:
    """Yield the references of a style sheet: ``url()``, ``@import``, the texts in ``image-set()``, its source map.

    Comments, other strings and what is no valid ``url()`` are passed over. It takes any text and never raises.
    """
    functions: list[str] = []  # the brackets that are open, each with the name before it
    rule = before = ""
    for token in _TOKEN.finditer(text):
        kind, start, end = token.lastgroup, token.start(), token.end()
        if kind == "space":
            continue
        if kind == "comment":
            if found := _SOURCE_MAP.fullmatch(token[0]):
                yield Reference(start + found.start(1), start + found.end(1), found[1], "map")
            continue
        if kind == "url" and rule != "@namespace":
            yield _reference(text, *token.span("target"))
        elif kind == "string":
            is_url = before == "@import" or (functions and functions[-1] in _TAKING_URLS)
            if is_url and rule != "@namespace" and end - start > 1 and text[end - 1] == text[start]:
                yield _reference(text, start + 1, end - 1)
        before = token[0].lower() if kind in {"word", "mark"} else ""
        rule = _rule_after(before, rule)
        _follow(functions, before)


def _rule_after(token: str, rule: str) -> str:
    """Return the at-rule that goes on after ``token``."""
    if token[:1] == "@":
        return token
    return "" if token in {";", "{", "}"} else rule


def _follow(functions: list[str], token: str) -> None:
    """Open or close a bracket."""
    if token[-1:] == "(":
        functions.append(token)
    elif token == ")" and functions:
        functions.pop()
    elif token in {";", "{", "}"}:
        functions.clear()


def _reference(text: str, start: int, end: int) -> Reference:
    return Reference(start, end, _ESCAPE.sub(_unescaped, text[start:end]))


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for (CSS Syntax Level 3, section 4.3.7); a line's end goes."""
    if escape[1]:
        number = int(escape[1], 16)
        is_character = 0 < number <= _MAX_CODE_POINT and not 0xD800 <= number <= 0xDFFF
        return chr(number) if is_character else "\ufffd"
    return escape[3] or ""
