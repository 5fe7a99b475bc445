"""Schedules under a clock that stands, jumps and changes to summer time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidInput, NotFound
from core.jobs.backoff import Backoff
from core.jobs.lease import Leases
from core.jobs.queue import Jobs
from core.jobs.schedule import Schedules
from core.settings import Settings
from core.storage.engine import Storage
from core.testing.clock import StandingClock
from core.testing.storage import open_storage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    with open_storage(settings.resolved_database_url, "a", "b") as opened:
        yield opened


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def schedules(storage: Storage, clock: StandingClock) -> Schedules:
    return Schedules(storage, clock)


def _drain(storage: Storage, clock: StandingClock, *kinds: str) -> int:
    """Run all that waits; return how many jobs that were."""
    leases, count = Leases(storage, clock), 0
    while (claim := leases.claim(kinds or ("k",))) is not None:
        assert leases.succeed(claim, {})
        count += 1
    return count


def test_it_fires_at_once_and_then_in_its_rhythm(
    storage: Storage, schedules: Schedules, clock: StandingClock
) -> None:
    schedules.put("a", "hourly", "k", {"x": 1}, HOUR)
    assert [schedules.tick(), schedules.tick()] == [1, 0]
    assert _drain(storage, clock) == 1
    for _ in range(3):
        clock.move(3599)
        assert schedules.tick() == 0
        clock.move(1)
        assert schedules.tick() == 1
        assert _drain(storage, clock) == 1
    assert [each.last_at for each in schedules.list("a")] == [clock.now()]


def test_late_ticks_do_not_shift_the_rhythm(schedules: Schedules, clock: StandingClock) -> None:
    start = clock.now()
    schedules.put("a", "hourly", "k", {}, HOUR)
    schedules.tick()
    clock.move(3600 + 900)
    schedules.tick()

    assert schedules.list("a")[0].next_at == start + 2 * HOUR


def test_a_week_without_a_worker_is_one_job(
    storage: Storage, schedules: Schedules, clock: StandingClock
) -> None:
    schedules.put("a", "hourly", "k", {}, HOUR)
    schedules.tick()
    _drain(storage, clock)
    clock.move(7 * 86_400 + 10)

    again = Schedules(storage, clock)
    assert [again.tick(), again.tick(), again.tick()] == [1, 0, 0]
    assert _drain(storage, clock) == 1


def test_while_one_waits_no_second_is_submitted(
    storage: Storage, schedules: Schedules, clock: StandingClock
) -> None:
    schedules.put("a", "often", "k", {}, MINUTE)
    for _ in range(10):
        schedules.tick()
        clock.move(60)

    assert _drain(storage, clock) == 1


@pytest.mark.parametrize("jump", [DAY, -DAY, -timedelta(hours=3)])
def test_a_clock_that_jumps_neither_storms_nor_stalls(
    storage: Storage, schedules: Schedules, clock: StandingClock, jump: timedelta
) -> None:
    schedules.put("a", "often", "k", {}, MINUTE)
    schedules.tick()
    _drain(storage, clock)
    clock.move(jump.total_seconds())

    fired = 0
    for _ in range(30):  # thirty minutes in ticks of ten seconds
        for _ in range(6):
            schedules.tick()
            fired += _drain(storage, clock)
            clock.move(10)
    assert 29 <= fired <= 31


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 22, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 3, 30, tzinfo=UTC)),
        ("UTC", datetime(2038, 1, 18, 23, 14, 7, tzinfo=UTC)),
    ],
)
def test_summer_time_and_2038_leave_intervals_alone(storage: Storage, zone: str, around: datetime) -> None:
    """Ten hourly jobs over the change: no hour is left out and none is there twice."""
    clock = StandingClock(around.astimezone(ZoneInfo(zone)))

    class Local(StandingClock):
        def now(self) -> datetime:
            return clock.now().astimezone(UTC).astimezone(ZoneInfo(zone))

    schedules = Schedules(storage, Local())
    schedules.put("a", "hourly", "k", {}, HOUR)
    moments = []
    moment = around
    for _ in range(60):  # ten hours in ticks of ten minutes
        clock._now = moment.astimezone(ZoneInfo(zone))
        if schedules.tick():
            moments.append(moment)
        _drain(storage, clock)
        moment += timedelta(minutes=10)

    assert moments == [around + hour * HOUR for hour in range(10)]


def test_two_workers_tick_one_job(storage: Storage, clock: StandingClock, schedules: Schedules) -> None:
    schedules.put("a", "hourly", "k", {}, HOUR)
    other = Schedules(storage, clock)
    due = other._due(clock.now())

    assert schedules.tick() == 1
    assert [other._fire(*each) for each in due] == [False]
    assert _drain(storage, clock) == 1


def test_what_stands_is_kept_for_every_active_tenant(storage: Storage, clock: StandingClock) -> None:
    from core.security.tenants import Tenants

    Tenants(storage).suspend("b")
    standing = Schedules(storage, clock, standing={"toy.watch": MINUTE})
    assert [standing.tick(), standing.tick()] == [1, 0]
    Tenants(storage).resume("b")
    assert standing.tick() == 1
    assert _drain(storage, clock, "toy.watch") == 2

    slower = Schedules(storage, clock, standing={"toy.watch": HOUR})
    slower.tick()
    assert [each.every for each in slower.list("a")] == [HOUR]


def test_schedules_are_a_tenants_own(schedules: Schedules) -> None:
    schedules.put("a", "mine", "k", {}, HOUR)
    assert schedules.list("b") == []
    with pytest.raises(NotFound):
        schedules.delete("b", "mine")
    schedules.delete("a", "mine")
    assert schedules.tick() == 0
    with pytest.raises(InvalidInput):
        schedules.put("a", "mad", "k", {}, timedelta())


def test_finished_jobs_of_a_schedule_do_not_pile_up(
    storage: Storage, schedules: Schedules, clock: StandingClock
) -> None:
    schedules.put("a", "hourly", "k", {}, HOUR)
    for _ in range(60):
        schedules.tick()
        _drain(storage, clock)
        clock.move(3600)

    assert len(Jobs(storage, clock).list("a", limit=100)) <= 26


def test_waits_grow_to_their_longest_and_are_spread() -> None:
    backoff = Backoff(first=2.0, longest=60.0)

    assert [backoff.seconds(n, chance=lambda: 1.0) for n in (1, 2, 3, 4, 5, 6, 7000)] == [
        2,
        4,
        8,
        16,
        32,
        60,
        60,
    ]
    assert backoff.seconds(1, chance=lambda: 0.0) == 1.0
    assert backoff.seconds(1, at_least=30.0) == 30.0
    assert backoff.seconds(1, at_least=9e9) == 60.0
