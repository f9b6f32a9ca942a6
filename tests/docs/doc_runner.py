"""Runs the blocks of one page in order, in a folder of their own. The scheme is told in ``test_doc_blocks.py``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import jinja2
from doc_notebook import __file__ as notebook_file
from doc_output import fits, normal
from doc_pages import Block, Page
from doc_shell import RunningServer, Shell

_TREE_LINE = re.compile(r"(?P<indent> *)(?P<names>\S+(?: \S+)*?)(?:   *(?P<note>.*))?")


class PageRunner:
    """The folder, the shell, the server and the Python process of one page."""

    def __init__(self, page: Page, home: Path, tools: Path) -> None:
        project = page.markers.get("project")
        self.page = page
        self.start = home / project if project else home
        self.shell = Shell(home, tools, self.start)
        self._server: RunningServer | None = None
        self._server_output = ""
        self._notebook: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._stop_server()
        finally:
            self._stop_notebook()

    def run(self, block: Block) -> None:
        """Run a block; raises ``AssertionError`` with its place when it does not do what the page says."""
        try:
            self._rule_for(block)(block)
        except AssertionError as error:
            raise AssertionError(f"{self.page.name}:{block.line}: {error}") from None

    def _rule_for(self, block: Block) -> Callable[[Block], None]:
        for marker, rule in self._by_marker().items():
            if marker in block.markers:
                return rule
        if block.language not in self._by_language():
            raise AssertionError(f"no rule covers a block of {block.language or 'no language'} without a marker")
        return self._by_language()[block.language]

    def _by_marker(self) -> Mapping[str, Callable[[Block], None]]:
        return {
            "file": self.write,
            "append": self.append,
            "shown": self.compare_with_file,
            "serve": self.serve,
            "tree": self.find_tree,
            "command": self.parse_command,
            "not run": self.parse_shell,
        }

    def _by_language(self) -> Mapping[str, Callable[[Block], None]]:
        return {
            "python": self.run_in_notebook,
            "pycon": self.run_in_notebook,
            "console": self.run_commands,
            "html": self.parse_template,
            "toml": self.parse_toml,
            "json": self.parse_json,
        }

    # --- files --------------------------------------------------------------------------------------------------

    def write(self, block: Block) -> None:
        """Write the block to the file that its marker names."""
        self._write(block, block.markers["file"], "")

    def append(self, block: Block) -> None:
        """Put the block at the end of a file that exists."""
        name = block.markers["append"]
        self._write(block, name, (self.start / name).read_text(encoding="utf-8"))

    def _write(self, block: Block, name: str, before: str) -> None:
        path = self.start / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = before + block.text
        path.write_text(text, encoding="utf-8")
        if block.language == "python" and path.suffix == ".py":
            compile(text, str(path), "exec")

    def compare_with_file(self, block: Block) -> None:
        """Find the text of the block in a file that is there."""
        text = (self.start / block.markers["shown"]).read_text(encoding="utf-8")
        assert block.text in text, f"this is not in {block.markers['shown']}, which holds:\n{text}"

    def find_tree(self, block: Block) -> None:
        """Find each file of a drawn tree: two spaces of indentation a level, notes behind two spaces or more."""
        folders = [self.start / block.markers["tree"]]
        for line in block.text.splitlines():
            found = _TREE_LINE.fullmatch(line)
            assert found is not None, f"this line is no part of a tree: {line!r}"
            del folders[len(found["indent"]) // 2 + 1 :]
            for name in found["names"].split():
                assert (folders[-1] / name).exists(), f"there is no {folders[-1] / name}"
            folders.append(folders[-1] / found["names"])

    # --- languages ----------------------------------------------------------------------------------------------

    def run_in_notebook(self, block: Block) -> None:
        """Run Python in the page's own process."""
        if self._notebook is None:
            self._notebook = subprocess.Popen(
                [sys.executable, "-W", "error", notebook_file],
                cwd=self.start,
                env=self.shell.variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        where = self.start / f"{self.page.path.stem}.md"
        request = {
            "kind": block.language,
            "text": self.shell.real(block.text),
            "file": str(where),
            "line": block.line,
        }
        if self._notebook.stdin is None or self._notebook.stdout is None:
            raise AssertionError("the Python process of the page has no pipes")
        self._notebook.stdin.write(json.dumps(request) + "\n")
        self._notebook.stdin.flush()
        fault = json.loads(self._notebook.stdout.readline() or '"its process ended"')
        assert not fault, f"the block fails:\n{fault}"

    def run_commands(self, block: Block) -> None:
        """Run the commands of a terminal, and compare what they print."""
        commands = commands_of(block)
        for position, (command, expected) in enumerate(commands, 1):
            status = int(block.markers.get("exit", "0")) if position == len(commands) else 0
            self.shell.check(command, expected, status)

    def serve(self, block: Block) -> None:
        """Start the server of the block's last command; it serves until the page ends or another one starts."""
        *before, (command, output) = commands_of(block)
        for other, expected in before:
            self.shell.check(other, expected, 0)
        self._stop_server()
        self._server = RunningServer(command, self.shell.folder, self.shell.variables)
        self._server_output = output
        self.shell.address = self._server.address

    def _stop_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            printed = normal(server.stop(), self.shell.home)
            expected = f"{normal(self._server_output)}\n..."
            assert fits(printed, expected), f"the server printed:\n{printed}\n--- expected:\n{expected}"
            assert server.status == 0, f"Ctrl-C ended the server with {server.status}; it printed:\n{printed}"

    def _stop_notebook(self) -> None:
        process, self._notebook = self._notebook, None
        if process is not None:
            with process:
                try:
                    process.communicate(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise

    @staticmethod
    def parse_template(block: Block) -> None:
        """Parse HTML as a template."""
        jinja2.Environment(autoescape=True).parse(block.text)

    @staticmethod
    def parse_toml(block: Block) -> None:
        """Parse TOML."""
        tomllib.loads(block.text)

    @staticmethod
    def parse_json(block: Block) -> None:
        """Parse JSON."""
        json.loads(block.text)

    @staticmethod
    def parse_shell(block: Block) -> None:
        """Let the shell parse commands without running them."""
        done = subprocess.run(["sh", "-n"], input=block.text, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, f"the shell refuses this: {done.stderr}"

    def parse_command(self, block: Block) -> None:
        """Take one of the two commands of the README: one line, for continuous integration to run."""
        assert block.markers["command"] in {"serve", "test"}
        assert block.text.count("\n") == 1, "the command must be one line"
        self.parse_shell(block)


def commands_of(block: Block) -> list[tuple[str, str]]:
    """Return the commands of a terminal, each with the output shown below it."""
    commands: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], ""))
        else:
            assert commands, "a console block begins with a command: $ ..."
            command, output = commands[-1]
            commands[-1] = (command, f"{output}{line}\n")
    assert commands, "a console block holds at least one command"
    return commands
