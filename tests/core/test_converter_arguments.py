"""Converters with arguments, and what a converter of a project's own must keep to."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.helpers import make_app
from scaffold import Converter, path
from scaffold.exceptions import ReverseError, RoutingError, SettingsError
from scaffold.routing import BUILT_IN, Match, Resolver, Reverser, compile_patterns
from scaffold.routing.bounds import needs_bound, unbounded_part
from scaffold.routing.ranges import number_regex


def view(request: object, **params: object) -> str:
    return ""


def value_of(rule: str, text: str, converters: dict[str, type[Converter[Any]]] | None = None) -> Any:
    """Return what the parameter x of a rule makes of a text; Ellipsis for a miss."""
    resolver = Resolver(compile_patterns([path(rule, view)], converters=converters or BUILT_IN))
    found = resolver.resolve(f"/{text}", "GET")
    return found.params["x"] if isinstance(found, Match) else ...


# --- the built-in ones -----------------------------------------------------------------------------------------------

TAKEN = [
    ("<int(min=1,max=99):x>", "1", 1),
    ("<int(min=1, max=99):x>", "099", 99),
    ("<int(max=5):x>", "0", 0),
    ("<int(min=18):x>", str(2**63 - 1), 2**63 - 1),
    ("<str(length=2):x>", "de", "de"),
    ("<str(min=2):x>", "äöü", "äöü"),
    ("<str(max=2):x>", "a", "a"),
    ("<slug(length=3):x>", "a-b", "a-b"),
    ("<float(min=0.5,max=2):x>", "1.5", 1.5),
    ("<any(news,sport):x>", "sport", "sport"),
    ("<any('a b', 7, \"c.d\"):x>", "c.d", "c.d"),
    ("<any(a,ab):x>", "ab", "ab"),
    ("v<int(min=2):x>.x", "v2.x", 2),
    ("<int():x>", "7", 7),
    ("<any(7):x>", "7", "7"),
]


@pytest.mark.parametrize(("rule", "text", "value"), TAKEN)
def test_a_text_within_the_bounds_is_taken(rule: str, text: str, value: object) -> None:
    assert value_of(rule, text) == value


REFUSED = [
    ("<int(min=1,max=99):x>", "0"),
    ("<int(min=1,max=99):x>", "100"),
    ("<int(max=5):x>", "9" * 5000),
    ("<int(max=5):x>", "\u0663"),
    ("<str(length=2):x>", "d"),
    ("<str(length=2):x>", "deu"),
    ("<str(min=2):x>", "a"),
    ("<slug(length=2):x>", "é-"),
    ("<float(min=0.5,max=2):x>", "2.1"),
    ("<any(news,sport):x>", "newssport"),
    ("<any(a.c):x>", "abc"),
]


@pytest.mark.parametrize(("rule", "text"), REFUSED[:-1])
def test_a_text_beyond_the_bounds_is_a_miss(rule: str, text: str) -> None:
    assert value_of(rule, text) is ...


WRONG = [
    ("<int(min=5,max=1):x>", "min is above max"),
    ("<int(min=-1):x>", "-1 is no whole number from 0"),
    ("<int(min=a):x>", "'a' is no whole number"),
    ("<int(max=9223372036854775808):x>", "max is at most"),
    ("<int(5):x>", "positional argument"),
    ("<int(least=5):x>", "unexpected keyword argument 'least'"),
    ("<str(length=0):x>", "0 is no whole number from 1"),
    ("<str(length=2,max=3):x>", "length stands alone"),
    ("<str(max=1000000):x>", "a length is at most"),
    ("<float(min='a'):x>", "'a' is no number"),
    ("<float(min=3,max=2):x>", "min is above max"),
    ("<any:x>", "it takes the texts to choose from"),
    ("<any():x>", "it takes the texts to choose from"),
    ("<any(True):x>", "it takes the texts"),
    ("<date(min=3):x>", "date() takes no arguments|unexpected|takes no"),
    ("<int(min=1 max=2):x>", "can't be read"),
    ("<int(min=open):x>", "'open' is no whole number"),
    ("<int(min=__import__('os')):x>", "can't be read|is no parameter"),
    ("<any(*a):x>", "can't be read"),
    ("<int(**a):x>", "can't be read"),
    ("<any(a-b):x>", "put it in quotes"),
    ("<any('a/b'):x>", "is no parameter"),
    ("<any(" + "-" * 3000 + "1):x>", "can't be read"),
    ("<any(" + "[" * 1000 + "):x>", "can't be read"),
    ("<int(min=1:x>", "is no parameter"),
    ("<int)min=1(:x>", "is no parameter"),
]


@pytest.mark.parametrize(("rule", "reason"), WRONG)
def test_wrong_arguments_are_refused_with_place_and_hint(rule: str, reason: str) -> None:
    with pytest.raises(RoutingError) as caught:
        list(compile_patterns([path(rule, view)]))
    assert any(part in caught.value.cause for part in reason.split("|"))
    assert caught.value.source.startswith(f"{__file__}:")
    assert caught.value.hint


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="abint(),='\"=1-[]{}*:<> #\\\n", max_size=30))
def test_no_arguments_make_a_route_fail_in_another_way(text: str) -> None:
    with contextlib.suppress(RoutingError):
        list(compile_patterns([path(f"<int({text}):x>", view)]))


def test_a_narrower_one_comes_first_beside_the_same_converter_without_arguments() -> None:
    rules = ["<int(max=5):x>", "<int:x>", "<str(length=2):x>", "<str:x>"]
    routes = list(compile_patterns([path(rule, view) for rule in rules]))
    for order in (routes, routes[::-1]):
        resolver = Resolver(order)
        found = [resolver.resolve(f"/{text}", "GET") for text in ("5", "6", "de", "deu")]
        assert [match.route.path[1:] for match in found if isinstance(match, Match)] == rules


def test_the_order_of_named_arguments_makes_no_other_route() -> None:
    with pytest.raises(RoutingError, match="leads to two views"):
        Resolver(compile_patterns([path("<int(min=1,max=9):x>", view), path("<int(max=9, min=1):y>", view)]))


def test_a_url_is_made_within_the_bounds_alone() -> None:
    reverser = Reverser(compile_patterns([path("<int(min=1,max=99):x>", view, name="n")]))
    assert reverser.reverse("n", {"x": 99}) == "/99"
    with pytest.raises(ReverseError, match=r"100 can't be 'x'.*\n.*refuses it"):
        reverser.reverse("n", {"x": 100})


@settings(max_examples=200, deadline=None, database=None)
@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 4000), st.integers(0, 3))
def test_the_expression_of_a_range_holds_its_numbers_and_no_others(one: int, two: int, number: int, zeros: int) -> None:
    low, high = sorted((one, two))
    found = re.fullmatch(number_regex(low, high), "0" * zeros + str(number))
    assert (found is not None) == (low <= number <= high)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="0123456789-\u0663a", max_size=25) | st.integers(0, 2**70).map(str) | st.dates().map(str))
def test_what_a_converter_takes_is_the_language_that_it_names(text: str) -> None:
    for kind in ("int", "date", "uuid", "slug", "str", "path"):
        converter = BUILT_IN[kind]()
        assert (re.fullmatch(converter.language, text, re.DOTALL) is not None) == converter.accepts(text)
        taker = converter.taker()
        if taker is not None:
            assert (taker(text) is not None) == converter.accepts(text)


@pytest.mark.parametrize(("text", "value"), [("0" * 40 + "7", 7), ("0" * 40, 0), ("9" * 31, ...), ("\u0663" * 31, ...)])
def test_a_whole_number_may_have_many_zeros_in_front(text: str, value: object) -> None:
    assert value_of("<int:x>", text) == value


# --- a project's own -------------------------------------------------------------------------------------------------


class Words(Converter[list[str]]):
    regex = "[a-z]+(?:-[a-z]+)*"
    example = "a-b"

    def __init__(self, *, most: int = 9) -> None:
        self.most = most

    def to_python(self, text: str) -> list[str]:
        words = text.split("-")
        if len(words) > self.most:
            raise ValueError("too many")
        return words

    def to_url(self, value: list[str]) -> str:
        return "-".join(value)


class Fixed(Words):
    """It has no use without its argument."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.regex = text
        self.example = "a"


