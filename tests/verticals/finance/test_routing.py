from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk

QUIET: dict[str, Any] = {
    "from": "22:00",
    "to": "07:00",
    "zone": "Asia/Shanghai",
    "days": [],
    "except_severity": None,
}


@pytest.fixture
def alerting(desk: Desk) -> Alerting:
    return Alerting(desk)


def at(alerting: Alerting, moment: datetime) -> None:
    alerting.desk.clock.move((moment - alerting.now).total_seconds())


def fire(alerting: Alerting, number: int = 2) -> None:
    alerting.news(number)
    alerting.look()


def test_what_is_held_is_told_once_when_the_quiet_hours_end(any_desk: Desk) -> None:
    alerting = Alerting(any_desk)
    alerting.rule(at_least=2, window="1d")
    alerting.subscriber(quiet=QUIET)
    at(alerting, datetime(2026, 11, 22, 18, tzinfo=UTC))  # two at night in Shanghai
    fire(alerting)
    assert alerting.states() == ["firing"]
    assert alerting.sent() == []
    at(alerting, datetime(2026, 11, 22, 22, 59, tzinfo=UTC))
    alerting.look()
    assert alerting.sent() == []
    alerting.look(1)
    assert alerting.steps() == ["fired"]
    alerting.look()
    alerting.look(1)
    assert alerting.steps() == ["fired"]


@pytest.mark.parametrize("end", ["acknowledged", "resolved"])
def test_what_is_over_by_then_is_not_told(alerting: Alerting, end: str) -> None:
    alerting.rule(at_least=2)
    alerting.subscriber(quiet=QUIET)
    at(alerting, datetime(2026, 11, 22, 18, tzinfo=UTC))
    fire(alerting)
    if end == "acknowledged":
        alerting.desk.finance.alerts.acknowledge("demo", alerting.only().id, actor="key_1")
    alerting.look(90)
    at(alerting, datetime(2026, 11, 22, 23, 1, tzinfo=UTC))
    alerting.look()
    assert alerting.sent() == []


