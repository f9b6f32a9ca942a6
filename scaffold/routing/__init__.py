"""Routing: from a path to a route and back. Nothing in here knows HTTP; a lookup returns a value."""

from scaffold.routing.converters import BUILT_IN, Converter
from scaffold.routing.patterns import (
    ANY_METHOD,
    URL_OPTIONS,
    Include,
    Parameter,
    Route,
    Segment,
    UrlPattern,
    caller,
    checked_patterns,
    compile_patterns,
    dotted_name,
    host,
    include,
    make_pattern,
    path,
)
from scaffold.routing.reachability import Fact, reachability, unreachable
from scaffold.routing.registration import CONVERTER_HINT, converter_fault
from scaffold.routing.resolver import Match, MethodMismatch, Miss, Resolution, Resolver, SlashRedirect, host_name
from scaffold.routing.reverse import Reverser

__all__ = [
    "ANY_METHOD",
    "BUILT_IN",
    "CONVERTER_HINT",
    "URL_OPTIONS",
    "Converter",
    "Fact",
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
    "converter_fault",
    "dotted_name",
    "host",
    "host_name",
    "include",
    "make_pattern",
    "path",
    "reachability",
    "unreachable",
]