OWN: dict[str, type[Converter[Any]]] = {**BUILT_IN, "words": Words, "fixed": Fixed}


def test_a_converter_of_ones_own_gets_the_arguments() -> None:
    assert value_of("<words:x>", "a-b-c", OWN) == ["a", "b", "c"]
    assert value_of("<words(most=2):x>", "a-b", OWN) == ["a", "b"]
    assert value_of("<words(most=2):x>", "a-b-c", OWN) is ...


def test_one_that_asks_for_arguments_is_looked_at_in_its_route() -> None:
    assert make_app(CONVERTERS={"fixed": Fixed}).converters["fixed"] is Fixed
    assert value_of("<fixed('a'):x>", "a", OWN) == ["a"]
    for text, reason in (("'(a)'", "has groups"), ("'(?:a+)+'", "without bound"), ("'b'", "does not match")):
        with pytest.raises(RoutingError, match=reason):
            value_of(f"<fixed({text}):x>", "a", OWN)
    with pytest.raises(RoutingError, match="missing 1 required positional argument"):
        value_of("<fixed:x>", "a", OWN)


def made(**members: Any) -> type[Words]:
    return type("Made", (Words,), {"__init__": lambda self: None, "most": 9, **members})


def failing(self: object) -> None:
    raise LookupError("no database")


