"""A thing has one JSON form: on the command line, over REST, and in what web hooks are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from core.delivery.message import unpacked
from core.storage.tables import OutboxEvent
from core.testing.served import AppClient
from core.vertical import Vertical
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk
from verticals.finance import vertical as finance
from verticals.finance.commands import commands
from verticals.finance.service import build

pytest_plugins = ["api.testing"]


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return finance


@pytest.fixture
def key(app_client: AppClient) -> str:
    return app_client.key("demo", "finance:read", "finance:write")


@pytest.fixture
def told(app_client: AppClient, capsys: pytest.CaptureFixture[str]) -> Any:
    app = commands(lambda: app_client.services)

    def run(*tokens: str) -> list[Any]:
        capsys.readouterr()
        app([*tokens, "--json"], result_action="return_value", exit_on_error=False)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]

    return run


def test_rules(app_client: AppClient, key: str, told: Any) -> None:
    rule = {"name": "guidance", "kind": "threshold", "topic": "guidance", "for": "15m", "calm_for": "2h"}
    assert app_client.request("POST", "/v1/finance/rules", key=key, body=rule).status_code == 201
    assert told("alerts", "rules") == app_client.request("GET", "/v1/finance/rules", key=key).json()["data"]


def test_alerts_in_a_list_and_alone(app_client: AppClient, key: str, told: Any) -> None:
    rule = {"name": "any", "kind": "threshold", "measure": "count", "at_least": 1}
    assert app_client.request("POST", "/v1/finance/rules", key=key, body=rule).status_code == 201
    now = datetime.now(UTC)
    row = {
        "source": "wire",
        "external_id": "1",
        "title": "Orvane cuts outlook",
        "published_at": now.isoformat(),
    }
    app_client.request("POST", "/v1/finance/documents", key=key, body={"documents": [row]})
    use_cases = build(app_client.services)
    use_cases.documents.read("demo", lambda *_: None)
    use_cases.monitor.evaluate("demo", now)
    listed = app_client.request("GET", "/v1/finance/alerts", key=key).json()["data"]
    assert [alert["state"] for alert in listed] == ["firing"]
    assert told("alerts", "list") == listed
    id_ = listed[0]["id"]
    assert told("alerts", "show", id_) == [
        app_client.request("GET", f"/v1/finance/alerts/{id_}", key=key).json()
    ]
    [acknowledged] = told("alerts", "ack", id_)
    assert acknowledged == app_client.request("GET", f"/v1/finance/alerts/{id_}", key=key).json()


def test_trends(app_client: AppClient, key: str, told: Any) -> None:
    end = datetime.now(UTC)
    span = {"from": (end - timedelta(days=3)).isoformat(), "to": end.isoformat()}
    query = "&".join(f"{name}={quote(value)}" for name, value in span.items())
    asked = app_client.request("GET", f"/v1/finance/trends?window=1d&{query}", key=key)
    options = [token for name, value in span.items() for token in (f"--{name}", value)]
    assert told("trends", "--window", "1d", *options) == [asked.json()]


def test_companies(app_client: AppClient, key: str, told: Any) -> None:
    row = {"id": "halsted", "name": "Halsted Robotics", "aliases": ["Halsted"]}
    app_client.request("PUT", "/v1/finance/companies", key=key, body={"companies": [row]})
    assert (
        told("companies", "list")
        == app_client.request("GET", "/v1/finance/companies", key=key).json()["data"]
    )


def test_a_notice_says_what_the_event_of_its_type_says_and_more(desk: Desk) -> None:
    alerting = Alerting(desk)
    alerting.rule(at_least=2, severity="high")
    alerting.subscriber(lang="zh")
    alerting.news(2)
    alerting.look()
    with desk.services.storage.read("demo") as session:
        [event] = session.scalars(select(OutboxEvent).where(OutboxEvent.topic == "finance.alert.fired"))
    [notice] = map(unpacked, alerting.messages())
    assert notice.topic == event.topic
    assert {**notice.payload(), **event.payload} == notice.payload()
    assert notice.payload().keys() - event.payload.keys() == {"title", "body", "step", "story_ids"}
