#!/usr/bin/env python3
"""The project's command line: the same as ``scaffold``, from any folder."""

from pathlib import Path

from scaffold.cli import manage

if __name__ == "__main__":
    manage(Path(__file__).resolve().parent)
