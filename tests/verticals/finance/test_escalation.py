"""What an acknowledgement covers: what was there when it was given and what is no worse, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk


class Watch:
    """A group of two alerts: a low one over two stories, and a severe one over three."""

    def __init__(self, desk: Desk, *, second: str = "high", hold: timedelta = timedelta(0)) -> None:
        self.alerting = Alerting(desk)
        self.alerting.rule(at_least=2, window="1d", severity="low", name="low")
        self.alerting.rule(at_least=3, window="1d", severity=second, name="second", hold=hold)
        self.boss = self.alerting.channel("boss")
        escalate = {"after_minutes": 15, "channel_id": self.boss}
        self.desk = self.alerting.subscriber(escalate=escalate).channel_id

    def news(self, number: int) -> None:
        self.alerting.news(number)
        self.alerting.look()

    def answer(self, name: str, step: str = "acknowledge") -> None:
        [alert] = [one for one in self.alerting.alerts() if one.rule == name]
        getattr(self.alerting.desk.finance.alerts, step)("demo", alert.id, actor="key_1")

    def escalated(self) -> list[str]:
        messages = [one for one in self.alerting.messages() if one["topic"] == "finance.alert.escalated"]
        return [message["data"]["severity"] for message in messages]


def test_an_acknowledged_low_alert_does_not_answer_a_later_high_one(any_desk: Desk) -> None:
    watch = Watch(any_desk)
    watch.news(2)
    watch.answer("low")
    watch.alerting.look(5)
    watch.news(1)
    first, second = watch.alerting.alerts()
    assert first.group_id == second.group_id
    watch.alerting.look(14)
    assert watch.escalated() == []
    watch.alerting.look(1)
    assert watch.escalated() == ["high"]
    assert watch.alerting.sent() == [("fired", watch.desk), ("fired", watch.desk), ("escalated", watch.boss)]
    watch.alerting.look(60)
    assert watch.escalated() == ["high"]


@pytest.fixture
def watch(desk: Desk) -> Watch:
    return Watch(desk)


def test_what_was_there_is_answered_with_it(watch: Watch) -> None:
    watch.news(3)
    watch.alerting.look(5)
    watch.answer("low")
    watch.alerting.look(60)
    assert watch.escalated() == []


def test_the_next_events_of_what_was_answered_are_answered(watch: Watch) -> None:
    watch.news(3)
    watch.answer("second")
    for _ in range(4):
        watch.alerting.look(10)
        watch.news(2)
    assert watch.escalated() == []


def test_what_comes_later_and_is_no_worse_is_answered(desk: Desk) -> None:
    watch = Watch(desk, second="low")
    watch.alerting.subscriber(
        "second only",
        match={
            "rules": [one.rule.id for one in desk.finance.rules.list("demo") if one.rule.name == "second"]
        },
        escalate={"after_minutes": 15, "channel_id": watch.boss},
    )
    watch.news(2)
    watch.answer("low")
    watch.alerting.look(5)
    watch.news(1)
    assert len(watch.alerting.sent()) == 2
    watch.alerting.look(60)
    assert watch.escalated() == []


def test_an_answer_outlives_the_alert_that_it_was_given_to(watch: Watch) -> None:
    watch.news(3)
    watch.answer("low")
    watch.answer("low", "resolve")
    watch.alerting.look(60)
    assert watch.escalated() == []


def test_an_alert_that_was_pending_when_its_group_was_over_is_told(desk: Desk) -> None:
    watch = Watch(desk, second="low", hold=timedelta(minutes=10))
    watch.news(3)
    watch.answer("low", "resolve")
    assert watch.alerting.steps() == ["fired", "resolved"]
    watch.alerting.look(10)
    assert watch.alerting.steps() == ["fired", "resolved", "fired"]
    watch.answer("second", "resolve")
    assert watch.alerting.steps() == ["fired", "resolved", "fired", "resolved"]
