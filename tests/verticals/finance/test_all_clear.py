"""A receiver that was down while an alert came and went: no page about something that is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.delivery.channels import Channels
from core.delivery.dispatcher import Dispatcher
from core.delivery.tables import Delivery
from tests.core.delivery.conftest import Got, Receiver, Reply, receiver
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk
from tests.verticals.finance.live import reaching

__all__ = ["receiver"]

DOWN: Reply = (503, b"", {})
UP: Reply = (200, b"", {})


class Outage:
    """A desk that tells a receiver on this machine, which is down for a while.

    Attributes:
        heard: What arrived: the step, and minutes since the beginning.
    """

    def __init__(self, desk: Desk, receiver: Receiver) -> None:
        self.alerting, self.heard = Alerting(desk), list[tuple[str, float]]()
        self._desk, self._receiver, self._began = desk, receiver, desk.clock.now()
        settings = reaching(desk.services.settings.data)
        self._channels = Channels(desk.services.storage, settings, desk.clock)
        self._dispatcher = Dispatcher(desk.services.storage, settings, desk.clock, chance=lambda: 0.5)
        self.down = True
        receiver.says(self._answer)

    def _answer(self, got: Got) -> Reply:
        if self.down:
            return DOWN
        with self._desk.services.storage.read(self._desk.tenant) as session:
            row = session.scalar(select(Delivery).where(Delivery.id == got.headers["webhook-id"]))
            assert row is not None
            step = str(row.message["topic"]).removeprefix("finance.alert.")
        self.heard.append((step, (self._desk.clock.now() - self._began).total_seconds() / 60))
        return UP

    def hook(self, name: str = "desk", **topics: list[str]) -> str:
        config = {"url": self._receiver.url, **topics}
        return self._channels.put(self._desk.tenant, "webhook", name, config, actor="test").id

    def go_on(self, minutes: int, *, step: int = 5) -> None:
        """Let time pass; judge and send as the worker does."""
        for _ in range(0, minutes, step):
            self._dispatcher.step()
            self.alerting.look(step)
        self._dispatcher.step()

    def steps(self) -> list[str]:
        return [step for step, _ in self.heard]


@pytest.fixture
def outage(desk: Desk, receiver: Receiver) -> Outage:
    return Outage(desk, receiver)


def fire(outage: Outage, **values: object) -> None:
    given: dict[str, object] = {"at_least": 2, "window": "1h", "calm": timedelta(0), **values}
    outage.alerting.rule(**given)
    outage.alerting.news(2)
    outage.alerting.look()


def test_one_message_says_that_it_fired_and_is_over(any_desk: Desk, receiver: Receiver) -> None:
    outage = Outage(any_desk, receiver)
    outage.alerting.subscriber(channel_id=outage.hook())
    fire(outage)
    outage.go_on(50)
    outage.down = False
    outage.go_on(24 * 60, step=30)
    assert outage.alerting.states() == ["resolved"]
    assert outage.steps() == ["resolved"]
    assert "It fired at 2026-11-21 00:00 UTC" in outage.alerting.messages()[-1]["body"]


def test_what_is_over_while_nobody_may_be_disturbed_is_told_in_the_morning(outage: Outage) -> None:
    quiet = {"from": "00:05", "to": "07:00", "zone": "UTC", "days": [], "except_severity": None}
    outage.alerting.subscriber(channel_id=outage.hook(), quiet=quiet)
    fire(outage)
    outage.go_on(90)
    outage.down = False
    outage.go_on(12 * 60, step=30)
    assert outage.steps() == ["resolved"]
    assert outage.heard[0][1] >= 7 * 60


def test_an_escalation_that_did_not_arrive_in_time_is_dropped(outage: Outage) -> None:
    boss = outage.hook("boss")
    outage.alerting.subscriber(channel_id=outage.hook(), escalate={"after_minutes": 15, "channel_id": boss})
    fire(outage)
    outage.go_on(120)
    assert "escalated" in outage.alerting.steps()
    outage.down = False
    outage.go_on(24 * 60, step=30)
    assert outage.steps() == ["resolved"]


def test_what_ended_under_a_silence_pages_nobody(outage: Outage) -> None:
    outage.alerting.subscriber(channel_id=outage.hook())
    fire(outage)
    outage.go_on(10)
    alerts = outage.alerting.desk.finance.alerts
    alerts.silence_for("demo", outage.alerting.only().id, 300, actor="key_1")
    outage.go_on(80)
    assert outage.alerting.states() == ["resolved"]
    outage.down = False
    outage.go_on(24 * 60, step=30)
    assert outage.steps() == []


def test_a_worse_alert_of_the_group_does_not_wait_behind_the_first(outage: Outage) -> None:
    outage.alerting.subscriber(channel_id=outage.hook())
    outage.alerting.rule(at_least=3, window="1d", severity="high", name="worse")
    fire(outage, window="1d", severity="low")
    outage.go_on(40)
    outage.down = False
    outage.alerting.news(1)
    outage.go_on(20)
    outage.go_on(24 * 60, step=30)
    fired = [minutes for step, minutes in outage.heard if step == "fired"]
    assert len(fired) == 1
    assert fired[0] < 60


def test_events_of_an_alert_arrive_in_their_order(outage: Outage) -> None:
    outage.hook(topics=["finance.alert.*"])
    fire(outage)
    outage.go_on(50)
    outage.down = False
    outage.go_on(24 * 60, step=30)
    assert outage.steps() == ["fired", "resolved"]
