"""Links that open a file in an editor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

__all__ = ["EDITORS", "editor_link"]

# What these editors, or the handlers that come with them, understand.
EDITORS: Mapping[str, str] = {
    "vscode": "vscode://file{path}:{line}",
    "vscodium": "vscodium://file{path}:{line}",
    "cursor": "cursor://file{path}:{line}",
    "zed": "zed://file{path}:{line}",
    "pycharm": "pycharm://open?file={path}&line={line}",
    "idea": "idea://open?file={path}&line={line}",
    "sublime": "subl://open?url=file://{path}&line={line}",
    "vim": "mvim://open?url=file://{path}&line={line}",
    "emacs": "emacs://open?url=file://{path}&line={line}",
}
_LINE = re.compile(r"[:&?](?:line=)?\{line\}")


def editor_link(pattern: str, path: str, line: int | None = None) -> str:
    """Return the link for ``path`` after a pattern with {path} and {line} in it, or the name of an editor.

    An empty pattern gives no link; without a ``line`` that part of the pattern is left out.
    """
    pattern = EDITORS.get(pattern, pattern)
    pattern = _LINE.sub("", pattern) if line is None else pattern.replace("{line}", str(line))
    return pattern.replace("{path}", quote(path))