def test_the_end_of_what_was_told_waits_for_the_morning(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.subscriber(quiet=QUIET)
    at(alerting, datetime(2026, 11, 22, 13, 30, tzinfo=UTC))
    fire(alerting)
    assert alerting.steps() == ["fired"]
    alerting.look(90)
    assert alerting.states() == ["resolved"]
    assert alerting.steps() == ["fired"]
    at(alerting, datetime(2026, 11, 22, 23, tzinfo=UTC))
    alerting.look()
    assert alerting.steps() == ["fired", "resolved"]


def test_the_severe_disturb_all_the_same(alerting: Alerting) -> None:
    alerting.rule(at_least=2, severity="high")
    alerting.subscriber(quiet={**QUIET, "except_severity": "high"})
    at(alerting, datetime(2026, 11, 22, 18, tzinfo=UTC))
    fire(alerting)
    assert alerting.steps() == ["fired"]


def test_what_nobody_answers_is_escalated_once(any_desk: Desk) -> None:
    alerting = Alerting(any_desk)
    alerting.rule(at_least=2, window="1d")
    boss = alerting.channel("boss")
    desk = alerting.subscriber(escalate={"after_minutes": 15, "channel_id": boss})
    fire(alerting)
    alerting.look(14)
    assert alerting.sent() == [("fired", desk.channel_id)]
    alerting.look(1)
    alerting.look(60)
    assert alerting.sent() == [("fired", desk.channel_id), ("escalated", boss)]
    assert alerting.events() == ["fired", "escalated"]
    assert alerting.audit()[-1] == ("escalated", "system")
    assert alerting.messages()[-1]["title"].startswith("Nobody has answered")


@pytest.mark.parametrize("step", ["acknowledge", "resolve"])
def test_what_was_answered_is_not_escalated(alerting: Alerting, step: str) -> None:
    alerting.rule(at_least=2, window="1d")
    alerting.subscriber(escalate={"after_minutes": 15, "channel_id": alerting.channel("boss")})
    fire(alerting)
    getattr(alerting.desk.finance.alerts, step)("demo", alerting.only().id, actor="key_1")
    alerting.look(120)
    assert "escalated" not in alerting.steps()


def test_who_is_told(alerting: Alerting) -> None:
    rule = alerting.rule(at_least=2, severity="medium", topic="guidance").rule.id
    for name, match in {
        "all": {},
        "severe": {"severity_at_least": "high"},
        "medium": {"severity_at_least": "medium"},
        "topic": {"topics": ["guidance", "legal"]},
        "other topic": {"topics": ["legal"]},
        "rule": {"rules": [rule]},
        "other rule": {"rules": ["rule_x"]},
        "company": {"entities": ["orvane"]},
    }.items():
        alerting.subscriber(name, match=match)
    alerting.subscriber("off", enabled=False)
    alerting.news(2, topic="guidance")
    alerting.look()
    names = {view.channel_id: view.name for view in alerting.desk.finance.subscribers.list("demo")}
    assert sorted(names[channel] for _step, channel in alerting.sent()) == ["all", "medium", "rule", "topic"]


def test_channels_of_the_rule_are_told_and_nobody_twice(alerting: Alerting) -> None:
    channel = alerting.channel()
    alerting.rule(at_least=2, channels=(channel,))
    alerting.subscriber(channel_id=channel)
    fire(alerting)
    assert alerting.sent() == [("fired", channel)]


def test_in_chinese(alerting: Alerting) -> None:
    alerting.rule(at_least=2, name="负面", severity="high", topic="guidance")
    alerting.subscriber(lang="zh")
    alerting.news(3, topic="guidance")
    alerting.look()
    [message] = alerting.messages()
    assert message["title"] == "达到警戒线：guidance"
    assert message["severity"] == "高"
    assert "3 个事件中有 3 个为负面" in message["body"]
    assert "若没有其中 2 个事件" in message["body"]


def test_a_rule_tells_its_own_channels_in_its_language(any_desk: Desk) -> None:
    alerting = Alerting(any_desk)
    view = alerting.rule(at_least=2, topic="guidance", channels=(alerting.channel(),))
    alerting.desk.finance.rules.change("demo", view.rule.id, {"lang": "zh"}, actor="test")
    alerting.news(2, topic="guidance")
    alerting.look()
    assert [message["title"] for message in alerting.messages()] == ["达到警戒线：guidance"]


def test_a_message_says_counts_and_reasons_and_no_texts(alerting: Alerting) -> None:
    alerting.rule(at_least=2, name="limit")
    alerting.subscriber()
    fire(alerting, 3)
    [message] = alerting.messages()
    alert = alerting.only()
    assert "3 of 3 stories in the last hour are bad news, told in 3 documents." in message["body"]
    assert "Without 2 of these stories there would be no alert." in message["body"]
    assert message["data"]["id"] == alert.id
    titles = [story["title"] for story in alert.evidence["stories"]]
    assert all(titles)
    assert not [title for title in titles if title in str(message)]


def test_a_channel_that_is_gone_stops_nothing(alerting: Alerting) -> None:
    from core.delivery.channels import Channels

    services = alerting.desk.services
    alerting.rule(at_least=2)
    gone, stays = alerting.subscriber("gone"), alerting.subscriber("stays")
    channels = Channels(services.storage, services.settings, services.clock)
    channels.delete("demo", gone.channel_id, actor="test")
    fire(alerting)
    assert alerting.sent() == [("fired", stays.channel_id)]


def test_what_a_subscriber_cannot_be(alerting: Alerting) -> None:
    made = alerting.subscriber()
    subscribers = alerting.desk.finance.subscribers
    with pytest.raises(InvalidInput, match="no channel"):
        subscribers.create("demo", {"name": "x", "channel_id": "ch_x"}, actor="test")
    with pytest.raises(InvalidInput, match="no channel"):
        subscribers.create("other", {"name": "x", "channel_id": made.channel_id}, actor="test")
    with pytest.raises(Conflict):
        subscribers.create("demo", {"name": "desk", "channel_id": made.channel_id}, actor="test")
    with pytest.raises(InvalidInput, match="zone"):
        subscribers.change("demo", made.id, {"quiet": {**QUIET, "zone": "../../etc/passwd"}}, actor="test")
    with pytest.raises(InvalidInput, match="end when they begin"):
        subscribers.change("demo", made.id, {"quiet": {**QUIET, "to": "22:00"}}, actor="test")
    with pytest.raises(NotFound):
        subscribers.change("other", made.id, {"enabled": False}, actor="test")
    assert subscribers.get("demo", made.id) == made
    subscribers.delete("demo", made.id, actor="test")
    assert subscribers.list("demo") == []
