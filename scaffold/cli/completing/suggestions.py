"""What can follow what has been typed."""

from __future__ import annotations

import os

from scaffold.cli.completing.names import Project, project_folder, setting_names
from scaffold.cli.completing.signatures import HELP, Option, Signature, read_signature

__all__ = ["FILES", "FOLDERS", "suggest"]

FILES = ":files"
FOLDERS = ":folders"
"""Stand among the suggestions for what the shell itself knows best."""

CHOICES = {
    "LEVEL": "error|warning|note",
    "METHOD": "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS",
    "SHELL": "bash|zsh|fish",
}
_OWN_OPTIONS = {"--version": "Print the version and exit.", "--help": HELP}


def suggest(words: list[str]) -> dict[str, str]:
    """Return what the last of ``words`` may become, each with a word about it.

    ``words`` are those behind the program's name; what is being typed is the last of them, and may be empty.
    """
    *before, typed = words or [""]
    project = Project(project_folder(os.getcwd()))
    behind = [word for word in before if not word.startswith("-")]
    if not behind:
        return _matching(_OWN_OPTIONS if typed.startswith("-") else project.commands(), typed)
    name = behind[0]
    return _in_command(project, _signature(project, name), before[before.index(name) + 1 :], typed)


def _signature(project: Project, name: str) -> Signature:
    file = project.command_file(name)
    if file:
        return read_signature(file)
    return read_signature(*project.plugin_command(name))


def _in_command(project: Project, signature: Signature, before: list[str], typed: str) -> dict[str, str]:
    by_name = {name: option for option in signature.options for name in option.names}
    arguments, pending = _walked(before, by_name)
    if pending is not None:
        return _matching(_values(project, pending, typed), typed)
    name, sign, value = typed.partition("=")
    if sign and name in by_name and "--" not in before:
        return {
            f"{name}={item}": text
            for item, text in _matching(_values(project, by_name[name].kind, value), value).items()
        }
    if typed.startswith("-") and "--" not in before:
        unused = [option for option in signature.options if not any(name in before for name in option.names)]
        return _matching({name: option.help for option in unused for name in option.names}, typed)
    kinds = signature.arguments
    if arguments < len(kinds):
        return _matching(_values(project, kinds[arguments], typed), typed)
    return _matching(_values(project, kinds[-1], typed), typed) if kinds and signature.repeats else {}


def _walked(before: list[str], options: dict[str, Option]) -> tuple[int, str | None]:
    """Return how many arguments stand in ``before``, and the kind of value that its last option waits for."""
    arguments, waiting, only_arguments = 0, None, False
    for word in before:
        if waiting is not None:
            waiting = None
        elif only_arguments or not word.startswith("-") or word == "-":
            arguments += 1
        elif word == "--":
            only_arguments = True
        elif word in options:
            waiting = options[word].kind
    return arguments, waiting


def _values(project: Project, kind: str | None, typed: str) -> dict[str, str]:
    """Return the values of a kind, which is what a parameter's ``metavar`` says."""
    match kind:
        case "APP":
            return dict.fromkeys(project.apps(), "")
        case "ROUTE":
            return dict.fromkeys(project.routes(typed), "")
        case "TEMPLATE":
            return dict.fromkeys(project.templates(), "")
        case "SETTING":
            return dict.fromkeys(setting_names(), "")
        case "COMMAND":
            return project.commands()
        case "FILE" | "PATH":
            return {FILES: ""}
        case "DIR" | "FOLDER":
            return {FOLDERS: ""}
    kind = CHOICES.get(kind or "", kind or "")
    return dict.fromkeys(kind.split("|"), "") if "|" in kind else {}


def _matching(found: dict[str, str], typed: str) -> dict[str, str]:
    """Return those that begin with what is ``typed``, but for those that no terminal should be given to print."""
    return {
        name: text
        for name, text in found.items()
        if name in (FILES, FOLDERS) or (name.startswith(typed) and name.isprintable())
    }
