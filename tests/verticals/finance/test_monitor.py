from __future__ import annotations

from datetime import timedelta

import pytest

from tests.verticals.finance.alert_desk import HOUR, Alerting
from tests.verticals.finance.desk import Desk


@pytest.fixture
def alerting(desk: Desk) -> Alerting:
    return Alerting(desk)


def test_a_backfill_pages_nobody(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.rule(at_least=2, measure="reach")
    alerting.subscriber()
    alerting.news(10, live=False)
    assert alerting.look() == []
    alerting.news(1)
    assert alerting.look() == [], "one live story does not make the backfill count"
    assert alerting.sent() == []


def test_a_surge_against_the_season(any_desk: Desk) -> None:
    alerting = Alerting(any_desk)
    alerting.history(count=2, negative=0, reach=2)
    rule = alerting.rule(kind="surge", way="count", window="1d", at_least=5)
    alerting.news(2)
    assert alerting.look() == [], "two bad stories are no surge"
    alerting.news(12)
    [change] = alerting.look()
    assert change.rule_id == rule.rule.id
    alert = alerting.only()
    assert alert.observed == 14
    assert alert.expected is not None
    assert alert.expected < 2
    assert alert.statistic is not None
    assert alert.statistic >= alert.limit
    assert 1 <= alert.cancelling["size"] <= 10


def test_a_surge_is_told_once_and_lasts_to_its_end(alerting: Alerting) -> None:
    alerting.history(count=1, negative=0, reach=1)
    alerting.rule(kind="surge", way="count", window="1d", at_least=5)
    became = []
    for _ in range(12):
        alerting.news(7)
        became += [change.became for change in alerting.look(360)]
    assert became == ["firing"], "three days"
    alert = alerting.only()
    assert alert.observed == 21
    assert alert.expected is not None
    assert alert.expected < 1
    assert alert.since is not None
    assert alert.since < alerting.now - timedelta(days=3)
    assert 10 < alert.cancelling["size"] <= 21
    assert alert.cancelling["exact"]
    assert [change.became for change in alerting.look(24 * 60)] == ["resolved"]


def test_a_surge_of_the_share(alerting: Alerting) -> None:
    alerting.history(count=5, negative=1, reach=5)
    alerting.rule(kind="surge", way="share", window="1d", at_least=5)
    alerting.news(5, bad=False)
    assert alerting.look() == []
    alerting.news(40)
    assert [change.became for change in alerting.look()] == ["firing"]
    alert = alerting.only()
    assert 0 < alert.cancelling["size"] < 40
    assert len(alert.evidence["stories"]) == alert.evidence["total"] == 40


def test_a_source_that_joins_raises_nothing(alerting: Alerting) -> None:
    alerting.history(count=5, negative=1, reach=5)
    for way in ("count", "share"):
        alerting.rule(kind="surge", way=way, window="1d", at_least=3)
    alerting.news(40, source="newcomer")
    assert alerting.look() == []


def test_three_bad_documents_are_no_surge(desk: Desk) -> None:
    alerting = Alerting(desk, defaults=True)
    alerting.news(3)
    assert alerting.look() == []


def test_a_silent_source_is_told_and_is_not_calm(alerting: Alerting) -> None:
    alerting.history(count=3, negative=0, reach=3)
    alerting.rule(kind="threshold", at_least=2, window="1d")
    alerting.rule(name="silence", kind="silence", at_least=12)
    alerting.subscriber()
    alerting.news(2)
    assert len(alerting.look()) == 1
    assert alerting.look(120) == [], "six documents are missing: not yet"
    [change] = alerting.look(180)
    alert = alerting.desk.finance.alerts.get("demo", change.alert_id)
    assert (alert.kind, alert.source, alert.no_data) == ("silence", "wire", True)
    assert alert.observed >= 12
    assert "Whether it is calm cannot be told" in alerting.messages()[-1]["body"]
    assert alerting.look(24 * 60) == []
    [limit] = [alert for alert in alerting.alerts() if alert.kind == "threshold"]
    assert (limit.state, limit.no_data) == ("firing", True), "nothing heard is not calm"
    alerting.news(1, bad=False)
    became = {change.rule_id: change.became for change in alerting.look()}
    assert set(became.values()) == {"resolved"}
    assert len(became) == 2


def test_a_source_of_a_backfill_only_is_not_missed(alerting: Alerting) -> None:
    alerting.history(live=False)
    alerting.rule(kind="silence", at_least=2)
    assert alerting.look(60 * 48) == []


def test_a_backfill_does_not_end_a_silence(alerting: Alerting) -> None:
    alerting.history(count=6, negative=0, reach=6)
    alerting.rule(kind="silence", at_least=12)
    alerting.news(1)
    assert alerting.look(60) == []
    assert [change.became for change in alerting.look(180)] == ["firing"]
    alerting.news(5, live=False)
    alerting.news(5, live=False, at=alerting.now - timedelta(days=2))
    assert [alerting.look(60) for _ in range(3)] == [[], [], []], "the collector is still down"
    alerting.news(1)
    assert [change.became for change in alerting.look()] == ["resolved"]


def test_a_silence_is_over_once_the_day_is_said_to_be_quiet(alerting: Alerting) -> None:
    alerting.history(count=6, negative=0, reach=6)
    rule = alerting.rule(kind="silence", at_least=12)
    alerting.news(1)
    assert [change.became for change in alerting.look(300)] == ["firing"]
    typhoon = {"quiet_days": (alerting.now.date(),), "zone": "UTC"}
    alerting.desk.finance.rules.change("demo", rule.rule.id, typhoon, actor="test")
    assert [change.became for change in alerting.look()] == ["resolved"]
    assert alerting.look(18 * 60) == []
    assert [change.became for change in alerting.look(5 * 60)] == ["firing"], "the next day"


def test_each_topic_by_itself(alerting: Alerting) -> None:
    alerting.rule(at_least=2, each="topic")
    alerting.news(2, topic="guidance")
    alerting.news(1, topic="legal")
    alerting.look()
    assert [alert.topic for alert in alerting.alerts()] == ["guidance"]
    alerting.news(1, topic="legal")
    alerting.look()
    assert [alert.topic for alert in alerting.alerts()] == ["legal", "guidance"]


def test_only_what_was_touched_is_judged(alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
    alerting.rule(at_least=2, each="topic")
    alerting.news(1, topic="a")
    alerting.news(2, topic="b")
    alerting.look()
    judging = alerting.desk.finance.monitor._judging
    judged: list[str] = []
    find = judging.find

    def noted(tenant, rule, watched, now):  # type: ignore[no-untyped-def]
        judged.append(watched.topic)
        return find(tenant, rule, watched, now)

    monkeypatch.setattr(judging, "find", noted)
    alerting.look(1)
    assert judged == ["b"], "an alert goes on there"
    alerting.news(1, topic="c")
    alerting.look(1)
    assert judged == ["b", "b", "c"]


def test_one_group_is_told_once(alerting: Alerting) -> None:
    alerting.rule(name="all", at_least=3)
    alerting.rule(name="topics", at_least=3, each="topic")
    alerting.subscriber()
    alerting.news(4, topic="guidance")
    assert len(alerting.look()) == 2
    assert len({alert.group_id for alert in alerting.alerts()}) == 1
    assert alerting.steps() == ["fired"]
    alerting.look(90)
    assert alerting.states() == ["resolved", "resolved"]
    assert alerting.steps() == ["fired", "resolved"]


def test_other_stories_are_another_group(alerting: Alerting) -> None:
    alerting.rule(name="topics", at_least=2, each="topic")
    alerting.subscriber()
    alerting.news(2, topic="guidance")
    alerting.news(2, topic="legal")
    alerting.look()
    assert len({alert.group_id for alert in alerting.alerts()}) == 2
    assert alerting.steps() == ["fired", "fired"]


def test_one_more_severe_is_told_although_the_group_is_known(alerting: Alerting) -> None:
    alerting.rule(name="a", at_least=2, severity="low")
    alerting.rule(name="b", at_least=3, severity="high")
    alerting.subscriber()
    alerting.news(2)
    alerting.look()
    alerting.news(1)
    alerting.look()
    assert len({alert.group_id for alert in alerting.alerts()}) == 1
    assert [message["severity"] for message in alerting.messages()] == ["low", "high"]


def test_the_order_of_arrival_is_nothing(desk: Desk) -> None:
    alerting = Alerting(desk)
    alerting.rule(at_least=3, window="1d")
    at = alerting.now
    documents = [*alerting.stories(2, at), *alerting.stories(2, at - 2 * HOUR)]
    desk.clock.move(60)
    desk.send(*reversed(documents))
    alerting.look()
    first = alerting.only()
    assert first.observed == 4
    assert first.since == first.since
    assert {story["event_at"] for story in first.evidence["stories"]} == {
        at.isoformat(),
        (at - 2 * HOUR).isoformat(),
    }


def test_an_evaluation_that_was_overtaken_changes_nothing(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    monitor = alerting.desk.finance.monitor
    alerting.news(2)
    old = monitor._look("demo", alerting.now)
    findings = monitor._findings("demo", old, alerting.now)
    alerting.news(1)
    alerting.look()
    from verticals.finance.service.monitor import _Writing

    changes = alerting.desk.services.storage.write(
        "demo", lambda session: _Writing(session, alerting.now).all(old, findings, {})
    )
    assert changes == []
    assert alerting.only().observed == 3


def test_tenants_do_not_meet(alerting: Alerting) -> None:
    alerting.rule(at_least=1)
    alerting.news(1)
    assert alerting.desk.finance.monitor.evaluate("other", alerting.now) == []
    assert len(alerting.look()) == 1


def test_the_window_slides(alerting: Alerting) -> None:
    alerting.rule(at_least=4, window="1h")
    alerting.news(2)
    alerting.look(40)
    alerting.news(2)
    assert [change.became for change in alerting.look()] == ["firing"], "across the hour"
    alerting.desk.clock.move(timedelta(minutes=50).total_seconds())
    assert [change.became for change in alerting.look()] == ["resolved"]


@pytest.mark.parametrize("each", [None, "topic"])
def test_a_share_that_rises_as_good_news_leaves_the_window(alerting: Alerting, each: str | None) -> None:
    topic = "legal"
    scope = {"each": each} if each else {"topic": topic}
    alerting.rule(measure="negative_share", at_least=0.8, window="1h", **scope)
    alerting.news(20, bad=False, topic=topic)
    assert alerting.look(30) == []
    alerting.news(10, topic=topic)
    looks = [[change.became for change in alerting.look(1)] for _ in range(39)]
    assert looks == [[]] * 29 + [["firing"]] + [[]] * 9, "sixty minutes after the good news"
    assert (alerting.only().observed, alerting.only().topic) == (1.0, topic)


@pytest.mark.parametrize("way", ["count", "share"])
def test_a_surge_within_an_hour_is_found_across_the_hour(alerting: Alerting, way: str) -> None:
    alerting.history(count=4, negative=0, reach=4)
    alerting.rule(kind="surge", way=way, window="1h", at_least=10)
    alerting.news(9, at=alerting.now - timedelta(minutes=5))
    assert alerting.look() == []
    alerting.desk.clock.move(180)
    alerting.news(9)
    assert [change.became for change in alerting.look()] == ["firing"]
    assert alerting.only().observed == 18
    assert alerting.look(30) == []
    assert [change.became for change in alerting.look(15)] == ["resolved"]


@pytest.mark.parametrize("first", ["calm", "silenced"])
def test_a_group_is_over_although_one_of_it_is_silenced(alerting: Alerting, first: str) -> None:
    alerting.rule(name="hour", at_least=3)
    alerting.rule(name="day", at_least=3, window="1d")
    alerting.subscriber()
    alerting.news(4)
    assert len(alerting.look()) == 2
    names = {"calm": "day", "silenced": "hour"}
    [one] = [alert for alert in alerting.alerts() if alert.rule == names[first]]
    alerting.desk.finance.alerts.silence_for(alerting.desk.tenant, one.id, 3000, actor="test")
    alerting.look(90)
    assert alerting.steps() == ["fired"], "the other goes on"
    alerting.look(24 * 60)
    assert alerting.states() == ["resolved", "resolved"]
    assert alerting.steps() == ["fired", "resolved"]


@pytest.mark.parametrize("names", [["hour"], ["hour", "day"]])
def test_of_what_is_silenced_nobody_hears_the_end(alerting: Alerting, names: list[str]) -> None:
    windows = {"hour": "1h", "day": "1d"}
    for name in names:
        alerting.rule(name=name, at_least=3, window=windows[name])
    alerting.subscriber()
    alerting.news(4)
    alerting.look()
    for alert in alerting.alerts():
        alerting.desk.finance.alerts.silence_for(alerting.desk.tenant, alert.id, 3000, actor="test")
    alerting.look(90)
    alerting.look(24 * 60)
    assert set(alerting.states()) == {"resolved"}
    assert alerting.steps() == ["fired"]
