from __future__ import annotations

import json

import pytest
from cyclopts import App

from core.errors import Conflict, NotFound
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk
from verticals.finance.commands import commands


@pytest.fixture
def app(desk: Desk) -> App:
    return commands(lambda: desk.services)


def run(app: App, *tokens: str) -> None:
    app(["alerts", *tokens], result_action="return_value", exit_on_error=False)


def test_an_alert_on_the_command_line(
    app: App, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    alerting = Alerting(desk)
    alerting.rule(name="many", at_least=2)
    alerting.news(2)
    alerting.look()
    run(app, "--json")
    alert = json.loads(capsys.readouterr().out)
    assert (alert["state"], alert["rule"]) == ("firing", "many")
    run(app, "show", alert["id"])
    assert "many" in capsys.readouterr().out
    for step, state in (("silence", "silenced"), ("ack", "acknowledged"), ("resolve", "resolved")):
        run(app, step, alert["id"], "--json")
        assert json.loads(capsys.readouterr().out)["state"] == state
    with pytest.raises(Conflict):
        run(app, "ack", alert["id"])
    with pytest.raises(NotFound):
        run(app, "show", "alert_x")
    run(app, "list", "--state", "open", "--json")
    assert capsys.readouterr().out == ""


def test_the_rules_that_everybody_begins_with(
    app: App, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run(app, "rules", "--json")
    rules = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {rule["kind"] for rule in rules} == {"surge", "silence"}
    assert {rule["each"] for rule in rules} == {None, "topic", "entity"}
    budgets = [rule["false_alarms_per_year"] for rule in rules if rule["kind"] == "surge"]
    assert budgets == [1.0, 1.0, 0.5, 3.0, 2.0, 0.1]
    run(app, "rules")
    assert "Surge of bad news" in capsys.readouterr().out
