"""Can others see what they should not: secrets in ``.env``, and the pages for developers?"""

from __future__ import annotations

import ast
import contextlib
import ipaddress
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.checks.source import Module, Sources, dotted
from scaffold.conf import read_env_file
from scaffold.exceptions import SettingsError

__all__ = ["check_exposure"]

_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASS|CREDENTIAL|DSN|URL")
_ENV_LINE = re.compile(r"\s*(?P<instruction>[A-Za-z]+)\s")
_DEBUG_ON = re.compile(r"""(?<![\w-])DEBUG(?:\s*=\s*|\s+)["']?(?:1|true|yes|on)\b""", re.IGNORECASE)
_RUN = re.compile(r"\.run\(")


def check_exposure(app: Application, sources: Sources) -> Iterator[Finding]:
    """Yield a warning for secrets that other users of the machine can read, and where DEBUG meets the public."""
    yield from _check_env_file(app.root / ".env")
    yield from _check_image(app.root / "Dockerfile")
    if app.settings.DEBUG:
        yield from _check_host(app.root / ".env")
        for module in sources.modules:
            yield from _check_runs(module)


def _check_env_file(file: Path) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO) and any(map(_SECRET.search, _variables(file))):
        message = f".env has the mode {mode:04o}, so that other users of the machine can read the secrets in it"
        yield Finding("warning", "settings.env-file", str(file), message, "Close it with: chmod 600 .env")


def _variables(file: Path) -> dict[str, tuple[str, int]]:
    """Return the variables of an ``.env`` file; one that can't be read is a finding of another check."""
    try:
        return read_env_file(file)
    except SettingsError:
        return {}


def _check_image(file: Path) -> Iterator[Finding]:
    """Yield a warning for ``ENV DEBUG=true``, also where ENV stands on a line before."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    instruction, continues = "", False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            continue
        if not continues:
            found = _ENV_LINE.match(line)
            instruction = found["instruction"].upper() if found else ""
        continues = line.rstrip().endswith("\\")
        if instruction == "ENV" and _DEBUG_ON.search(line):
            message = "the image runs with DEBUG on, and shows code and settings to whom it lets through"
            yield Finding("warning", "settings.public-debug", f"{file}:{number}", message, "Take it out of the image.")


def _check_host(file: Path) -> Iterator[Finding]:
    host, line = _variables(file).get("HOST", ("", 0))
    if _is_wildcard(host):
        message = f"DEBUG is on, and HOST is {host!r}, which listens to everybody"
        hint = "Leave HOST out, or set DEBUG=false."
        yield Finding("warning", "settings.public-debug", f"{file}:{line}", message, hint)


def _check_runs(module: Module) -> Iterator[Finding]:
    """Yield a warning for ``app.run("0.0.0.0")``."""
    for node in module.nodes if _RUN.search(module.text) else ():
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "run":
            continue
        holder = dotted(node.func.value).rpartition(".")[2]
        given = [*node.args[:1], *(item.value for item in node.keywords if item.arg == "host")]
        hosts = [item.value for item in given if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        if holder in {"app", "application"} and any(map(_is_wildcard, hosts)):
            message = f"DEBUG is on, and {holder}.run() listens on {hosts[0]}, to everybody"
            place = f"{module.file}:{node.lineno}"
            hint = "Leave the host out, or turn DEBUG off."
            yield Finding("warning", "settings.public-debug", place, message, hint)


def _is_wildcard(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    return False
