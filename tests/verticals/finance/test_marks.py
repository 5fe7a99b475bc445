"""Marks pass over only what joining would part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from verticals.finance.policy.joining import agree, read
from verticals.finance.policy.marks import marks, may_agree

BLANK = read("Orvane Foods opens a plant", datetime(2026, 3, 2, tzinfo=UTC), ())
SIDES = st.text("+-=ud", min_size=1, max_size=4)
FACT = (
    st.builds("{}:{}".format, st.sampled_from("dwymqhp"), st.sampled_from(["1", "2", "3", "11-17", "+", "-"]))
    | st.builds("{}:{}".format, st.sampled_from(["v", "o:win", "o:go"]), SIDES)
    | st.builds("n:{}:{}".format, st.integers(0, 60), st.sampled_from(["", "+", "-"]))
)
TEXT = st.builds(
    lambda facts, companies: replace(BLANK, facts=facts, companies=companies),
    st.frozensets(FACT, max_size=5),
    st.frozensets(st.sampled_from("abcdefgh"), max_size=3),
)


@given(TEXT, TEXT)
def test_what_marks_part_never_agrees(one, other) -> None:  # type: ignore[no-untyped-def]
    if not may_agree(marks(one.facts, one.companies), marks(other.facts, other.companies)):
        assert not agree(one, other)


def test_other_figures_names_and_directions_are_told_apart() -> None:
    base = marks({"n:5%:+", "v:+"}, {"orvane"})
    assert may_agree(base, marks({"n:5%:"}, ()))
    assert may_agree(base, 0)
    assert not may_agree(base, marks({"n:50%:+", "v:+"}, {"orvane"}))
    assert not may_agree(base, marks({"n:5%:+", "v:+"}, {"brackwell"}))
    assert not may_agree(base, marks({"n:5%:-", "v:-"}, {"orvane"}))
    assert may_agree(base, marks({"v:+-"}, ()))