FAULTS = [
    ({"example": ""}, "has no example"),
    ({"example": "A"}, "does not match"),
    ({"example": "a", "to_url": lambda self, value: "b"}, "makes 'b' of its example 'a'"),
    ({"to_url": lambda self, value: value.upper()}, "can't read and write its example"),
    ({"regex": 7}, "which is no text"),
    ({"regex": "(?i)[a-z]+"}, "sets flags"),
    ({"regex": "(?:[a-z]+)+"}, "without bound: a repeat stands inside of another one"),
    ({"regex": "(?:[a-z]*)*"}, "without bound: what may be empty is repeated"),
    ({"regex": "(?:a|ab|b)+-"}, "without bound: alternatives"),
    ({"__init__": failing}, "can't be made: LookupError: no database"),
]


@pytest.mark.parametrize(("members", "reason"), FAULTS)
def test_a_wrong_converter_is_refused_when_it_is_registered(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        make_app(CONVERTERS={"made": made(**members)})


BOUNDED = [
    "[a-z]+",
    "[a-z]+(?:-[a-z]+)*",
    "(?:[a-z]+-)*[a-z]+",
    "(?:a|b)*",
    "(?:foo|bar)+",
    r"[0-9]+(?:\.[0-9]+)?",
    r"[^/]+\.[a-z]{2,4}",
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
    r"\w+-\w+-\w+-\w+-\w+",
    "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}",
    "[0-9]{4}(?:W[0-9]{2})?",
]


@pytest.mark.parametrize("regex", BOUNDED)
def test_a_usual_expression_is_bounded(regex: str) -> None:
    assert unbounded_part(regex) == ""


UNBOUNDED = [
    "(?:[a-z]+)+",
    "(?:[a-z]+-?)+",
    "(?:a*)*",
    "(?:a|aa)+",
    "(?:a|a)+",
    "(?:ab|a|b)+",
    "(?:a?){30}a{30}",
    "(?:a{1,60}){1,60}",
    "a?" * 30 + "a" * 30,
    ".*.*.*.*x",
    "[^/]+-[^/]+-[^/]+-[^/]+",
    "(?:x(?:a+)+y)?",
    "(?:(?:a{100}){100}){100}",
    "(?=(?:a+)+b)a+",
]


@pytest.mark.parametrize("regex", UNBOUNDED)
def test_an_expression_that_tries_many_ways_is_not(regex: str) -> None:
    assert unbounded_part(regex)


expressions = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^b]", "-", "a?", "a*", "b+", "[ab]{1,3}"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"(?:{'|'.join(items)})"),
        st.tuples(inner, st.sampled_from("*+?")).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, database=None)
@given(expressions, st.sampled_from(["a", "ab", "b", "a-", "aab"]))
def test_what_is_called_bounded_refuses_a_long_text_at_once(regex: str, piece: str) -> None:
    if unbounded_part(regex):
        return
    length = 255 if needs_bound(regex) else 2_000
    text = (piece * length)[:length] + "!"
    start = time.process_time()
    re.fullmatch(regex, text)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("word", ["is", "in", "class", "de"])
def test_words_of_python_are_words_in_arguments_too(word: str) -> None:
    assert value_of("<any(de,is,in,class):x>", word) == word
