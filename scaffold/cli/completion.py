"""``scaffold completion``."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.cli.completing import SHELLS, script
from scaffold.cli.output import print_line
from scaffold.exceptions import UsageError, did_you_mean

__all__ = ["command"]


def command(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell that is to complete.")],
) -> None:
    """Print what makes a shell complete commands, options and names at the Tab key."""
    if shell not in SHELLS:
        hint = did_you_mean(shell, SHELLS) or f"Write one of {', '.join(SHELLS)}."
        raise UsageError(f"there is no completion for {shell!r}", hint=hint)
    print_line(script(shell).removesuffix("\n"))
