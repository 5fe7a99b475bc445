"""A clock that jumps by a day, there and back, and nights in which it is put: nothing is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.jobs.schedule import Schedules
from tests.verticals.finance.alert_desk import HOUR, Alerting, story
from tests.verticals.finance.desk import Desk
from verticals.finance import vertical
from verticals.finance.service import WATCH
from verticals.finance.service.trends import Asked

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def alerting(desk: Desk) -> Alerting:
    made = Alerting(desk)
    made.subscriber()
    made.rule(each="topic", measure="count", at_least=2, window="1h")
    return made


def test_a_day_ahead_ends_an_alert_once(alerting: Alerting) -> None:
    alerting.news(2, topic="legal")
    alerting.look()
    assert alerting.states() == ["firing"]
    for _ in range(3):
        alerting.look(minutes=24 * 60)
    assert alerting.states() == ["resolved"]
    assert alerting.steps() == ["fired", "resolved"]


def test_a_day_back_and_ahead_again_forgets_nothing(alerting: Alerting) -> None:
    """While the clock is behind nothing has happened yet; when it is right again, what holds is told of."""
    alerting.news(2, topic="legal")
    alerting.look()
    alerting.look(minutes=-24 * 60)
    alerting.look(minutes=24 * 60)
    for _ in range(3):
        alerting.look(minutes=1)
    assert alerting.states() == ["resolved", "firing"]
    assert alerting.steps() == ["fired", "resolved", "fired"], "each once"
    assert alerting.desk.balance().right


def test_news_of_a_clock_that_was_ahead_are_heard_when_it_is_right_again(alerting: Alerting) -> None:
    alerting.desk.clock.move(DAY.total_seconds())
    alerting.news(1, topic="legal")
    alerting.desk.clock.move(-DAY.total_seconds())
    alerting.news(2, topic="legal")
    alerting.look()
    assert alerting.states() == ["firing"]
    assert alerting.only().counts["count"] == 2


def test_a_rhythm_survives_jumps_with_one_job_each(desk: Desk) -> None:
    schedules = Schedules(desk.services.storage, desk.clock, standing={WATCH: vertical.schedules[WATCH]})
    tenants = 2
    assert schedules.tick() == tenants, f"{WATCH} at once"
    for jump in (DAY, -2 * DAY, timedelta(minutes=1), 30 * DAY):
        desk.clock.move(jump.total_seconds())
        assert schedules.tick() <= tenants, "no storm of what was missed"
        assert schedules.tick() == 0
        for _ in range(2):
            desk.clock.move(61)
            assert schedules.tick() == tenants, "no stall"


@pytest.mark.parametrize(
    "night",
    [datetime(2026, 10, 31, 23, 40, tzinfo=NEW_YORK), datetime(2026, 3, 7, 23, 40, tzinfo=NEW_YORK)],
    ids=["back", "forward"],
)
def test_a_night_in_which_the_clock_is_put_has_as_many_hours_as_it_has(desk: Desk, night: datetime) -> None:
    """Moments come with the offsets of New York; each lands in the window of its true hour."""
    start = night.astimezone(UTC)
    moments = [start + number * HOUR for number in range(8)]
    desk.clock.move((moments[-1] + HOUR - desk.clock.now()).total_seconds())
    desk.send(*(story(number, at.astimezone(NEW_YORK)) for number, at in enumerate(moments)))
    hours = desk.finance.trends.ask(desk.tenant, Asked(start, moments[-1] + HOUR, "1h")).windows
    counted = [each.count for each in hours if each.count]
    assert counted == [1] * 8
    assert {each.end - each.start for each in hours} == {HOUR}
    days = desk.finance.trends.ask(desk.tenant, Asked(start - DAY, start + DAY, "1d")).windows
    assert sum(each.count for each in days) == 8
    assert {each.end - each.start for each in days} == {DAY}


@pytest.mark.parametrize("fold", [0, 1])
def test_the_hour_that_comes_twice_alerts_by_true_time(desk: Desk, fold: int) -> None:
    """Half past one comes twice; two stories an hour apart are no two stories in one hour."""
    alerting = Alerting(desk)
    alerting.rule(each="topic", measure="count", at_least=2, window="1h")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=0)
    second = first.replace(minute=40, fold=fold)
    moved = (second.astimezone(UTC) + timedelta(minutes=5) - desk.clock.now()).total_seconds()
    desk.clock.move(moved)
    desk.send(story(1, first, topic="legal"), story(2, second, topic="legal"))
    alerting.look()
    assert alerting.states() == ([] if fold else ["firing"])
