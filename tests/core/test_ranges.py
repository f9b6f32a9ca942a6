"""Range fields: which bytes they ask for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.http.ranges import MAX_RANGES, parse_ranges


@pytest.mark.parametrize(
    ("field", "ranges"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-", [(0, 10)]),
        ("BYTES = 2-99", [(2, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-99", [(0, 10)]),
        ("bytes=0-0,-1", [(0, 1), (9, 10)]),
        ("bytes=-1 , ,0-0", [(9, 10), (0, 1)]),
        ("bytes=5-6,0-3,2-5", [(0, 7)]),
        ("bytes=0-1,2-3", [(0, 4)]),
        ("bytes=0-1,20-", [(0, 2)]),
        ("bytes=10-", []),
        ("bytes=-0", []),
        ("bytes=" + ",".join(["0-0"] * MAX_RANGES), [(0, 1)]),
        ("bytes=" + ",".join(["0-0"] * (MAX_RANGES + 1)), None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=3-2", None),
        ("bytes=0-1,3-2", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=1", None),
        ("bytes=1-2-3", None),
        ("bytes=٣-", None),
        ("bytes 0-1", None),
        ("lines=0-1", None),
        ("", None),
    ],
)
def test_a_field_asks_for_bytes_or_is_passed_over(field: str, ranges: list[tuple[int, int]] | None) -> None:
    assert parse_ranges(field, 10) == ranges


def test_of_nothing_no_range_can_be_sent() -> None:
    assert parse_ranges("bytes=0-", 0) is None


def wanted(spec: tuple[int | None, int | None], size: int) -> set[int]:
    """The bytes of a range, each looked at alone."""
    first, last = spec
    if first is None:
        return {at for at in range(size) if last is not None and at >= size - last}
    return {at for at in range(size) if at >= first and (last is None or at <= last)}


positions = st.integers(0, 40)
specs = st.one_of(
    st.tuples(positions, st.none()),
    st.tuples(st.none(), positions),
    st.tuples(positions, positions).map(lambda pair: (min(pair), max(pair))),
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(specs, min_size=1, max_size=8), st.integers(1, 30))
def test_the_ranges_hold_just_the_bytes_that_were_asked_for_and_none_twice(
    parts: list[tuple[int | None, int | None]], size: int
) -> None:
    field = ",".join("-".join("" if end is None else str(end) for end in part) for part in parts)
    ranges = parse_ranges(f"bytes={field}", size)
    assert ranges is not None
    sent = [at for start, stop in ranges for at in range(start, stop)]
    assert len(sent) == len(set(sent))
    assert set(sent) == set().union(*(wanted(part, size) for part in parts))


@settings(max_examples=200, deadline=None, database=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789-, ", max_size=40).map("bytes={}".format)))
def test_no_field_makes_the_parser_raise(field: str) -> None:
    for item in parse_ranges(field, 10) or ():
        assert 0 <= item.start < item.stop <= 10
