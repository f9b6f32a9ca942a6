"""Which URLs two routes have in common.

Texts are found in what the converters' regular expressions have in common, and count when both converters take them:
what is said to be shared is shared. What is shared is found for the built-in converters, and for those of a project's
own whose regular expression can be read and of whose first texts some are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaffold.exceptions import RouteConflictError
from scaffold.routing.characters import UnsupportedError
from scaffold.routing.languages import EMPTY, BudgetError, Term, first_text, join, language, literal, texts_of
from scaffold.routing.patterns import ANY_METHOD, HOST_END, Route, Segment
from scaffold.routing.tree import Edge, Node, Walk, segment_converter

__all__ = ["Overlaps", "compatible", "conflict", "example_of", "is_exact", "shared_methods", "term_of", "url_of"]

MAX_TRIED = 100
"""How many texts are tried before two converters are said to have none in common."""


def shared_methods(one: Route, other: Route) -> frozenset[str]:
    """Return the methods that both routes answer."""
    if ANY_METHOD in one.methods:
        return other.methods
    return one.methods if ANY_METHOD in other.methods else one.methods & other.methods


def example_of(route: Route) -> list[str] | None:
    """Return texts for what a lookup walks along, made of the converters' examples; None when one has none."""
    texts = []
    for segment in route.walked:
        parts = [part if isinstance(part, str) else part.converter.example for part in segment.parts]
        if not all(parts):
            return None
        texts += "".join(parts).split("/")
    return texts


def url_of(texts: Sequence[str]) -> str:
    """Return the URL whose texts a lookup would walk along."""
    if HOST_END in texts:
        end = texts.index(HOST_END)
        return f"//{'.'.join(reversed(texts[:end]))}/{'/'.join(texts[end + 1 :])}"
    return f"/{'/'.join(texts)}"


def term_of(segment: Segment) -> Term:
    """Return the language of a segment, or one that holds it; raises `UnsupportedError`."""
    terms = [
        literal(part)
        if isinstance(part, str)
        else language(part.converter.language or part.converter.regex, slashes=segment.spans)
        for part in segment.parts
    ]
    return join(terms) if terms else EMPTY


def is_exact(segment: Segment) -> bool:
    """Say whether a segment takes every text of its language."""
    converters = [parameter.converter for parameter in segment.parameters]
    if not all(converter.language for converter in converters):
        return False
    return len(converters) < 2 or all(converter.language == converter.regex for converter in converters)


class Overlaps:
    """Finds what routes have in common, and remembers what it found out about their segments."""

    def __init__(self) -> None:
        self._shared: dict[tuple[str, str], str | None] = {}

    def shared(self, one: Segment, other: Segment) -> str | None:
        """Return a text that two segments of one piece each both take, None where none was found."""
        key = (one.shape, other.shape)
        if key not in self._shared:
            self._shared[key] = _shared_text(one, other)
        return self._shared[key]

    def of(self, one: Route, other: Route) -> list[str] | None:
        """Return the texts of a URL that both routes have, whatever the methods; None where none was found."""
        return next(self.all_of(one, other), None)

    def all_of(self, one: Route, other: Route) -> Iterator[list[str]]:
        """Yield the texts of URLs that both routes have: more than one only where a segment spans others."""
        if not (self._may_meet(one.walked, other.walked) and self._may_meet(one.walked[::-1], other.walked[::-1])):
            return
        for route in (one, other):
            example = example_of(route)
            if example is not None and _takes(one, example) and _takes(other, example):
                yield example
        if any(segment.spans for segment in (*one.walked, *other.walked)):
            yield from _shared_texts(one, other)
        elif len(one.walked) == len(other.walked):
            texts = [self.shared(first, second) for first, second in zip(one.walked, other.walked, strict=True)]
            if None not in texts:
                yield [text for text in texts if text is not None]

    def _may_meet(self, one: Sequence[Segment], other: Sequence[Segment]) -> bool:
        """Say whether the segments up to the first that spans others may stand for the same texts."""
        for first, second in zip(one, other, strict=False):
            if first.spans or second.spans:
                return True
            if first.literal is not None and second.literal is not None:
                if first.literal != second.literal:
                    return False
            elif first.shape != second.shape and self.shared(first, second) is None:
                return False
        return True

    def check(self, route: Route, rival: Edge, taken: Sequence[Segment]) -> None:
        """Raise `RouteConflictError` when ``route`` shares a URL with one behind ``rival``.

        ``taken`` are the segments that both have gone through.
        """
        segment = route.walked[len(taken)]
        is_open = segment.spans or rival.spans
        if not is_open and self.shared(segment, rival.segment) is None:
            return
        behind = len(taken) + 1
        below = rival.node.routes_below() if is_open else compatible(rival.node, route.walked, behind, self)
        for other in below:
            texts = self.of(route, other) if shared_methods(route, other) else None
            if texts is not None:
                raise conflict(route, other, url_of(texts))


