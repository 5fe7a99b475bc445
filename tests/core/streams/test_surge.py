from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.streams import baseline
from core.streams.baseline import Bin, Series
from core.streams.surge import SurgeRule, Verdict, judge

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 73
NOW = START + DAYS * DAY
RULES = {"share": SurgeRule(way="share"), "count": SurgeRule(way="count")}
WAYS = pytest.mark.parametrize("way", ["share", "count"])


def year(
    *, rate: float = 8.0, share: float = 0.2, days: int = DAYS, seed: int = 1, start: datetime = START
) -> list[Bin]:
    """A stream with a day and quiet weekends."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(days * 24):
        at = start + number * HOUR
        level = rate * (1.6 if 7 <= at.hour < 19 else 0.4) * (1.2 if at.weekday() < 5 else 0.5)
        count = int(rng.poisson(level))
        found.append(Bin(at, count, int(rng.binomial(count, share))))
    return found


def changed(bins: list[Bin], since: datetime, *, more: float = 1.0, share: float | None = None) -> list[Bin]:
    rng = np.random.default_rng(9)
    out = []
    for each in bins:
        if each.start < since:
            out.append(each)
            continue
        count = int(each.count * more)
        own = each.negative / each.count if each.count else 0.0
        bad = round(count * own) if share is None else int(rng.binomial(count, share))
        out.append(Bin(each.start, count, bad))
    return out


def ask(bins: list[Bin], way: str, now: datetime = NOW, *, since: datetime = START) -> Verdict:
    return judge([Series("wire", since, bins)], now=now, rule=RULES[way])


@WAYS
def test_three_bad_documents_are_no_surge(way: str) -> None:
    few = [Bin(NOW - number * HOUR, 1, 1) for number in (1, 2, 3)]
    assert not ask(few, way).fired
    assert not ask(few, way, since=NOW - 3 * HOUR).fired
    assert not judge([], now=NOW, rule=RULES[way]).fired


@WAYS
def test_a_usual_week_raises_nothing(way: str) -> None:
    bins = year()
    assert not [hour for hour in range(0, 168, 6) if ask(bins, way, NOW - hour * HOUR).fired]


@WAYS
def test_a_sudden_change_is_found(way: str) -> None:
    verdict = ask(changed(year(), NOW - 12 * HOUR, more=2.0, share=0.8), way)
    assert verdict.fired
    assert verdict.statistic >= verdict.limit or way == "share"
    assert verdict.observed > verdict.expected
    assert verdict.since is not None
    assert verdict.sources == ("wire",)
    if way == "share":
        assert abs(verdict.since - (NOW - 12 * HOUR)) <= 3 * HOUR


def test_a_slow_ramp_is_found_by_the_share() -> None:
    bins = year(days=84)
    ramp = []
    rng = np.random.default_rng(4)
    for each in bins:
        ahead = max(0.0, (each.start - NOW) / (14 * DAY))
        ramp.append(Bin(each.start, each.count, int(rng.binomial(each.count, 0.2 + 0.4 * min(ahead, 1.0)))))
    found = [day for day in range(1, 15) if ask(ramp, "share", NOW + day * DAY).fired]
    assert found
    assert found[0] <= 10


def rare(*, a_day: float, since: datetime, until: datetime, bad_a_day: int, quiet: int = 0) -> list[Bin]:
    """Bad news now and then, and from a moment on so many a day, spread over its hours (but `quiet` ones)."""
    rng = np.random.default_rng(3)
    hours = int((since - START) / HOUR)
    bins = [Bin(START + n * HOUR, int(k), int(k)) for n, k in enumerate(rng.poisson(a_day / 24, hours))]
    for number in range(int((until - since) / HOUR)):
        # So many by each hour of the day, as whole stories.
        place = number % 24 - quiet
        many = max(0, (place + 1) * bad_a_day // (24 - quiet)) - max(0, place * bad_a_day // (24 - quiet))
        bins.append(Bin(since + number * HOUR, many, many))
    return bins


COMPANY = SurgeRule(way="count", history=14 * DAY, false_alarms_per_year=0.1)
WEEK = SurgeRule(way="count", window=7 * DAY, step=DAY, lag=7 * DAY, at_least=8)
QUARTER = SurgeRule(way="count", window=HOUR, step=HOUR / 4, history=14 * DAY)


@pytest.mark.parametrize(
    ("rule", "a_day", "bad_a_day", "quiet", "days"),
    [
        (COMPANY, 0.0, 27, 0, 3),
        (COMPANY, 0.2, 30, 0, 3),
        (COMPANY, 0.2, 30, 10, 10),
        (RULES["count"], 0.0, 27, 0, 3),
        (WEEK, 0.2, 4, 0, 18),
        (QUARTER, 0.2, 480, 0, 4),
    ],
)
def test_a_surge_goes_on_as_long_as_it_lasts(
    rule: SurgeRule, a_day: float, bad_a_day: int, quiet: int, days: int
) -> None:
    since, until = NOW, NOW + days * DAY
    bins = rare(a_day=a_day, since=since, until=until, bad_a_day=bad_a_day, quiet=quiet)

    def told(now: datetime) -> Verdict:
        return judge([Series("wire", START, bins)], now=now, rule=rule)

    looks = [since + number * HOUR for number in [*range(0, 49, 2), *range(50, 24 * days + 1, 11)]]
    said = [told(at).fired for at in looks]
    assert said[0] is False
    first = said.index(True)
    assert first <= (96 if rule is WEEK else 24)
    assert all(said[first:]), looks[said.index(False, first)]
    assert told(looks[-1]).expected < 2
    assert not told(until + rule.window).fired, "it is over"


@pytest.mark.parametrize("rule", [COMPANY, WEEK])
def test_a_level_that_lasts_is_accepted_in_the_end(rule: SurgeRule) -> None:
    bins = rare(a_day=0.2, since=NOW, until=NOW + 90 * DAY, bad_a_day=30)

    def fired(day: int) -> bool:
        return judge([Series("wire", START, bins)], now=NOW + day * DAY, rule=rule).fired

    until = rule.lasts // DAY
    assert [fired(day) for day in range(1, until)] == [True] * (until - 1)
    accepted = (rule.lasts + rule.lag + rule.window) // DAY
    assert not any(fired(day) for day in range(accepted, 90, 3))


@pytest.mark.parametrize("rule", [COMPANY, WEEK, RULES["count"]])
def test_a_source_that_joined_raises_nothing_once_it_has_a_history(rule: SurgeRule) -> None:
    loud = rare(a_day=0, since=START, until=START + 60 * DAY, bad_a_day=20)
    looks = [START + number * DAY / 2 for number in range(20, 60 * 2)]
    assert not [at for at in looks if judge([Series("new", START, loud)], now=at, rule=rule).fired]


def test_a_surge_of_the_share_goes_on_as_long_as_it_lasts() -> None:
    bins = changed(year(days=DAYS + 10), NOW, share=0.8)
    said = [ask(bins, "share", NOW + number * 6 * HOUR).fired for number in range(1, 40)]
    assert all(said[said.index(True) :])


def test_a_burst_of_news_at_the_same_share_is_no_surge_of_the_share() -> None:
    bins = changed(year(), NOW - 24 * HOUR, more=6.0, share=0.2)
    assert sum(each.count for each in bins[-24:]) > 5 * sum(each.count for each in year()[-24:])
    assert not ask(bins, "share").fired, "earnings day"


@WAYS
def test_a_source_that_joins_raises_nothing(way: str) -> None:
    joins = NOW - 3 * DAY
    loud = [Bin(joins + number * HOUR, 20, 18) for number in range(72)]
    both = [Series("wire", START, year()), Series("new", joins, loud)]
    verdict = judge(both, now=NOW, rule=RULES[way])
    assert not verdict.fired
    assert verdict.sources == ("wire",)


@WAYS
def test_a_source_that_leaves_raises_nothing(way: str) -> None:
    gone = [each for each in year(seed=2) if each.start < NOW - 2 * DAY]
    assert not judge([Series("a", START, year()), Series("b", START, gone)], now=NOW, rule=RULES[way]).fired


@WAYS
def test_the_order_of_bins_and_sources_and_how_they_are_cut_are_nothing(way: str) -> None:
    one, two = changed(year(), NOW - 8 * HOUR, share=0.6), year(seed=2)
    want = judge([Series("a", START, one), Series("b", START, two)], now=NOW, rule=RULES[way])
    mixed = random.Random(1)
    cut = [part for b in one for part in (Bin(b.start, b.count, 0), Bin(b.start + HOUR / 2, 0, b.negative))]
    mixed.shuffle(cut)
    got = judge([Series("b", START, two[::-1]), Series("a", START, cut)], now=NOW, rule=RULES[way])
    assert (got.fired, got.observed, got.since) == (want.fired, want.observed, want.since)
    assert got.statistic == pytest.approx(want.statistic)
    assert set(got.sources) == set(want.sources)


@WAYS
def test_what_comes_later_is_not_looked_at(way: str) -> None:
    bins = changed(year(), NOW - 8 * HOUR, share=0.8)
    before = ask([each for each in bins if each.start < NOW - 8 * HOUR], way, NOW - 8 * HOUR)
    assert ask(bins, way, NOW - 8 * HOUR) == before


@WAYS
def test_taking_bad_news_back_ends_it(way: str) -> None:
    bins = changed(year(), NOW - 8 * HOUR, more=4.0, share=0.8)
    assert ask(bins, way).fired
    back = [Bin(each.start, 0, -each.negative) for each in bins if each.start >= NOW - 8 * HOUR]
    assert not ask([*bins, *back], way).fired


def test_a_smaller_budget_is_stricter() -> None:
    bins = changed(year(), NOW - 6 * HOUR, share=0.45)
    limits = [
        judge(
            [Series("wire", START, bins)],
            now=NOW,
            rule=SurgeRule(way=way, false_alarms_per_year=budget),
        ).limit
        for way in ("share", "count")
        for budget in (10.0, 1.0, 0.1)
    ]
    assert limits[:3] == sorted(limits[:3])
    assert limits[3:] == sorted(limits[3:])
    assert len(set(limits)) >= 5


@WAYS
@pytest.mark.parametrize("shift", [timedelta(days=-365 * 70), timedelta(days=365 * 60)])
def test_the_century_is_nothing(way: str, shift: timedelta) -> None:
    weeks = shift // (7 * DAY) * 7 * DAY
    bins = changed(year(), NOW - 8 * HOUR, share=0.6)
    moved = [Bin(each.start + weeks, each.count, each.negative) for each in bins]
    there = judge([Series("wire", START + weeks, moved)], now=NOW + weeks, rule=RULES[way])
    here = ask(bins, way)
    assert (there.fired, there.observed) == (here.fired, here.observed)
    assert there.statistic == pytest.approx(here.statistic)


@WAYS
def test_each_bin_is_looked_at_a_fixed_number_of_times(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted(list[Bin]):
        passes = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            type(self).passes += 1
            return super().__iter__()

    rows = 0
    laid = baseline.grid

    def noted(*given):  # type: ignore[no-untyped-def]
        nonlocal rows
        rows += 1
        return laid(*given)

    monkeypatch.setattr(baseline, "grid", noted)
    judge([Series(name, START, Counted(year(days=5))) for name in "abc"], now=NOW, rule=RULES[way])
    assert (Counted.passes, rows) == (3, 3)
