from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.storage import audit
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk, doc


@pytest.fixture
def alerting(desk: Desk) -> Alerting:
    return Alerting(desk)


def test_a_limit_is_reached_fires_and_is_over(any_desk: Desk) -> None:
    alerting = Alerting(any_desk)
    rule = alerting.rule(at_least=3, severity="high")
    alerting.news(2)
    assert alerting.look() == []
    alerting.news(1)
    [change] = alerting.look()
    assert (change.was, change.became, change.rule_id) == (None, "firing", rule.rule.id)
    alert = alerting.only()
    assert (alert.state, alert.severity, alert.observed, alert.limit) == ("firing", "high", 3, 3)
    assert alert.counts["negative"] == 3
    assert alerting.look() == []
    [over] = alerting.look(90)
    assert (over.was, over.became) == ("firing", "resolved")
    assert alerting.events() == ["fired", "resolved"]
    assert alerting.audit() == [("fired", "system"), ("resolved", "system")]
    with any_desk.services.storage.read("demo") as session:
        audit.verify(session)


def test_judged_twice_at_one_moment_the_second_changes_nothing(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.subscriber()
    alerting.news(2)
    assert len(alerting.look()) == 1
    before = alerting.only(), alerting.sent(), alerting.events()
    assert alerting.look() == []
    assert (alerting.only(), alerting.sent(), alerting.events()) == before


def test_it_must_hold_for_a_while_before_it_fires(alerting: Alerting) -> None:
    alerting.rule(at_least=2, hold=timedelta(minutes=10), calm=timedelta(minutes=5))
    alerting.subscriber()
    alerting.news(2)
    assert [change.became for change in alerting.look()] == ["pending"]
    assert alerting.look(5) == []
    assert alerting.sent() == []
    assert [change.became for change in alerting.look(5)] == ["firing"]
    assert alerting.look(53) == [], "it does not hold, and is not calm for five minutes yet"
    assert alerting.only().state == "firing"
    assert [change.became for change in alerting.look(20)] == ["resolved"]


def test_what_did_not_hold_for_long_enough_is_told_to_nobody(alerting: Alerting) -> None:
    alerting.rule(at_least=2, hold=timedelta(hours=2))
    alerting.subscriber()
    alerting.news(2)
    alerting.look()
    assert [change.became for change in alerting.look(80)] == ["resolved"]
    assert (alerting.sent(), alerting.events(), alerting.only().fired_at) == ([], [], None)


def test_an_acknowledgement_survives_the_next_event(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.news(2)
    alerting.look()
    alerting.desk.finance.alerts.acknowledge("demo", alerting.only().id, actor="key_1")
    alerting.news(5)
    assert alerting.look(1) == []
    alert = alerting.only()
    assert (alert.state, alert.observed) == ("acknowledged", 7)
    assert alert.acknowledged_at is not None
    again = alerting.desk.finance.alerts.acknowledge("demo", alert.id, actor="key_1")
    assert again.log == alert.log, "acknowledging twice is acknowledging once"
    assert alerting.events() == ["fired", "acknowledged"]
    assert alerting.audit()[-1] == ("acknowledged", "key_1")


def test_a_silence_ends_on_time_and_is_followed_by_a_notice_if_it_still_fires(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.subscriber()
    alerting.news(2)
    alerting.look()
    alerts = alerting.desk.finance.alerts
    alerts.silence("demo", alerting.only().id, alerting.now + timedelta(minutes=30), actor="key_1")
    assert alerting.look(29) == []
    alerting.news(1)
    assert alerting.look() == []
    assert alerting.only().state == "silenced"
    assert [change.became for change in alerting.look(1)] == ["firing"]
    assert alerting.steps() == ["fired", "fired"]
    assert alerting.messages()[-1]["title"].startswith("Still: ")
    assert alerting.look() == []


def test_a_silence_under_which_it_ended_is_followed_by_nothing(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.subscriber()
    alerting.news(2)
    alerting.look()
    alerting.desk.finance.alerts.silence_for("demo", alerting.only().id, 300, actor="key_1")
    assert [change.became for change in alerting.look(90)] == ["resolved"]
    alerting.look(300)
    assert alerting.steps() == ["fired"]


def test_one_that_fires_again_is_a_new_alert(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.news(2)
    alerting.look()
    alerting.look(90)
    alerting.news(2)
    alerting.look()
    assert alerting.states() == ["resolved", "firing"]
    first, second = alerting.alerts()
    assert first.id != second.id
    assert first.group_id != second.group_id


def test_one_resolved_by_hand_comes_back_only_after_it_was_calm(alerting: Alerting) -> None:
    alerting.rule(at_least=2)
    alerting.news(2)
    alerting.look()
    alerting.desk.finance.alerts.resolve("demo", alerting.only().id, actor="key_1")
    alerting.news(3)
    assert alerting.look(1) == []
    assert alerting.states() == ["resolved"]
    alerting.look(90)
    alerting.news(2)
    alerting.look()
    assert alerting.states() == ["resolved", "firing"]


def test_a_retraction_takes_the_alert_back(alerting: Alerting) -> None:
    alerting.rule(at_least=1)
    text = "Halden Bridge Bank bad halts withdrawals of 40 million at all branches in the north"
    alerting.desk.send(doc(1, text, alerting.now))
    alerting.look()
    assert alerting.states() == ["firing"]
    alerting.desk.clock.move(60)
    alerting.desk.send(doc(2, f"RETRACTION: {text}", alerting.now))
    alerting.look()
    assert alerting.states() == ["resolved"]


@pytest.mark.parametrize("step", ["acknowledge", "resolve", "silence"])
def test_steps_that_the_state_does_not_allow(alerting: Alerting, step: str) -> None:
    alerting.rule(at_least=2, hold=timedelta(hours=1))
    alerting.news(2)
    alerting.look()
    alerts, alert = alerting.desk.finance.alerts, alerting.only()
    assert alert.state == "pending"
    extra = (alerting.now + timedelta(hours=1),) if step == "silence" else ()
    with pytest.raises(Conflict):
        getattr(alerts, step)("demo", alert.id, *extra, actor="key_1")
    with pytest.raises(NotFound):
        getattr(alerts, step)("other", alert.id, *extra, actor="key_1")
    assert alerting.only() == alert


def test_a_silence_lies_ahead(alerting: Alerting) -> None:
    alerting.rule(at_least=1)
    alerting.news(1)
    alerting.look()
    for until in (alerting.now, alerting.now + timedelta(days=91)):
        with pytest.raises(InvalidInput):
            alerting.desk.finance.alerts.silence("demo", alerting.only().id, until, actor="key_1")


def test_a_rule_that_is_disabled_changed_or_deleted_ends_its_alerts(alerting: Alerting) -> None:
    rules = alerting.desk.finance.rules
    first = alerting.rule(at_least=1, name="a").rule.id
    second = alerting.rule(at_least=1, name="b", measure="count").rule.id
    third = alerting.rule(at_least=1, name="c", measure="reach").rule.id
    alerting.news(1)
    assert len(alerting.look()) == 3
    rules.change("demo", first, {"enabled": False}, actor="key_1")
    rules.change("demo", second, {"topic": "guidance"}, actor="key_1")
    rules.delete("demo", third, actor="key_1")
    assert [(alert.state, alert.reason) for alert in alerting.alerts()] == [("resolved", "rule")] * 3
    assert alerting.look() == []
    rules.change("demo", first, {"enabled": True}, actor="key_1")
    assert [change.became for change in alerting.look()] == ["firing"], "judged anew without new news"


def test_filters_of_the_list(alerting: Alerting) -> None:
    low = alerting.rule(at_least=1, name="a", severity="low").rule.id
    alerting.rule(at_least=1, name="b", severity="high")
    alerting.news(1)
    alerting.look()
    alerting.desk.finance.alerts.acknowledge("demo", alerting.alerts(rule=low)[0].id, actor="key_1")
    assert [alert.severity for alert in alerting.alerts(state="firing")] == ["high"]
    assert [alert.rule for alert in alerting.alerts(severity="low")] == ["a"]
    assert len(alerting.alerts(state="open")) == 2
    assert alerting.alerts(entity="nobody") == []
    newest = alerting.alerts(limit=1)
    assert [alert.id for alert in alerting.alerts(before=newest[0].id)] == [alerting.alerts()[1].id]
    assert alerting.desk.finance.alerts.list("other") == []
