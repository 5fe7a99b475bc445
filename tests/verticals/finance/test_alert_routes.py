from __future__ import annotations

from typing import Any

import pytest

from core.testing.served import AppClient
from core.vertical import Vertical
from verticals.finance import vertical as finance

pytest_plugins = ["api.testing"]
RULES, ALERTS, SUBSCRIBERS = "/v1/finance/rules", "/v1/finance/alerts", "/v1/finance/subscribers"


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return finance


@pytest.fixture
def key(app_client: AppClient) -> str:
    scopes = ("finance:read", "finance:write", "webhooks:read", "webhooks:write")
    return app_client.key("demo", *scopes)


def pointers(reply: Any) -> list[str]:
    assert reply.status_code == 422
    return [error["pointer"] for error in reply.json()["errors"]]


def test_a_rule_from_its_making_to_its_end(app_client: AppClient, key: str) -> None:
    body = {
        "name": "guidance",
        "kind": "threshold",
        "topic": "*",
        "at_least": 4,
        "for": "15m",
        "window": "1h",
    }
    reply = app_client.request("POST", RULES, key=key, body=body)
    assert reply.status_code == 201
    made = reply.json()
    assert (made["each"], made["topic"], made["for"], made["calm_for"]) == ("topic", None, "15m", "0")
    path = f"{RULES}/{made['id']}"
    changed = app_client.request("PATCH", path, key=key, body={"severity": "high", "enabled": False}).json()
    assert {**made, "severity": "high", "enabled": False, "updated_at": changed["updated_at"]} == changed
    assert app_client.request("GET", path, key=key).json() == changed
    names = [rule["name"] for rule in app_client.request("GET", RULES, key=key).json()["data"]]
    assert "Surge of bad news" in names
    assert "guidance" in names
    stranger = app_client.key("other", "finance:read", "finance:write")
    assert app_client.request("GET", path, key=stranger).status_code == 404
    assert app_client.request("DELETE", path, key=key).status_code == 204
    assert app_client.request("GET", path, key=key).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "magic"}, "/kind"),
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": " \t "}, "/name"),
        ({"window": "15m"}, "/window"),
        ({"for": "soon"}, "/for"),
        ({"for": "9999d"}, "/for"),
        ({"calm_for": "721h"}, "/calm_for"),
        ({"at_least": -1}, "/at_least"),
        ({"at_least": 1e300}, "/at_least"),
        ({"kind": "threshold", "measure": "negative_share", "at_least": 5}, "/at_least"),
        ({"each": "topic", "topic": "guidance"}, "/topic"),
        ({"kind": "silence", "topic": "guidance"}, "/kind"),
        ({"measure": "reach"}, "/measure"),
        ({"way": "share", "measure": "count"}, "/way"),
        ({"false_alarms_per_year": 0}, "/false_alarms_per_year"),
        ({"channels": ["ch_unknown"]}, "/channels/0"),
        ({"quiet_days": ["2026-11-26"]}, "/quiet_days"),
        ({"kind": "silence", "quiet_days": ["tomorrow"]}, "/quiet_days/0"),
        ({"kind": "silence", "zone": "Mars/Base"}, "/zone"),
        ({"colour": "red"}, "/colour"),
        ({"topic": "a\u0000"}, "/topic"),
        ({"topic": "nonsense"}, "/topic"),
        ({"entity": "nonsense"}, "/entity"),
    ],
)
def test_faults_of_a_rule_are_pointed_at(
    app_client: AppClient, key: str, body: dict[str, Any], pointer: str
) -> None:
    assert pointer in pointers(app_client.request("POST", RULES, key=key, body={"name": "x", **body}))


def test_quiet_days_are_kept_and_changed(app_client: AppClient, key: str) -> None:
    body = {"name": "holidays", "kind": "silence", "quiet_days": ["2026-12-25", "2026-11-26", "2026-11-26"]}
    made = app_client.request("POST", RULES, key=key, body={**body, "zone": "America/New_York"}).json()
    assert (made["quiet_days"], made["zone"]) == (["2026-11-26", "2026-12-25"], "America/New_York")
    path = f"{RULES}/{made['id']}"
    typhoon = {"quiet_days": ["2026-09-30"], "zone": "Asia/Hong_Kong"}
    changed = app_client.request("PATCH", path, key=key, body=typhoon).json()
    assert {name: changed[name] for name in typhoon} == typhoon
    assert app_client.request("GET", path, key=key).json() == changed
    app_client.request("DELETE", path, key=key)


def test_a_name_is_given_once(app_client: AppClient, key: str) -> None:
    body = {"name": "twice", "kind": "threshold"}
    first = app_client.request("POST", RULES, key=key, body=body)
    assert app_client.request("POST", RULES, key=key, body=body).status_code == 409
    app_client.request("DELETE", f"{RULES}/{first.json()['id']}", key=key)


def test_reading_is_not_writing(app_client: AppClient) -> None:
    reader = app_client.key("demo", "finance:read")
    assert app_client.request("GET", ALERTS, key=reader).status_code == 200
    for method, path in (
        ("POST", RULES),
        ("PATCH", f"{RULES}/x"),
        ("DELETE", f"{RULES}/x"),
        ("POST", f"{ALERTS}/x/ack"),
        ("POST", f"{ALERTS}/x/resolve"),
        ("POST", SUBSCRIBERS),
        ("DELETE", f"{SUBSCRIBERS}/x"),
    ):
        reply = app_client.request(method, path, key=reader, body={"name": "x", "channel_id": "y"})
        assert reply.status_code == 403, path


