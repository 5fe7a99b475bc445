from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from verticals.finance.policy.quiet import QuietHours, quiet_until

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = QuietHours(time(22), time(7), NEW_YORK)


def at(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=NEW_YORK, fold=fold)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (at(2026, 7, 1, 21, 59), None),
        (at(2026, 7, 1, 22), at(2026, 7, 2, 7)),
        (at(2026, 7, 2, 3), at(2026, 7, 2, 7)),
        (at(2026, 7, 2, 6, 59), at(2026, 7, 2, 7)),
        (at(2026, 7, 2, 7), None),
    ],
)
def test_over_midnight(moment: datetime, end: datetime | None) -> None:
    assert quiet_until(NIGHT, moment) == end


@pytest.mark.parametrize("day", [(2026, 3, 7), (2026, 10, 31)])
def test_nights_in_which_the_clock_is_put(day: tuple[int, int, int]) -> None:
    start = at(*day, 22).astimezone(UTC)
    end = quiet_until(NIGHT, start)
    assert end is not None
    assert end.astimezone(NEW_YORK).time() == time(7)
    assert end - start == timedelta(hours=8 if day[1] == 3 else 10)
    moments = [start + minute * timedelta(minutes=1) for minute in range(int((end - start).seconds / 60))]
    assert {quiet_until(NIGHT, moment) for moment in moments} == {end}, "one end, whatever the clock shows"
    assert quiet_until(NIGHT, end) is None


def test_an_end_that_the_clock_leaps_over_and_one_that_it_shows_twice() -> None:
    hours = QuietHours(time(0), time(2, 30), NEW_YORK)
    assert quiet_until(hours, at(2026, 3, 8, 1)) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    hours = QuietHours(time(0), time(1, 30), NEW_YORK)
    assert quiet_until(hours, at(2026, 11, 1, 0, 30)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert quiet_until(hours, at(2026, 11, 1, 1, 15, fold=1)) is None


def test_days_are_those_on_which_they_begin() -> None:
    hours = QuietHours(time(22), time(7), NEW_YORK, days=("fri", "sat"))
    assert quiet_until(hours, at(2026, 7, 3, 23)) is not None, "Friday night"
    assert quiet_until(hours, at(2026, 7, 5, 6)) is not None, "Sunday morning is Saturday's night"
    assert quiet_until(hours, at(2026, 7, 5, 23)) is None
    assert quiet_until(hours, at(2026, 7, 3, 6)) is None


def test_a_siesta() -> None:
    hours = QuietHours(time(12), time(14), ZoneInfo("Asia/Kolkata"))
    assert quiet_until(hours, datetime(2026, 7, 1, 7, tzinfo=UTC)) == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert quiet_until(hours, datetime(2026, 7, 1, 9, tzinfo=UTC)) is None