def compatible(node: Node, segments: Sequence[Segment], index: int, overlaps: Overlaps) -> Iterator[Route]:
    """Yield the routes below ``node`` whose segments may stand for what ``segments`` stand for from ``index`` on."""
    if index == len(segments):
        yield from dict.fromkeys(node.routes.values())
        yield from (route for edge in node.edges if edge.takes_nothing for route in edge.node.routes_below())
        return
    segment = segments[index]
    if segment.spans:
        yield from node.routes_below()
        return
    for text, child in _literals(node, segment):
        del text
        yield from compatible(child, segments, index + 1, overlaps)
    for edge in node.edges:
        if edge.spans:
            yield from edge.node.routes_below()
        elif overlaps.shared(segment, edge.segment) is not None:
            yield from compatible(edge.node, segments, index + 1, overlaps)


def _literals(node: Node, segment: Segment) -> Iterator[tuple[str, Node]]:
    if segment.literal is not None:
        if segment.literal in node.literals:
            yield segment.literal, node.literals[segment.literal]
        return
    convert = Edge(segment).convert
    yield from ((text, child) for text, child in node.literals.items() if convert(text) is not None)


def _shared_text(one: Segment, other: Segment) -> str | None:
    if one.literal is not None or other.literal is not None:
        text = one.literal if one.literal is not None else other.literal or ""
        return text if all(_fits(segment, text) for segment in (one, other)) else None
    converters = (segment_converter(one), segment_converter(other))
    for text in (*_candidates([one], [other]), *_examples(one), *_examples(other)):
        if all(convert(text) is not None for convert in converters):
            return text
    return None


def _fits(segment: Segment, text: str) -> bool:
    return segment.literal == text if segment.literal is not None else segment_converter(segment)(text) is not None


def _examples(segment: Segment) -> Iterator[str]:
    yield "".join(part if isinstance(part, str) else part.converter.example for part in segment.parts)


def _shared_texts(one: Route, other: Route) -> Iterator[list[str]]:
    for text in _candidates(one.walked, other.walked):
        texts = text.split("/")
        if _takes(one, texts) and _takes(other, texts):
            yield texts


def _candidates(one: Sequence[Segment], other: Sequence[Segment]) -> Iterator[str]:
    """Yield texts that both may take; where a language can't be read, texts of the other one."""
    terms = []
    for segments in (one, other):
        try:
            terms.append(join(_with_slashes(segments)))
        except UnsupportedError:
            continue
    if not terms:
        return
    try:
        first = first_text(terms)
    except BudgetError:
        return
    if first is not None:
        yield first
        yield from texts_of(terms, MAX_TRIED)


def _with_slashes(segments: Sequence[Segment]) -> Iterator[Term]:
    for index, segment in enumerate(segments):
        if index:
            yield literal("/")
        yield term_of(segment)


def _takes(route: Route, texts: list[str]) -> bool:
    root = Node()
    root.insert(route)
    return Walk(texts, min(route.methods)).descend(root)


def conflict(route: Route, other: Route, url: str) -> RouteConflictError:
    """Return the error that names both places; ``route`` is the one that came second."""
    methods = ", ".join(sorted(shared_methods(route, other) - {"HEAD"})) or "HEAD"
    places = " and ".join(f"{item.view_name} ({item.source})" for item in (other, route))
    return RouteConflictError(
        f"{methods} {url} leads to two views: {places}",
        source=route.source,
        hint="Change the path or the methods of one of them.",
    )
