"""Which names a template reads in a way that fails when nobody has given them a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.filters import FILTERS

from scaffold.checks.template_files import TemplateFiles, literal_names

__all__ = ["Read", "Reading", "read_template"]

_FAILING_FILTERS = frozenset(FILTERS) - {"default", "d", "pprint"}


@dataclass(frozen=True, slots=True)
class Read:
    """A name that is read on a line of a template; ``is_certain`` when that happens each time it is rendered."""

    template: str
    name: str
    line: int
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template reads together with those that it extends and includes.

    ``own_names`` are those that one of these ``templates`` gives a value or asks for (``is defined``). With
    ``is_whole`` False one of the templates is computed or missing, and nobody knows what it does.
    """

    reads: tuple[Read, ...]
    own_names: frozenset[str]
    templates: frozenset[str]
    is_whole: bool


def read_template(name: str, files: TemplateFiles) -> Reading:
    """Return what the template ``name`` reads."""
    reader = _Reader(files)
    reads = tuple(reader.template(name, is_certain=True))
    seen = [files.by_name[item] for item in reader.seen]
    own = frozenset().union(*(item.stored | item.guarded for item in seen))
    return Reading(reads, own, frozenset(reader.seen), reader.is_whole)


@dataclass(frozen=True, slots=True)
class _Override:
    """A block of a template, which stands for those of the same name in the templates that it extends."""

    template: str
    block: nodes.Block

    @property
    def calls_super(self) -> bool:
        calls = self.block.find_all(nodes.Call)
        return any(isinstance(call.node, nodes.Name) and call.node.name == "super" for call in calls)


class _Reader:
    """Walks a template the way it is rendered."""

    def __init__(self, files: TemplateFiles) -> None:
        self.files = files
        self.seen: set[str] = set()
        self.is_whole = True
        self._open: list[str] = []
        self._here = ""
        self._blocks: defaultdict[str, list[_Override]] = defaultdict(list)

    def template(self, name: str, *, is_certain: bool) -> Iterator[Read]:
        """Yield what ``name`` reads, whose blocks may have been overridden by a template that extends it."""
        template = self.files.by_name.get(name)
        if template is None or name in self._open:
            self.is_whole = False
            return
        self.seen.add(name)
        self._open.append(name)
        parents = template.extends
        if not parents:
            yield from self._at(name, template.tree.body, certain=is_certain)
        elif len(parents) == 1 and parents[0] in template.tree.body and len(literal_names(parents[0].template)) == 1:
            for block in template.blocks:
                self._blocks[block.name].append(_Override(name, block))
            # Text outside of the blocks is not shown, and what stands beside it is run; whether it fails is left open.
            beside = [node for node in template.tree.body if not isinstance(node, nodes.Output | nodes.Block)]
            yield from self._at(name, beside, certain=False)
            yield from self.template(literal_names(parents[0].template)[0], is_certain=is_certain)
        else:
            self.is_whole = False
        self._open.pop()

    def _at(self, template: str, body: Iterable[nodes.Node], *, certain: bool) -> Iterator[Read]:
        outer, self._here = self._here, template
        yield from self._statements(body, certain=certain)
        self._here = outer

    def _block(self, block: nodes.Block, *, certain: bool) -> Iterator[Read]:
        """Yield what a block reads: that of the template which extends the others, and as many more as it calls."""
        overrides = self._blocks[block.name]
        if not any(item.block is block for item in overrides):
            overrides = [*overrides, _Override(self._here, block)]
        for override in overrides:
            yield from self._at(override.template, override.block.body, certain=certain)
            if not override.calls_super:
                return

    # --- statements -------------------------------------------------------------------------------------------------

    def _statements(self, body: Iterable[nodes.Node], *, certain: bool) -> Iterator[Read]:
        for node in body:
            yield from self._statement(node, certain=certain)

    def _statement(self, node: nodes.Node, *, certain: bool) -> Iterator[Read]:
        match node:
            case nodes.Output(nodes=items):
                for item in items:
                    yield from self._expression(item, certain)
            case nodes.If(test=test, body=body, elif_=others, else_=rest):
                yield from self._expression(test, certain)
                yield from self._statements([*body, *others, *rest], certain=False)
            case nodes.For(iter=items, test=test, body=body, else_=rest):
                yield from self._expression(items, certain)
                if test is not None:
                    yield from self._expression(test, certain=False)
                yield from self._statements([*body, *rest], certain=False)
            case nodes.Block():
                yield from self._block(node, certain=certain)
            case nodes.Include():
                yield from self._included(node, certain=certain)
            case _:
                yield from self._other(node, certain=certain)

    def _included(self, node: nodes.Include, *, certain: bool) -> Iterator[Read]:
        names = literal_names(node.template)
        if node.ignore_missing and not set(names) & self.files.by_name.keys():
            self.is_whole = self.is_whole and bool(names)
        elif len(names) != 1 or not node.with_context:
            self.is_whole = False
        else:
            outer, self._blocks = self._blocks, defaultdict(list)  # the blocks of what is included are its own
            yield from self.template(names[0], is_certain=certain)
            self._blocks = outer

    def _other(self, node: nodes.Node, *, certain: bool) -> Iterator[Read]:
        """Yield what another statement reads: a macro may not be called, while the others are run as they stand."""
        if isinstance(node, nodes.Extends | nodes.Import | nodes.FromImport):
            self.is_whole = self.is_whole and not getattr(node, "with_context", False)
            return
        is_run = certain and not isinstance(node, nodes.Macro | nodes.CallBlock)
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                yield from self._expression(child, certain and not isinstance(node, nodes.Macro), is_used=False)
            else:
                yield from self._statement(child, certain=is_run)

    # --- expressions ------------------------------------------------------------------------------------------------

    def _expression(self, node: nodes.Node, certain: bool, *, is_used: bool = True) -> Iterator[Read]:
        """Yield the names whose value the expression needs.

        One that is only handed on, as to a function or into a list, is not ``is_used``: it does not fail there.
        """
        match node:
            case nodes.Name(name=name, ctx="load"):
                if is_used:
                    yield Read(self._here, name, node.lineno, certain)
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                yield from self._expression(left, certain)
                yield from self._expression(right, certain=False, is_used=is_used)
            case nodes.CondExpr(test=test, expr1=first, expr2=second):
                yield from self._expression(test, certain)
                for branch in (first, second):
                    if branch is not None:
                        yield from self._expression(branch, certain=False, is_used=is_used)
            case nodes.Compare(expr=first, ops=operands):
                yield from self._compared(first, operands, certain)
            case _:
                needed = _needed(node)
                for child in node.iter_child_nodes():
                    yield from self._expression(child, certain, is_used=any(child is item for item in needed))

    def _compared(self, first: nodes.Expr, operands: list[nodes.Operand], certain: bool) -> Iterator[Read]:
        is_searched = any(operand.op in {"in", "notin"} for operand in operands)
        yield from self._expression(first, certain and not is_searched, is_used=not is_searched)
        for position, operand in enumerate(operands):
            yield from self._expression(operand.expr, certain and position == 0)


def _needed(node: nodes.Node) -> list[nodes.Node]:
    """Return the operands of an expression that must have a value."""
    match node:
        case nodes.Getattr(node=base) | nodes.Getitem(node=base) | nodes.Call(node=base):
            return [base]
        case nodes.Filter(node=base, name=name):
            return [base] if base is not None and name in _FAILING_FILTERS else []
        case nodes.BinExpr(left=left, right=right):
            return [left, right]
        case nodes.UnaryExpr(node=base):
            return [base]
        case nodes.Concat(nodes=items):
            return list(items)
    return []
