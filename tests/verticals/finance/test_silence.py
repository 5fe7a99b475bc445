from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from verticals.finance.policy.rules import Rule
from verticals.finance.policy.silence import Quiet, listen

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def heard(
    days: int = 28, *, by_day: int = 6, by_night: int = 0, until: datetime = MONDAY
) -> dict[datetime, int]:
    """A source that speaks from 8 to 20 UTC on working days."""
    moments = [until - number * HOUR for number in range(days * 24)]
    return {at: by_day if 8 <= at.hour < 20 and at.weekday() < 5 else by_night for at in moments}


def ask(
    documents: dict[datetime, int],
    last: datetime,
    now: datetime,
    *,
    since: datetime | None = None,
    k: float = 12,
) -> Quiet:
    return listen(documents, since=since or MONDAY - timedelta(days=60), heard_at=last, now=now, at_least=k)


def test_a_weekend_is_no_silence() -> None:
    friday = MONDAY - timedelta(days=3) + 20 * HOUR
    quiet = ask(heard(until=friday), friday, MONDAY + 8 * HOUR)
    assert not quiet.silent
    assert quiet.missing < 4


def test_a_working_morning_without_news_is_one() -> None:
    tuesday = MONDAY + 24 * HOUR
    documents = heard(until=tuesday + 9 * HOUR)
    assert not ask(documents, tuesday + 9 * HOUR, tuesday + 10 * HOUR).silent
    quiet = ask(documents, tuesday + 9 * HOUR, tuesday + 13 * HOUR)
    assert quiet.silent
    assert 15 < quiet.missing < 30


def test_never_within_an_hour_and_always_after_a_week() -> None:
    busy = {MONDAY - number * HOUR: 1000 for number in range(28 * 24)}
    assert not ask(busy, MONDAY, MONDAY + timedelta(minutes=59)).silent
    rare = {MONDAY - number * 24 * HOUR: 1 for number in range(27)}
    assert not ask(rare, MONDAY, MONDAY + timedelta(days=6)).silent
    assert ask(rare, MONDAY, MONDAY + timedelta(days=7)).silent


@pytest.mark.parametrize("days", [0, 5, 13])
def test_of_a_new_source_nobody_knows(days: int) -> None:
    since = MONDAY - timedelta(days=days)
    documents = {at: number for at, number in heard().items() if at >= since}
    assert not ask(documents, MONDAY, MONDAY + timedelta(days=30), since=since).silent


def test_of_a_few_documents_nobody_knows() -> None:
    documents = {MONDAY - number * 24 * HOUR: 1 for number in range(10)}
    assert not ask(documents, MONDAY, MONDAY + timedelta(days=30)).silent


def test_the_longer_the_more_is_missing() -> None:
    documents = heard(by_night=2)
    missing = [ask(documents, MONDAY, MONDAY + n * HOUR).missing for n in range(1, 240)]
    assert missing == sorted(missing)


NEW_YORK = ZoneInfo("America/New_York")
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
OFFICES = pytest.mark.parametrize("zone", [NEW_YORK, HONG_KONG], ids=["New York", "Hong Kong"])


def office(until: datetime, zone: ZoneInfo, off: Collection[date]) -> dict[datetime, int]:
    """A source that speaks 60 times an hour from 8 to 18 on working days, by the clock on its wall."""
    start = until.astimezone(UTC) - timedelta(days=60)
    moments = [start + number * HOUR for number in range(60 * 24)]
    local = {at: at.astimezone(zone) for at in moments}
    return {
        at: 60
        for at, wall in local.items()
        if wall.weekday() < 5 and 8 <= wall.hour < 18 and wall.date() not in off
    }