@pytest.mark.parametrize("step", ["ack", "resolve", "silence"])
def test_an_unknown_alert_is_not_found(app_client: AppClient, key: str, step: str) -> None:
    body = {"minutes": 5} if step == "silence" else None
    reply = app_client.request("POST", f"{ALERTS}/alert_x/{step}", key=key, body=body)
    assert reply.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"until": "2099-01-01T00:00:00"},
        {},
        {"minutes": 5, "until": "2099-01-01T00:00:00Z"},
        {"until": 5},
        {"minutes": 0},
    ],
)
def test_a_silence_is_until_or_for(app_client: AppClient, key: str, body: dict[str, Any]) -> None:
    assert app_client.request("POST", f"{ALERTS}/x/silence", key=key, body=body).status_code == 422


def test_filters_are_checked(app_client: AppClient, key: str) -> None:
    for query in ("state=gone", "severity=grave", "cursor=!", "limit=0"):
        assert app_client.request("GET", f"{ALERTS}?{query}", key=key).status_code == 422
    assert pointers(app_client.request("GET", f"{ALERTS}?rule=x", key=key)) == ["query:rule"]
    rules = app_client.request("GET", RULES, key=key).json()["data"]
    query = f"state=open&rule={rules[0]['id']}"
    assert app_client.request("GET", f"{ALERTS}?{query}", key=key).json()["data"] == []


def test_a_channel_and_a_subscriber(app_client: AppClient, key: str) -> None:
    channel = {"kind": "slack", "name": "desk", "config": {"url": "https://hooks.slack.example/s3cr3t"}}
    reply = app_client.request("POST", "/v1/channels", key=key, body=channel)
    assert reply.status_code == 201
    assert "s3cr3t" not in reply.text
    id_ = reply.json()["id"]
    quiet = {
        "from": "22:00",
        "to": "07:00",
        "zone": "Europe/Berlin",
        "days": ["sat"],
        "except_severity": "high",
    }
    body = {
        "name": "desk",
        "channel_id": id_,
        "lang": "zh",
        "match": {"severity_at_least": "medium", "topics": ["guidance"]},
        "quiet_hours": quiet,
        "escalate": {"after_minutes": 10, "channel_id": id_},
    }
    made = app_client.request("POST", SUBSCRIBERS, key=key, body=body).json()
    assert made["quiet_hours"] == quiet
    assert made["match"] == {
        "severity_at_least": "medium",
        "topics": ["guidance"],
        "entities": [],
        "rules": [],
    }
    path = f"{SUBSCRIBERS}/{made['id']}"
    changed = app_client.request("PATCH", path, key=key, body={"quiet_hours": None}).json()
    assert changed["quiet_hours"] is None
    assert changed["escalate"] == body["escalate"]
    assert [row["id"] for row in app_client.request("GET", SUBSCRIBERS, key=key).json()["data"]] == [
        made["id"]
    ]
    for fault, pointer in (
        ({"quiet_hours": {**quiet, "zone": "Mars/Olympus"}}, "/quiet_hours/zone"),
        ({"quiet_hours": {**quiet, "from": "25:00"}}, "/quiet_hours/from"),
        ({"channel_id": "ch_x"}, "/channel_id"),
        ({"escalate": {"after_minutes": 1, "channel_id": "ch_x"}}, "/escalate/channel_id"),
        ({"match": {"severity_at_least": "grave"}}, "/match/severity_at_least"),
        ({"match": {"topics": ["guidance", "nonsense"]}}, "/match/topics/1"),
        ({"match": {"entities": ["nonsense"]}}, "/match/entities/0"),
        ({"match": {"rules": ["rule_x"]}}, "/match/rules/0"),
    ):
        assert pointer in pointers(app_client.request("PATCH", path, key=key, body=fault))
    rule = {"name": "told by name", "kind": "threshold", "channels": [id_]}
    rule_path = f"{RULES}/{app_client.request('POST', RULES, key=key, body=rule).json()['id']}"
    for user, user_path in (("subscriber 'desk'", path), ("rule 'told by name'", rule_path)):
        refused = app_client.request("DELETE", f"/v1/channels/{id_}", key=key)
        assert refused.status_code == 409
        assert user in refused.json()["detail"]
        assert app_client.request("DELETE", user_path, key=key).status_code == 204
    assert app_client.request("DELETE", f"/v1/channels/{id_}", key=key).status_code == 204


def test_a_secret_is_shown_once(app_client: AppClient, key: str) -> None:
    body = {"kind": "webhook", "name": "hook", "config": {"url": "https://example.com/in"}}
    made = app_client.request("POST", "/v1/channels", key=key, body=body).json()
    assert made["secret"].startswith("whsec_")
    listed = app_client.request("GET", "/v1/channels?kind=webhook", key=key)
    assert made["id"] in [row["id"] for row in listed.json()["data"]]
    assert made["secret"] not in listed.text
    assert made["secret"] not in app_client.request("GET", f"/v1/channels/{made['id']}", key=key).text
    bad = {
        "kind": "email",
        "name": "m",
        "config": {"host": "10.0.0.1", "sender": "a@b.c", "recipients": ["d@e.f"]},
    }
    assert app_client.request("POST", "/v1/channels", key=key, body=bad).status_code == 422
    assert (
        app_client.request("POST", "/v1/channels", key=key, body={**body, "kind": "pigeon"}).status_code
        == 422
    )
    app_client.request("DELETE", f"/v1/channels/{made['id']}", key=key)
