"""The references in a script, by a scanner that knows strings, templates, comments and regular expressions.

It is no parser: whether a slash divides or begins a regular expression follows from the tokens before it (ECMA-262
section 12, the lexical goals), which is decided for brackets by what stood before they were opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from scaffold.staticfiles.references import Kind, Reference

__all__ = ["javascript_references"]

_TOKEN = re.compile(
    r"""
      (?P<space> \s++ )
    | (?P<comment> //[^\n\r\u2028\u2029]*+ | /\* .*? (?: \*/ | \Z ) )
    | (?P<string> "(?: [^"\\\n\r] | \\(?: \r\n | . ) )*+ " | '(?: [^'\\\n\r] | \\(?: \r\n | . ) )*+ ' )
    | (?P<word> (?: [\w$\#\u0080-\U0010ffff] | \\u )++ )
    | (?P<mark> => | \+\+ | -- | \?\.(?!\d) | \.\.\. | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(
    r"/ (?: [^/\\\[\n\r\u2028\u2029] | \\[^\n\r] | \[ (?: [^\]\\\n\r] | \\[^\n\r] )*+ \] )++ / [\w$]*+", re.VERBOSE
)
_TEMPLATE = re.compile(r"(?: [^`\\$] | \\. | \$(?!\{) )*+ (?P<end> ` | \$\{ | \Z )", re.VERBOSE | re.DOTALL)
_FIRST_LINE = re.compile(r"\ufeff?#![^\n\r\u2028\u2029]*")  # names an interpreter
_SOURCE_MAP = re.compile(r"/[/*][#@]\s*sourceMappingURL=([^\s'\"*]+)\s*(?:\*/)?")
# fmt: off
_BEFORE_OPERAND = frozenset({
    "await", "case", "default", "delete", "do", "else", "extends", "in", "instanceof", "new", "of", "return", "throw",
    "typeof", "void", "yield",
})
# fmt: on
_BEFORE_CONDITION = frozenset({"if", "while", "for", "with"})
_NO_OPERAND_BEHIND = frozenset({")", "]", "++", "--", ".", "?."})
_BLOCK_BEGINS = frozenset({"", ")", ";", "{", "}", "=>", "else", "do", "try", "finally"})
_IMPORT_PARTS = frozenset({"{", "}", ",", "*"})
_LITERALS = frozenset({"string", "template"})


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Scanner:
    """Takes a script apart; ``brackets`` are those that are open, each with whether an operand may follow its end."""

    text: str
    tokens: list[_Token] = field(default_factory=list)
    maps: list[Reference] = field(default_factory=list)
    brackets: list[tuple[str, bool]] = field(default_factory=list)
    operand: bool = True

    def scan(self) -> None:
        line = _FIRST_LINE.match(self.text)
        position = line.end() if line else 0
        while position < len(self.text):
            position = self._step(position)

    def _step(self, start: int) -> int:
        """Take the token at ``start`` and return its end."""
        found = _TOKEN.match(self.text, start)
        if found is None:  # there is none such: the last alternative takes any character
            return start + 1
        kind, end = found.lastgroup or "", found.end()
        if kind == "comment":
            if source_map := _SOURCE_MAP.fullmatch(found[0]):
                self.maps.append(
                    Reference(start + source_map.start(1), start + source_map.end(1), source_map[1], "map")
                )
        elif kind == "mark":
            return self._mark(found[0], start, end)
        elif kind != "space":
            is_keyword = kind == "word" and found[0] in _BEFORE_OPERAND and self._last() not in {".", "?."}
            self._add(kind, start, end, operand=is_keyword)
        return end

    def _mark(self, mark: str, start: int, end: int) -> int:
        if mark == "`":
            return self._template(start, end)
        if mark == "/" and self.operand:
            regex = _REGEX.match(self.text, start)
            if regex is not None:
                return self._add("regex", start, regex.end(), operand=False)
        if mark == "}" and self.brackets and self.brackets[-1][0] == "${":
            self.brackets.pop()
            return self._template(start, end)
        operand = mark not in _NO_OPERAND_BEHIND
        if mark in {"(", "[", "{"}:
            self.brackets.append((mark, self._operand_behind(mark)))
        elif mark in {")", "]", "}"} and self.brackets:
            operand = self.brackets.pop()[1]
        return self._add("mark", start, end, operand=operand)

    def _operand_behind(self, mark: str) -> bool:
        """Say whether what follows the bracket's end is an operand: after a block and after ``if (...)``."""
        if mark == "(":
            return self._last() in _BEFORE_CONDITION and self._last(2) not in {".", "?."}
        return mark == "{" and self._last() in _BLOCK_BEGINS

    def _template(self, start: int, begin: int) -> int:
        """Take a template, or what follows a substitution in one, from ``begin`` to its end or next substitution."""
        found = _TEMPLATE.match(self.text, begin)
        end = found.end() if found else len(self.text)
        if found is not None and found["end"] == "${":
            self.brackets.append(("${", False))
            return self._add("part", start, end, operand=True)
        is_whole = self.text[start] == "`" and found is not None and found["end"] == "`"
        return self._add("template" if is_whole else "part", start, end, operand=False)

    def _add(self, kind: str, start: int, end: int, *, operand: bool) -> int:
        self.tokens.append(_Token(kind, self.text[start:end], start, end))
        self.operand = operand
        return end

    def _last(self, number: int = 1) -> str:
        return self.tokens[-number].text if len(self.tokens) >= number else ""


def javascript_references(text: str) -> Iterator[Reference]:
    """Yield the references of a script: what it imports and exports from, ``new URL(...)``, its source map.

    A call counts when its argument is one literal: ``import("./x.js")``, ``new URL("x.png", import.meta.url)``.
    Literals with a backslash are passed over. It takes any text and never raises.
    """
    scanner = _Scanner(text)
    scanner.scan()
    yield from scanner.maps
    tokens = scanner.tokens
    for index, token in enumerate(tokens):
        if token.kind in _LITERALS and "\\" not in token.text:
            kind = _kind_of(tokens, index)
            if kind is not None:
                yield Reference(token.start + 1, token.end - 1, token.text[1:-1], kind)


def _kind_of(tokens: list[_Token], index: int) -> Kind | None:
    """Return what the literal at ``index`` refers to, None when it is just a text."""
    before = [token.text for token in tokens[max(index - 4, 0) : index]]
    after = [token.text for token in tokens[index + 1 : index + 9]]
    is_attribute = before[-3:-2] in (["."], ["?."])
    if before[-2:] == ["import", "("] and not is_attribute:
        return "module" if after[:1] in ([")"], [","]) else None
    if before[-3:] == ["new", "URL", "("]:
        is_here = after[:6] == [",", "import", ".", "meta", ".", "url"] and after[6:7] in ([")"], [","])
        return "file" if is_here else None
    if tokens[index].kind != "string" or before[-2:-1] in (["."], ["?."]):
        return None
    if before[-1:] == ["import"]:
        return "module"
    return "module" if before[-1:] == ["from"] and _is_declaration(tokens, index - 1) else None


def _is_declaration(tokens: list[_Token], index: int) -> bool:
    """Say whether the ``from`` at ``index`` belongs to an ``import`` or ``export``."""
    while index > 0:
        index -= 1
        token = tokens[index]
        if token.text in {"import", "export"}:
            return index == 0 or tokens[index - 1].text not in {".", "?."}
        if token.text == "from" and tokens[index + 1].kind == "string":
            return False  # the end of another one
        if token.kind not in {"word", "string"} and token.text not in _IMPORT_PARTS:
            return False
    return False
