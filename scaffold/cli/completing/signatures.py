"""The options and arguments of a command, read off its file as Typer would read them off its function."""

from __future__ import annotations

import _ast

from scaffold.cli.completing.reading import assigned, constant, function_head, parsed

__all__ = ["Option", "Signature", "read_signature"]

PATHS = "FILE"
HELP = "Show this message and exit."
_TYPER = ("Option", "Argument")
_PATH_TYPES = ("Path", "PurePath", "FileText", "FileBinaryRead")


class Option:
    """An option: all its ``names``, the kind of value that it takes (None for a flag), and its help."""

    __slots__ = ("help", "kind", "names")

    def __init__(self, names: list[str], kind: str | None, help: str = "") -> None:  # noqa: A002 - Typer's word
        self.names = names
        self.kind = kind
        self.help = help


class Signature:
    """What a command takes: ``options``, the kinds of its ``arguments``, and whether the last of them repeats."""

    __slots__ = ("arguments", "options", "repeats")

    def __init__(self) -> None:
        self.options = [Option(["--help"], None, HELP)]
        self.arguments: list[str] = []
        self.repeats = False


def read_signature(file: str, function: str = "command") -> Signature:
    """Return what the ``function`` of a file takes; no more than ``--help`` where that can't be read.

    A module with a ``CONTEXT`` whose function takes nothing passes its arguments on to another program, and these are
    taken for paths.
    """
    signature = Signature()
    for node in function_head(file, function).body:
        if isinstance(node, _ast.FunctionDef | _ast.AsyncFunctionDef) and node.name == function:
            for parameter, default in _parameters(node.args):
                _add(signature, parameter, default)
    takes_nothing = len(signature.options) == 1 and not signature.arguments
    if takes_nothing and assigned(parsed(file), "CONTEXT") is not None:
        signature.arguments.append(PATHS)
        signature.repeats = True
    return signature


def _parameters(arguments: _ast.arguments) -> list[tuple[_ast.arg, _ast.expr | None]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    defaults = [*[None] * missing, *arguments.defaults]
    return [*zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]


def _add(signature: Signature, parameter: _ast.arg, default: _ast.expr | None) -> None:
    kind, details = _annotation(parameter.annotation)
    if kind == "Context":
        return
    if details is None and isinstance(default, _ast.Call) and _name(default.func) in _TYPER:
        details, given = default, default.args[1:]
    else:
        given = details.args if details is not None else []
    keywords = {word.arg: word.value for word in details.keywords} if details is not None else {}
    is_option = _name(details.func) == "Option" if details is not None else default is not None
    value = constant(keywords.get("metavar")).strip("[]") or (PATHS if kind in _PATH_TYPES else kind)
    if not is_option:
        signature.arguments.append(value)
        signature.repeats = signature.repeats or kind == "list"
        return
    names = [name for text in map(constant, given) for name in text.split("/") if name.startswith("-")]
    if not names:
        own = parameter.arg.lower().replace("_", "-")
        names = [f"--{own}", f"--no-{own}"] if kind == "bool" else [f"--{own}"]
    signature.options.append(Option(names, None if kind == "bool" else value, constant(keywords.get("help"))))


def _annotation(node: _ast.expr | None) -> tuple[str, _ast.Call | None]:
    """Return the name of the type, choices as ``a|b``, and the call of Typer's Option or Argument if there is one."""
    match node:
        case _ast.Subscript(value=outer, slice=_ast.Tuple(elts=[kind, *rest])) if _name(outer) == "Annotated":
            calls = [item for item in rest if isinstance(item, _ast.Call) and _name(item.func) in _TYPER]
            return _annotation(kind)[0], calls[0] if calls else None
        case _ast.Subscript(value=outer, slice=choices) if _name(outer) == "Literal":
            items = choices.elts if isinstance(choices, _ast.Tuple) else [choices]
            return "|".join(map(constant, items)), None
        case _ast.Subscript(value=outer, slice=inner) if _name(outer) == "Optional":
            return _annotation(inner)
        case _ast.Subscript(value=outer):
            return _name(outer).lower(), None
        case _ast.BinOp(left=left, right=_ast.Constant(value=None)):
            return _annotation(left)
        case _ast.BinOp(left=_ast.Constant(value=None), right=right):
            return _annotation(right)
    return _name(node), None


def _name(node: _ast.expr | None) -> str:
    """Return the last part of a dotted name; empty for what is none."""
    if isinstance(node, _ast.Attribute):
        return node.attr
    return node.id if isinstance(node, _ast.Name) else ""
