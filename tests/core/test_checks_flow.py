"""Whether a function may come to its end without a ``return``, against runs of such functions."""

from __future__ import annotations

import ast
import itertools
import textwrap
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.checks.flow import ends

LEAVES = ("pass", "return 1", "raise KeyError", "abort()", "x = c()")
LOOP_LEAVES = (*LEAVES, "break", "continue")
STEPS = 60


def block(*lines: str) -> str:
    return textwrap.indent("\n".join(lines), "    ")


def bodies(leaves: tuple[str, ...], depth: int) -> st.SearchStrategy[str]:
    simple = st.sampled_from(leaves)
    if not depth:
        return simple
    inner, looped = bodies(leaves, depth - 1), bodies(LOOP_LEAVES, depth - 1)
    statement = st.one_of(
        simple,
        st.builds(lambda a: f"if c():\n{block(a)}", inner),
        st.builds(lambda a, b: f"if c():\n{block(a)}\nelse:\n{block(b)}", inner, inner),
        st.builds(lambda a: f"while True:\n{block('tick()', a)}", looped),
        st.builds(lambda a, b: f"while c():\n{block('tick()', a)}\nelse:\n{block(b)}", looped, inner),
        st.builds(lambda a, b: f"for i in range(c() + c()):\n{block(a)}\nelse:\n{block(b)}", looped, inner),
        st.builds(lambda a, b: f"try:\n{block(a)}\nexcept KeyError:\n{block(b)}", inner, inner),
        st.builds(
            lambda a, b, d: f"try:\n{block(a)}\nexcept KeyError:\n{block(b)}\nelse:\n{block(d)}", inner, inner, inner
        ),
        st.builds(lambda a, b: f"try:\n{block(a)}\nfinally:\n{block('pass', b)}", inner, simple),
        st.builds(lambda a: f"with suppress(KeyError):\n{block(a)}", inner),
        st.builds(
            lambda a, b: f"match c():\n    case 1:\n{block(block(a))}\n    case _:\n{block(block(b))}", inner, inner
        ),
    )
    return st.lists(statement, min_size=1, max_size=3).map("\n".join)


class Endless(BaseException):
    """Raised in a run that does not come to an end."""


def outcomes(body: str, choices: int) -> Iterator[object]:
    """Yield what the function returns for each row of truths, as far as a run comes to an end."""
    for row in itertools.product((True, False), repeat=choices):
        truths, ticks = iter(row), itertools.count()

        def tick(count: Iterator[int] = ticks) -> None:
            if next(count) > STEPS:
                raise Endless

        def abort() -> None:
            raise KeyError

        names: dict[str, object] = {"c": lambda left=truths: next(left, False), "tick": tick, "abort": abort}
        code = f"from contextlib import suppress\ndef page():\n{textwrap.indent(body, '    ')}"
        exec(compile(code, "page", "exec"), names)
        try:
            yield names["page"]()  # type: ignore[operator]
        except (KeyError, Endless):
            yield "raised"


@settings(max_examples=200, deadline=None)
@given(bodies(LEAVES, 2))
def test_what_is_said_to_end_never_returns_none(body: str) -> None:
    def is_ending(call: ast.Call) -> bool:
        return isinstance(call.func, ast.Name) and call.func.id == "abort"

    if ends(ast.parse(f"def page():\n{textwrap.indent(body, '    ')}").body[0].body, is_ending):  # type: ignore[attr-defined]
        assert None not in list(outcomes(body, 6)), body
