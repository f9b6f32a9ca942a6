"""A process of its own for the Python of one page: runs each block it is sent in one name space.

A line of standard input is a JSON object with ``kind`` (``python`` or ``pycon``), ``text``, ``file`` and ``line``; the
answer is a line with the text of what went wrong, or with an empty one.
"""

from __future__ import annotations

import contextlib
import doctest
import json
import os
import sys
import traceback
from typing import Any


def run_python(text: str, file: str, line: int, names: dict[str, Any]) -> str:
    """Run the text of a block as if it stood at ``line`` of ``file``."""
    try:
        exec(compile("\n" * (line - 1) + text, file, "exec"), names)
    except Exception:
        return traceback.format_exc()
    return ""


def run_pycon(text: str, file: str, line: int, names: dict[str, Any]) -> str:
    """Run the examples of an interactive session and compare what they print."""
    test = doctest.DocTestParser().get_doctest(text, {}, file, file, line - 1)
    test.globs = names
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append, clear_globs=False)
    return "".join(report)


RUNNERS = {"python": run_python, "pycon": run_pycon}


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    names: dict[str, Any] = {"__name__": "page"}
    sys.path.insert(0, str(os.getcwd()))  # noqa: PTH109 - the folder as the shell names it
    with answers, contextlib.redirect_stdout(sys.stderr):
        for request in sys.stdin:
            block = json.loads(request)
            fault = RUNNERS[block["kind"]](block["text"], block["file"], block["line"], names)
            print(json.dumps(fault), file=answers, flush=True)


if __name__ == "__main__":
    main()
