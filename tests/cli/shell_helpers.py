"""Shells as people use them: on a terminal, with the Tab key."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from cli_helpers import PATIENCE, environment

PROMPT = "<<ready>>"
CTRL_A, CTRL_E = "\x01", "\x05"
_CONTROL = re.compile(r"\x1b(?:\[[0-9;?<=>]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-B]?)|[\x07\r]")

_COMMANDS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
_SET_UP = {
    "bash": "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set page-completions off'; "
    "source <(scaffold completion bash); PS1='<<rea''dy>>'",
    "zsh": "autoload -Uz compinit; compinit -u -D; unset zle_bracketed_paste; setopt NO_BEEP NO_PROMPT_SP; "
    "LISTMAX=1000; source <(scaffold completion zsh); PROMPT='<<rea''dy>>'",
}


def path_with_scaffold() -> str:
    """The search path with the commands of this interpreter in front."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


class Shell:
    """An interactive shell in ``folder`` with the completion loaded."""

    def __init__(self, name: str, folder: Path) -> None:
        self.reader, writer = pty.openpty()
        self.process = subprocess.Popen(
            _COMMANDS[name],
            cwd=folder,
            stdin=writer,
            stdout=writer,
            stderr=writer,
            start_new_session=True,
            env=environment(
                PATH=path_with_scaffold(), HOME=str(folder.parent), TERM="dumb", COLUMNS="200", HISTFILE=os.devnull
            ),
        )
        os.close(writer)
        self._write(f"{_SET_UP[name]}\n")
        self._until(PROMPT)

    def completed(self, typed: str) -> list[str]:
        """Type ``typed`` and the Tab key, and return the words that the line then consists of for the shell itself."""
        self._write(f"{typed}\t")
        self._write(f"{CTRL_A}printf '<%s>' {CTRL_E}; printf '%s' en''d\n")
        text = self._until("end", PROMPT)
        shown = text[: text.rindex("end")].rpartition("\n")[2]
        return re.findall(r"<([^>]*)>", shown)

    def _write(self, text: str) -> None:
        os.write(self.reader, text.encode())

    def _until(self, *wanted: str) -> str:
        """Return what is shown up to the last of ``wanted``, which come one behind the other at the end."""
        deadline, text = time.monotonic() + PATIENCE, ""
        while not text.rstrip(" \n").endswith("".join(wanted)) or not text:
            assert select.select([self.reader], [], [], max(0.0, deadline - time.monotonic()))[0], text
            text += _CONTROL.sub("", os.read(self.reader, 65536).decode(errors="replace"))
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        os.close(self.reader)
