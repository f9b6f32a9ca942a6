"""Templates: one Jinja2 environment over the project's ``templates/`` folder and, behind it, each app's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    Undefined,
    select_autoescape,
)
from jinja2.runtime import Context

from scaffold.exceptions import ScaffoldError, did_you_mean
from scaffold.http import MultiDict

__all__ = ["BlockMissingError", "TemplateMissingError", "Templates"]

# A streamed page is sent in pieces of at least so many characters: each costs the server a call.
STREAM_CHARACTERS = 8 * 1024


class TemplateMissingError(ScaffoldError):
    """No folder holds the template."""


class BlockMissingError(ScaffoldError):
    """The template, and those that it extends, have no block of this name."""


class _StrictUndefined(StrictUndefined):
    """What nobody gave is an error, but for a field of a form or query: one that was not sent is an empty text.

    So a form can show what was typed before, ``value="{{ request.form.title }}"``, also when nothing was yet.
    """

    __slots__ = ()

    def __new__(cls, hint: str | None = None, obj: Any = None, *arguments: Any, **options: Any) -> Any:
        return Undefined(hint, obj, *arguments, **options) if isinstance(obj, MultiDict) else super().__new__(cls)


class Templates:
    """The templates of an application, autoescaped; a name that a template reads and nobody gave is an error.

    ``folders`` are searched in order, after the ``texts`` by name that need no file. With ``auto_reload`` a template is
    read again when its file has changed; without it, it is compiled once. ``names`` are what every template can call,
    ``filters`` what it can write behind a bar.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        auto_reload: bool,
        texts: Mapping[str, str],
        names: Mapping[str, Callable[..., Any]],
        filters: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.folders = tuple(folders)
        self.texts = dict(texts)
        self.environment = Environment(
            loader=ChoiceLoader([DictLoader(self.texts), FileSystemLoader(self.folders)]),
            autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
            undefined=_StrictUndefined,
            auto_reload=auto_reload,
            cache_size=-1,
        )
        self.environment.globals.update(names)
        self.environment.filters.update(filters or {})

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

    def render_block(self, name: str, block: str, context: Mapping[str, Any]) -> str:
        """Return the text of one block of the template alone, as it would stand in the page.

        What the template and those that it extends set and import before the first of their text is there, and
        nothing behind it is run. Raises `BlockMissingError` for an unknown block, else as `render` does.
        """
        try:
            template, shared = self._prepared(name, context)
            try:
                render = _blocks_of(template, shared).get(block)
                if render is None:
                    raise _no_block(name, block, shared)
                return self.environment.concat(render[0](shared))
            except (BlockMissingError, TemplateNotFound):
                raise
            except Exception:
                self.environment.handle_exception()
        except TemplateNotFound as error:
            raise self._missing(str(error.name or name)) from error

    def stream(self, name: str, context: Mapping[str, Any]) -> Iterator[str]:
        """Yield the text of the template in pieces while it is rendered; raises what `render` raises."""
        try:
            template, shared = self._prepared(name, context)
            try:
                yield from _in_pieces(template.root_render_func(shared))
            except TemplateNotFound:
                raise
            except Exception:
                self.environment.handle_exception()
        except TemplateNotFound as error:
            raise self._missing(str(error.name or name)) from error

    def _prepared(self, name: str, context: Mapping[str, Any]) -> tuple[Template, Context]:
        template = self.environment.get_template(name)
        return template, template.new_context({**self.environment.globals, **context}, shared=True)

    def _missing(self, name: str) -> TemplateMissingError:
        folders = ", ".join(map(str, self.folders)) or "no folder at all: there is no templates/"
        return TemplateMissingError(
            f"there is no template {name!r}; looked in {folders}",
            hint=did_you_mean(name, self.names()) or "Make the file in one of these folders.",
        )


class _EmptiedBlocks(dict[str, list[Callable[[Context], Iterator[str]]]]):
    """The blocks of a context, each of which gives nothing while the text around them is looked for."""

    def __getitem__(self, name: str) -> list[Callable[[Context], Iterator[str]]]:
        return [_nothing]


def _nothing(_context: Context) -> Iterator[str]:
    return iter(())


def _blocks_of(template: Template, context: Context) -> dict[str, list[Callable[[Context], Iterator[str]]]]:
    """Return the blocks of the template and of those that it extends, whose first lines are run for that."""
    emptied = _EmptiedBlocks(context.blocks)
    context.blocks = emptied
    try:
        for text in template.root_render_func(context):
            if text and not text.isspace():
                break
    finally:
        context.blocks = dict(emptied)
    return context.blocks


def _no_block(name: str, block: str, context: Context) -> BlockMissingError:
    known = ", ".join(sorted(context.blocks)) or "none at all"
    return BlockMissingError(
        f"the template {name!r} has no block {block!r}; its blocks: {known}",
        hint=did_you_mean(block, context.blocks) or "Name one of them, or write {% block " + block + " %}.",
    )


def _in_pieces(texts: Iterator[str]) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= STREAM_CHARACTERS:
            yield "".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield "".join(waiting)
