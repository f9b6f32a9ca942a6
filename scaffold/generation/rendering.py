"""From the files of ``project_template/`` to the files of a project or an app.

The conventions of the template folder (``project_template/README.md`` shows them with examples):

- a file that ends in ``.tmpl`` is rendered and loses the ending, any other is copied byte for byte;
- ``dot-`` at the start of a file's or folder's name stands for a dot;
- ``app_name`` in a file's or folder's name stands for the name of the app.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateError

from scaffold.exceptions import GenerationError

__all__ = ["PlannedFile", "render_part", "template_folder"]

SUFFIX = ".tmpl"
MODES = {".env": 0o600, "manage.py": 0o755}
"""Permissions of the files that need others than the usual ones."""
USUAL_MODE = 0o644

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, order=True)
class PlannedFile:
    """A file to be written: its POSIX path below the target, its bytes, its permissions (the umask may lessen them).

    The content is left out of the representation, since it may hold a secret.
    """

    path: str
    content: bytes = field(repr=False)
    mode: int = USUAL_MODE


def template_folder() -> Path:
    """Return the folder of the templates: beside the package in a checkout, inside of it once installed.

    Raises `GenerationError` when there is none, as in a damaged installation.
    """
    for folder in (_PACKAGE / "_project_template", _PACKAGE.parent / "project_template"):
        if folder.is_dir():
            return folder
    raise GenerationError(
        f"the project template is missing from {_PACKAGE}",
        hint="Install Scaffold again: python -m pip install --force-reinstall scaffold-web",
    )


def render_part(part: str, context: Mapping[str, object], *, app_name: str = "") -> tuple[PlannedFile, ...]:
    """Return the files that ``part`` (``project`` or ``app``) of the template makes with ``context``, sorted by path.

    Raises `GenerationError` when a file of the template is wrong.
    """
    environment = _environment()
    folder = template_folder() / part
    files = []
    for source in _sources(folder):
        relative = source.relative_to(folder).as_posix()
        path = _target_path(relative, app_name)
        content = source.read_bytes()
        if relative.endswith(SUFFIX):
            content = _render(environment, content.decode(), context, relative).encode()
        files.append(PlannedFile(path, content, MODES.get(path, USUAL_MODE)))
    return tuple(sorted(files))


def _environment() -> Environment:
    """The delimiters keep clear of Jinja's own, so that generated Jinja files are written as they are."""
    return Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<%#",
        comment_end_string="%>",
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        # What is rendered are names that were checked and keys without special characters; most targets are not HTML.
        autoescape=False,
    )


def _sources(folder: Path) -> Iterator[Path]:
    """All files of the template; byte code that an installer or an import left beside them is not part of it."""
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _target_path(relative: str, app_name: str) -> str:
    parts = relative.removesuffix(SUFFIX).split("/")
    return "/".join(f".{part[4:]}" if part.startswith("dot-") else part.replace("app_name", app_name) for part in parts)


def _render(environment: Environment, source: str, context: Mapping[str, object], relative: str) -> str:
    try:
        return environment.from_string(source).render(context)
    except TemplateError as error:
        raise GenerationError(
            f"the project template is wrong: {error.message}",
            hint="Mend the template, or install Scaffold again.",
            source=relative,
        ) from error
