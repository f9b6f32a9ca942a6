"""Which slips are mended without a question: those that can be nothing else."""

from __future__ import annotations

import pytest

from scaffold.checks.fixes import only_near


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("blog:detial", ["blog:detail", "blog:index"], "blog:detail"),
        ("shop/cart.html", ["shop/z.html"], None),
        ("shop/shop.js", ["shop/shop.css"], None),
        ("bad/nope.html", ["bad/index.html"], None),
        ("home/inbox.html", ["home/index.html"], None),
        ("home/indx.html", ["home/index.html"], "home/index.html"),
        ("shop:create", ["shop:cafe"], None),
        ("index", ["home:index"], None),
        ("itme", ["item", "time"], None),
        ("ALOWED_HOSTS", ["ALLOWED_HOSTS"], "ALLOWED_HOSTS"),
    ],
)
def test_a_word_is_a_slip_for_another_where_each_part_is(word: str, known: list[str], near: str | None) -> None:
    assert only_near(word, known) == near
