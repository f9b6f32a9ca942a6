"""Converters: what a parameter takes from a URL, and what it writes into one."""

from __future__ import annotations

import datetime
import enum
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.routing import BUILT_IN, Converter

UUID = uuid.UUID("01234567-89ab-4def-8123-456789abcdef")

TAKEN = [
    ("str", "text", "text"),
    ("str", "a b", "a b"),
    ("str", "é\n", "é\n"),
    ("int", "0", 0),
    ("int", "007", 7),
    ("int", str(2**63 - 1), 2**63 - 1),
    ("slug", "A-b_9", "A-b_9"),
    ("uuid", str(UUID), UUID),
    ("uuid", str(UUID).upper(), UUID),
    ("path", "a", "a"),
    ("path", "a/b/", "a/b/"),
    ("path", "a\nb", "a\nb"),
    ("float", "1", 1.0),
    ("float", "1.50", 1.5),
    ("date", "2024-02-29", datetime.date(2024, 2, 29)),
]

REFUSED = [
    ("str", ""),
    ("str", "a/b"),
    ("int", ""),
    ("int", "-1"),
    ("int", "+1"),
    ("int", " 1"),
    ("int", "1\n"),
    ("int", "1_000"),
    ("int", "\u0661\u0662"),
    ("int", "²"),
    ("int", str(2**63)),
    ("int", "9" * 5000),
    ("slug", "é"),
    ("slug", ""),
    ("slug", "a b"),
    ("uuid", "01234567"),
    ("uuid", "{01234567-89ab-4def-8123-456789abcdef}"),
    ("uuid", UUID.hex),
    ("path", ""),
    ("path", "/a"),
    ("float", "1."),
    ("float", ".5"),
    ("float", "1e5"),
    ("float", "nan"),
    ("float", "-1"),
    ("float", "\u0663.\u0665"),
    ("float", "9" * 400),
    ("date", "2023-02-29"),
    ("date", "2024-2-9"),
    ("date", "20240209"),
    ("date", "0000-01-01"),
    ("date", "\u0662\u0660\u0662\u0664-\u0660\u0661-\u0660\u0661"),
]


class Colour(enum.IntEnum):
    RED = 3


class OddFloat(float):
    def __repr__(self) -> str:
        return f"OddFloat({float(self)})"


WRITTEN = [
    ("str", "text", "text"),
    ("str", 7, "7"),
    ("str", UUID, str(UUID)),
    ("int", 7, "7"),
    ("int", "007", "007"),
    ("int", Colour.RED, "3"),
    ("path", "a/b", "a/b"),
    ("float", 1, "1"),
    ("float", 1.5, "1.5"),
    ("float", 1e21, "1000000000000000000000"),
    ("float", 1e-7, "0.0000001"),
    ("float", OddFloat(2.5), "2.5"),
    ("uuid", UUID, str(UUID)),
    ("date", datetime.date(2024, 2, 29), "2024-02-29"),
    ("date", datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.UTC), "2024-02-29"),
    ("date", "2024-02-29", "2024-02-29"),
]

NOT_WRITTEN: list[tuple[str, Any]] = [
    ("str", None),
    ("str", True),
    ("str", 1.5),
    ("int", None),
    ("int", True),
    ("int", 1.5),
    ("int", "seven"),
    ("int", "²"),
    ("float", None),
    ("float", True),
    ("float", "1.5"),
]


def converter(kind: str) -> Converter[Any]:
    return BUILT_IN[kind]()


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN)
def test_a_text_that_fits_is_taken_and_converted(kind: str, text: str, value: object) -> None:
    assert converter(kind).accepts(text)
    assert converter(kind).to_python(text) == value


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_a_text_that_does_not_fit_is_refused(kind: str, text: str) -> None:
    assert not converter(kind).accepts(text)


@pytest.mark.parametrize(("kind", "value", "text"), WRITTEN)
def test_a_value_is_written_as_its_text(kind: str, value: object, text: str) -> None:
    assert converter(kind).to_url(value) == text


@pytest.mark.parametrize(("kind", "value"), NOT_WRITTEN)
def test_a_value_of_another_kind_is_refused_with_a_type_error(kind: str, value: object) -> None:
    with pytest.raises(TypeError):
        converter(kind).to_url(value)


@pytest.mark.parametrize("kind", sorted(set(BUILT_IN) - {"any"}))
def test_each_converter_takes_its_own_example(kind: str) -> None:
    assert converter(kind).accepts(converter(kind).example)


def test_narrower_converters_have_lower_ranks() -> None:
    assert sorted(BUILT_IN, key=lambda kind: BUILT_IN[kind].rank) == [
        "any",
        "int",
        "date",
        "uuid",
        "float",
        "slug",
        "str",
        "path",
    ]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("str", st.text(min_size=1).filter(lambda text: "/" not in text)),
        ("int", st.integers(min_value=0, max_value=2**63 - 1)),
        ("float", st.floats(min_value=0, allow_nan=False, allow_infinity=False)),
        ("uuid", st.uuids()),
        ("date", st.dates()),
        ("slug", st.from_regex(r"[-a-zA-Z0-9_]+", fullmatch=True)),
    ],
)
def test_what_is_written_is_read_back_as_the_same_value(kind: str, values: st.SearchStrategy[Any]) -> None:
    @settings(max_examples=50, deadline=None, database=None)
    @given(values)
    def check(value: Any) -> None:
        if value != 0 or str(value) != "-0.0":
            text = converter(kind).to_url(value)
            assert converter(kind).accepts(text)
            assert converter(kind).to_python(text) == value

    check()
