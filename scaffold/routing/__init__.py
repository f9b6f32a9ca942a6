"""Routing: from a path to a route and back. Nothing in here knows HTTP; a lookup returns a value."""

from scaffold.routing.converters import BUILT_IN, Converter
from scaffold.routing.patterns import (
    Include,
    Parameter,
    Route,
    Segment,
    UrlPattern,
    caller,
    checked_patterns,
    compile_patterns,
    dotted_name,
    include,
    make_pattern,
    path,
)
from scaffold.routing.resolver import Match, MethodMismatch, Miss, Resolution, Resolver, SlashRedirect
from scaffold.routing.reverse import Reverser

__all__ = [
    "BUILT_IN",
    "Converter",
    "Include",
    "Match",
    "MethodMismatch",
    "Miss",
    "Parameter",
    "Resolution",
    "Resolver",
    "Reverser",
    "Route",
    "Segment",
    "SlashRedirect",
    "UrlPattern",
    "caller",
    "checked_patterns",
    "compile_patterns",
    "dotted_name",
    "include",
    "make_pattern",
    "path",
]
