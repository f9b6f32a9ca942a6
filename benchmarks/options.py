"""What the command lines of the benchmarks have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["EXIT_FAILURE", "EXIT_USAGE", "peers_are_there", "positive"]

EXIT_FAILURE = 1
EXIT_USAGE = 2


def positive(text: str) -> int:
    """Return the number that an option was given; an error of `argparse` when it is below 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def peers_are_there(modules: Sequence[str]) -> bool:
    """Return whether all ``modules`` can be imported; if not, say on standard error what to install."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        print(f"Not installed: {', '.join(missing)}", file=sys.stderr)
        print("Install the extra that holds the peers: pip install 'scaffold-web[bench]'", file=sys.stderr)
    return not missing
