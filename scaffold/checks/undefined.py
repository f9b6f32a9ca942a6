"""Does every template get the names that it reads?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scaffold.application import Application
from scaffold.checks.finding import Finding
from scaffold.checks.renderings import Rendering, Renderings, find_renderings, names_of_processors
from scaffold.checks.source import Sources
from scaffold.checks.template_files import TemplateFiles
from scaffold.checks.template_reads import Read, Reading, read_template
from scaffold.conf import load_context_processors
from scaffold.exceptions import did_you_mean

__all__ = ["check_undefined"]

# What Jinja2 gives where it has a meaning.
_SPECIAL = frozenset({"request", "loop", "super", "self", "caller", "varargs", "kwargs"})


def check_undefined(sources: Sources, files: TemplateFiles) -> Iterator[Finding]:
    """Yield an error for each name that a template reads and that it can't have.

    Either some call of `render` leaves out what the template reads each time, or no call at all gives what it reads
    somewhere. Where names are computed nothing is said.
    """
    app = sources.app
    processors = names_of_processors([function for _, function in load_context_processors(app.settings)])
    if processors is None:
        return
    renderings = find_renderings(sources, files.names)
    known = _SPECIAL | processors | files.environment.globals.keys()
    readings = {name: read_template(name, files) for name in files.by_name}
    told: set[tuple[str, str]] = set()
    for name, calls in sorted(renderings.by_template.items()):
        if name in readings:
            yield from _left_out(app, files, readings[name], calls, known, told)
    yield from _never_given(files, readings, renderings, known, told)


def _left_out(
    app: Application,
    files: TemplateFiles,
    reading: Reading,
    calls: list[Rendering],
    known: frozenset[str],
    told: set[tuple[str, str]],
) -> Iterator[Finding]:
    """Yield what a single call leaves out although the template reads it each time."""
    for call in calls:
        if call.names is None or not call.is_whole:
            continue
        for read in reading.reads:
            is_given = read.name in known or read.name in reading.own_names or read.name in call.names
            if read.is_certain and not is_given and (read.template, read.name) not in told:
                told.add((read.template, read.name))
                giver = _shown(call.source, app) if call.source else "the page for an error"
                message = f"{read.template} reads {read.name!r}, which {giver} does not give it"
                yield _finding(files, read, message, call.names)


def _shown(source: str, app: Application) -> str:
    return source.removeprefix(f"{app.root}/")


def _never_given(
    files: TemplateFiles,
    readings: Mapping[str, Reading],
    renderings: Renderings,
    known: frozenset[str],
    told: set[tuple[str, str]],
) -> Iterator[Finding]:
    """Yield what is read somewhere and given by no call, for templates all of whose calls are known."""
    if not renderings.is_complete:
        return
    parts = {part for name, reading in readings.items() for part in reading.templates if part != name}
    has_gaps = any(not reading.is_whole for reading in readings.values())
    roots = [name for name in readings if name not in parts or renderings.by_template.get(name)]
    unsure = {
        part
        for name in readings
        if name in renderings.unsure or (name in roots and not _is_known(name, readings, renderings))
        for part in readings[name].templates
    }
    given: dict[str, set[str]] = {name: set() for name in readings}
    for name in roots:
        names = {item for call in renderings.by_template.get(name, ()) for item in call.names or ()}
        for part in readings[name].templates:
            given[part] |= names | readings[name].own_names
    for name in roots:
        for read in readings[name].reads:
            place = (read.template, read.name)
            is_open = read.template in unsure or (has_gaps and read.template in parts)
            if is_open or read.name in known or read.name in given[read.template] or place in told:
                continue
            told.add(place)
            message = f"{read.template} reads {read.name!r}, which nothing gives it"
            yield _finding(files, read, message, given[read.template])


def _is_known(name: str, readings: Mapping[str, Reading], renderings: Renderings) -> bool:
    calls = renderings.by_template.get(name, [])
    return bool(calls) and readings[name].is_whole and all(call.names is not None and call.is_whole for call in calls)


def _finding(files: TemplateFiles, read: Read, message: str, given: frozenset[str] | set[str]) -> Finding:
    place = files.by_name[read.template].place(read.line)
    hint = did_you_mean(read.name, sorted(given)) or "Give it in the context, or write: is defined."
    return Finding("error", "templates.undefined", place, message, hint)
