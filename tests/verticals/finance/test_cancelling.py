from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.streams.baseline import Bin, Series
from core.streams.surge import SurgeRule, judge
from verticals.finance.policy.cancelling import Told, of_count, of_share, of_threshold, reached
from verticals.finance.policy.rules import Rule
from verticals.finance.schemas.rules import Measure

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(rows: Sequence[tuple[int, int, int]]) -> list[Told]:
    """(count, negative, reach) of each."""
    return [
        Told(f"s{n}", "wire", NOW - n * HOUR, count, count * negative, reach)
        for n, (count, negative, reach) in enumerate(rows)
    ]


def smallest(stories: Sequence[Told], holds: Callable[[Sequence[Told]], bool]) -> int:
    """By trying all sets."""
    return next(
        size
        for size in range(len(stories) + 1)
        for gone in combinations(stories, size)
        if not holds([one for one in stories if one not in gone])
    )


ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(1, 9)), min_size=1, max_size=8)


@given(
    ROWS,
    st.sampled_from(["negative", "count", "reach", "negative_share"]),
    st.integers(1, 9),
    st.integers(0, 4),
)
def test_none_smaller_does_it_for_a_limit(
    rows: list[tuple[int, int, int]], measure: Measure, limit: int, fewest: int
) -> None:
    at_least = limit / 9 if measure == "negative_share" else limit
    rule = Rule("r", "r", "threshold", measure=measure, at_least=at_least, min_stories=fewest)
    stories = told(rows)
    if not reached(rule, stories):
        return
    found = of_threshold(rule, stories)
    assert found.exact
    assert not reached(rule, [one for one in stories if one.id not in found.stories])
    assert len(found.stories) == smallest(stories, lambda rest: reached(rule, rest))


def surge(way: str, rule: SurgeRule, stories: list[Told], usual: int) -> Callable[[Sequence[Told]], bool]:
    start = NOW - timedelta(days=40)
    history = [Bin(start + n * HOUR, 4, usual) for n in range(39 * 24 - 24)]

    def holds(rest: Sequence[Told]) -> bool:
        now = [Bin(one.at, one.count, one.negative) for one in rest]
        return judge([Series("wire", start, [*history, *now])], now=NOW + HOUR, rule=rule).fired

    assert way in ("count", "share")
    assert holds(stories), "there is something to cancel"
    return holds


@pytest.mark.parametrize("bad", [7, 9])
def test_none_smaller_does_it_for_a_surge_of_a_count(bad: int) -> None:
    stories = told([(1, 1, n + 1) for n in range(bad)] + [(1, 0, 1)] * 2)
    holds = surge("count", SurgeRule(way="count", at_least=3), stories, usual=0)
    found = of_count(Rule("r", "r", way="count", at_least=3), stories, holds)
    assert found.exact
    assert len(found.stories) == smallest(stories, holds)
    assert not holds([one for one in stories if one.id not in found.stories])


def test_of_a_surge_of_the_share_none_can_be_left_out() -> None:
    stories = told([(1, 1, 1)] * 9 + [(1, 0, 1)])
    holds = surge("share", SurgeRule(way="share", at_least=3, window=timedelta(days=1)), stories, usual=0)
    found = of_share(stories, holds)
    assert not holds([one for one in stories if one.id not in found.stories])
    for back in found.stories:
        gone = set(found.stories) - {back}
        assert holds([one for one in stories if one.id not in gone]), "each of them is needed"
    assert len(found.stories) <= smallest(stories, holds) + 1
