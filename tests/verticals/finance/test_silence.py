from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

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
