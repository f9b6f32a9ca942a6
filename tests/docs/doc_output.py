"""Comparing what a command printed with what a page says that it prints."""

from __future__ import annotations

import re
from pathlib import Path

# What differs from run to run is replaced on both sides. The home folder stands for the folder that a page runs in.
HOME = "/home/ada"
_VOLATILE = (
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "12:00:00"),
    (re.compile(r"\b\d+\.\d ms\b"), "1.0 ms"),
    (re.compile(r"\bin \d+\.\d\ds\b"), "in 0.10s"),
    (re.compile(r"^Date: .*$", re.MULTILINE), "Date: now"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


def normal(text: str, folder: Path | None = None) -> str:
    """Return ``text`` with what differs from run to run replaced."""
    if folder is not None:
        text = text.replace(str(folder), HOME)
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return text.rstrip("\n")


def fits(actual: str, expected: str) -> bool:
    """Say whether ``actual`` is ``expected``, in which a line ``...`` stands for any lines and ``...`` for any text."""
    lines = []
    for line in expected.splitlines():
        if line.strip() == "...":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(map(re.escape, line.split("..."))) + r"\n")
    return re.fullmatch("".join(lines), f"{actual}\n" if actual else "") is not None
