from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.streams.watermark import Watermark
from core.streams.windows import WIDTHS, Width, ceiling, spans, start_of

MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 9), max_value=datetime(2190, 1, 1), timezones=st.timezones()
).filter(lambda at: at.astimezone(UTC).tzinfo is UTC)
WIDTH = st.sampled_from(get_args(Width))


@given(MOMENTS, WIDTH)
def test_every_moment_lies_in_one_window(at: datetime, width: Width) -> None:
    start = start_of(at, width)
    assert start <= at < start + WIDTHS[width]
    assert start_of(start, width) == start
    assert start_of(start + WIDTHS[width], width) == start + WIDTHS[width]
    assert start.tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (datetime(1969, 12, 31, 23, 59, tzinfo=UTC), datetime(1969, 12, 29, tzinfo=UTC)),
        (datetime(1912, 4, 15, tzinfo=UTC), datetime(1912, 4, 15, tzinfo=UTC)),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), datetime(2038, 1, 18, tzinfo=UTC)),
        (datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC), datetime(2106, 2, 1, tzinfo=UTC)),
    ],
)
def test_before_1970_and_after_2038(at: datetime, week: datetime) -> None:
    assert start_of(at, "7d") == week
    assert week.weekday() == 0


def test_the_hour_that_a_clock_shows_twice_is_two_windows() -> None:
    new_york = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=new_york, fold=0)
    second = first.replace(fold=1)
    assert start_of(second, "1h") - start_of(first, "1h") == timedelta(hours=1)
    day = datetime(2026, 3, 8, tzinfo=new_york)
    assert len(list(spans(day, datetime(2026, 3, 9, tzinfo=new_york), "1h"))) == 23


@given(MOMENTS, MOMENTS, st.sampled_from(["1d", "7d"]))
def test_spans_cover_without_a_gap(one: datetime, two: datetime, width: Width) -> None:
    start, end = min(one, two), min(max(one, two), min(one, two) + timedelta(days=400))
    found = list(spans(start, end, width))
    if start == end:
        assert len(found) <= 1
        return
    assert found[0][0] <= start < found[0][1]
    assert found[-1][0] < end <= found[-1][1]
    assert all(before[1] == after[0] for before, after in pairwise(found))


@given(MOMENTS, WIDTH)
def test_the_ceiling_is_the_next_beginning(at: datetime, width: Width) -> None:
    top = ceiling(at, WIDTHS[width])
    assert top - WIDTHS[width] < at <= top
    assert start_of(top, width) == top


def test_a_watermark_is_as_far_as_the_slowest_source_and_never_goes_back() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    mark = Watermark({}, timedelta(hours=1))
    assert mark.at is None
    assert not mark.final(at - timedelta(days=9))
    mark = mark.seen("a", at).seen("b", at - timedelta(hours=5))
    assert mark.at == at - timedelta(hours=6)
    assert mark.final(at - timedelta(hours=6))
    assert not mark.final(at - timedelta(hours=5))
    assert mark.seen("b", at - timedelta(days=1)) == mark
    assert mark.seen("b", at).at == at - timedelta(hours=1)