def silence(zone: ZoneInfo, last: str, now: str, *quiet_days: str, quiet_zone: str = "") -> Quiet:
    """Ask about an office that was heard until a moment, both on its wall."""
    rule = Rule("r", "r", "silence", quiet_days=tuple(map(date.fromisoformat, quiet_days)))
    if quiet_days:
        rule = replace(rule, zone=quiet_zone or zone.key)
    heard_at, at = (datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC) for text in (last, now))
    since = heard_at - timedelta(days=60)
    return listen(
        office(heard_at, zone, rule.quiet_days),
        since=since,
        heard_at=heard_at,
        now=at,
        at_least=12,
        spared=rule.spared,
    )


@OFFICES
@pytest.mark.parametrize("friday", ["2026-10-23", "2026-10-30", "2026-03-06", "2026-07-17"])
def test_an_office_is_not_missed_over_a_weekend_whatever_the_clock_does(zone: ZoneInfo, friday: str) -> None:
    monday = date.fromisoformat(friday) + timedelta(days=3)
    quiet = silence(zone, f"{friday}T18:00", f"{monday}T08:00")
    assert (quiet.silent, quiet.missing) == (False, 0.0)
    assert silence(zone, f"{friday}T18:00", f"{monday}T10:30").silent, "by then something is wrong"
    for days in (3, 10, 17, 24):
        at = date.fromisoformat(friday) + timedelta(days=days)
        assert not silence(zone, f"{at}T17:58", f"{at}T23:00").silent
        assert not silence(zone, f"{at}T17:58", f"{at + timedelta(days=1)}T08:05").silent
        assert silence(zone, f"{at}T11:00", f"{at}T12:30").silent, "at noon it is soon told"


def test_what_comes_once_a_day_is_missed() -> None:
    for day in (MONDAY, MONDAY - timedelta(days=147)):
        bulk = {day + 8 * HOUR - number * 24 * HOUR: 100 for number in range(28)}
        last, since = day + 9 * HOUR, day - timedelta(days=60)
        assert not ask(bulk, last, last + 23 * HOUR, since=since).silent
        assert ask(bulk, last, last + 27 * HOUR, since=since).silent


def test_without_a_change_of_clocks_the_first_hour_counts() -> None:
    day = MONDAY - timedelta(days=147)
    bulk = {day - number * 24 * HOUR: 20 for number in range(28)}
    # Read at the end of the day, an hour in which the next are due.
    last = day + 24 * HOUR
    assert ask(bulk, last, last + 24 * HOUR, since=day - timedelta(days=60)).silent


@OFFICES
def test_a_quiet_day_is_no_silence(zone: ZoneInfo) -> None:
    last = "2026-11-25T18:00"
    assert silence(zone, last, "2026-11-26T09:30").silent, "nobody said that it is a holiday"
    for now in ("2026-11-26T09:30", "2026-11-26T23:00", "2026-11-27T08:00"):
        assert not silence(zone, last, now, "2026-11-26").silent
    assert silence(zone, last, "2026-11-27T10:30", "2026-11-26").silent
    assert silence(zone, last, "2026-11-26T12:00", "2026-11-27").silent, "another day"


def test_quiet_days_are_days_of_a_zone() -> None:
    last, now = "2026-11-25T08:00", "2026-11-25T10:00"
    assert silence(HONG_KONG, last, now, "2026-11-25", quiet_zone="Asia/Hong_Kong").missing == 0
    assert silence(HONG_KONG, last, now, "2026-11-25", quiet_zone="America/New_York").silent


def test_a_week_of_quiet_days_is_no_silence_and_does_not_become_usual() -> None:
    week = [f"2026-10-0{day}" for day in range(1, 9)]
    assert not silence(HONG_KONG, "2026-09-30T18:00", "2026-10-09T08:00", *week).silent
    assert silence(HONG_KONG, "2026-09-30T18:00", "2026-10-09T10:30", *week).silent
    learnt = silence(HONG_KONG, "2026-10-14T18:00", "2026-10-15T12:00", *week).missing
    plain = silence(HONG_KONG, "2026-09-16T18:00", "2026-09-17T12:00").missing
    assert learnt == pytest.approx(plain, rel=0.01)
