"""What is answered without Typer: ``--version``, and what a shell asks at the Tab key.

Nothing in here imports more than Python itself has at its start, and no code of a project is run: names are read off
its files. A test holds the imports.
"""

from __future__ import annotations

import os
import sys

from scaffold import __version__
from scaffold.cli.status import EXIT_FAILURE, reader_has_left

__all__ = ["SHELLS", "answer", "script"]

SHELLS = ("bash", "zsh", "fish")
COMPLETE = "--complete"
"""What the scripts call, with the shell's name and what has been typed behind it."""


def answer(arguments: list[str]) -> bool:
    """Print what ``arguments`` ask for when that needs no Typer, and say whether it was so."""
    match arguments:
        case ["--version"]:
            text = f"Scaffold {__version__}\n"
        case ["completion", shell] if shell in SHELLS:
            text = script(shell)
        case [word, shell, *typed] if word == COMPLETE and shell in SHELLS:
            from scaffold.cli.completing.shells import reply

            text = reply(shell, typed)
        case _:
            return False
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        reader_has_left()
        sys.exit(EXIT_FAILURE)
    return True


def script(shell: str) -> str:
    """Return what ``shell`` is to read to complete at the Tab key."""
    with open(os.path.join(os.path.dirname(__file__), f"scaffold.{shell}"), encoding="utf-8") as stream:
        return stream.read()
