"""Templates: one Jinja2 environment over the project's ``templates/`` folder and, behind it, each app's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    select_autoescape,
)

from scaffold.exceptions import ScaffoldError, did_you_mean

__all__ = ["TemplateMissingError", "Templates"]


class TemplateMissingError(ScaffoldError):
    """No folder holds the template."""


class Templates:
    """The templates of an application, autoescaped; a name that a template reads and nobody gave is an error.

    ``folders`` are searched in order, after the ``texts`` by name that need no file. With ``auto_reload`` a template is
    read again when its file has changed. ``names`` are what every template can call.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        auto_reload: bool,
        texts: Mapping[str, str],
        names: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.folders = tuple(folders)
        self.texts = dict(texts)
        self.environment = Environment(
            loader=ChoiceLoader([DictLoader(self.texts), FileSystemLoader(self.folders)]),
            autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
            undefined=StrictUndefined,
            auto_reload=auto_reload,
            cache_size=-1,
        )
        self.environment.globals.update(names)

    def has(self, name: str) -> bool:
        """Say whether there is such a template."""
        return name in self.texts or any((folder / name).is_file() for folder in self.folders)

    def names(self) -> list[str]:
        """Return the names of all templates, sorted."""
        return [name for name in self.environment.list_templates() if not name.rpartition("/")[2].startswith(".")]

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the text of the template with ``context``.

        Raises `TemplateMissingError` that lists the folders, for this template or one that it names.
        """
        environment = self.environment
        try:
            template = environment.get_template(name)
            # What `Template.render` does, but for the way in which the globals get in, which is half of its time.
            shared = template.new_context({**environment.globals, **context}, shared=True)
            try:
                return environment.concat(template.root_render_func(shared))
            except Exception:
                environment.handle_exception()
        except TemplateNotFound as error:
            raise self._missing(str(error.name or name)) from error

    def _missing(self, name: str) -> TemplateMissingError:
        folders = ", ".join(map(str, self.folders)) or "no folder at all: there is no templates/"
        return TemplateMissingError(
            f"there is no template {name!r}; looked in {folders}",
            hint=did_you_mean(name, self.names()) or "Make the file in one of these folders.",
        )
