"""What belongs to one tenant is to another as if it had never been, on every route."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.testing.served import AppClient
from core.vertical import Vertical
from verticals.finance import vertical as finance
from verticals.finance.service import build

pytest_plugins = ["api.testing"]
SCOPES = ("finance:read", "finance:write", "webhooks:read", "webhooks:write", "connections:read")
BODIES = {
    ("POST", "/v1/finance/alerts/{alert_id}/silence"): {"minutes": 5},
    ("PATCH", "/v1/finance/rules/{rule_id}"): {"severity": "high"},
    ("PATCH", "/v1/finance/subscribers/{subscriber_id}"): {"enabled": False},
}
PREFIXES = ("/v1/finance/", "/v1/channels")
LISTS = ("finance/documents", "finance/rules", "finance/alerts", "finance/subscribers", "finance/companies")
NOBODY = "none_01m0000000000000000000000z"


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return finance


def _make(client: AppClient, key: str, path: str, body: dict[str, Any]) -> str:
    reply = client.request("POST", path, key=key, body=body)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def _alert(client: AppClient, tenant: str, key: str) -> str:
    """Raise an alert about a company of the tenant's own; return its id."""
    document = {
        "source": "wire",
        "external_id": "secret-1",
        "title": "Quillmere Foods cuts its outlook",
        "published_at": datetime.now(UTC).isoformat(),
    }
    sent = client.request("POST", "/v1/finance/documents", key=key, body={"documents": [document]})
    assert sent.json()["accepted"] == 1, sent.text
    service = build(client.services)
    assert service.documents.read(tenant, lambda *_: None) == 1
    assert service.monitor.evaluate(tenant, client.services.clock.now())
    [alert] = client.request("GET", "/v1/finance/alerts?entity=quillmere", key=key).json()["data"]
    return str(alert["id"])


@pytest.fixture(scope="class")
def ids(app_client: AppClient) -> dict[str, str]:
    """Give the tenant `mine` one of everything."""
    key = app_client.key("mine", *SCOPES)
    companies = {"companies": [{"id": "quillmere", "name": "Quillmere Foods", "ticker": "QLMX"}]}
    assert app_client.request("PUT", "/v1/finance/companies", key=key, body=companies).status_code == 200
    hook = {"kind": "webhook", "name": "hook", "config": {"url": "https://hooks.example.com/in"}}
    channel = _make(app_client, key, "/v1/channels", hook)
    rule = {"name": "each", "kind": "threshold", "each": "entity", "measure": "count", "at_least": 1}
    return {
        "channel_id": channel,
        "rule_id": _make(app_client, key, "/v1/finance/rules", {**rule, "channels": [channel]}),
        "subscriber_id": _make(
            app_client, key, "/v1/finance/subscribers", {"name": "desk", "channel_id": channel}
        ),
        "alert_id": _alert(app_client, "mine", key),
        "document_id": app_client.request("GET", "/v1/finance/documents", key=key).json()["data"][0]["id"],
    }


def _neutral(reply: Any, given: dict[str, str]) -> str:
    text = repr({name: value for name, value in reply.json().items() if name != "request_id"})
    for value in given.values():
        text = text.replace(value, "ID")
    return text


class TestAccess:
    @pytest.fixture
    def stranger(self, app_client: AppClient) -> str:
        return app_client.key("theirs", *SCOPES)

    def test_ids_of_another_are_ids_that_never_were(
        self, app_client: AppClient, ids: dict[str, str], stranger: str
    ) -> None:
        paths = app_client.request("GET", "/openapi.json").json()["paths"]
        nobody, seen = dict.fromkeys(ids, NOBODY), set()
        for path in (each for each in paths if each.startswith(PREFIXES) and "{" in each):
            for method in map(str.upper, paths[path]):
                body = BODIES.get((method, path))
                theirs, none = (
                    app_client.request(method, path.format_map(given), key=stranger, body=body)
                    for given in (ids, nobody)
                )
                assert theirs.status_code == none.status_code == 404, (method, path, theirs.text)
                assert _neutral(theirs, ids) == _neutral(none, nobody)
                seen.add((method, path))
        assert seen >= BODIES.keys()
        assert len(seen) >= 12

    def test_none_of_it_was_changed(self, app_client: AppClient, ids: dict[str, str], stranger: str) -> None:
        key = app_client.key("mine", *SCOPES)
        for method, path in (
            ("DELETE", f"/v1/finance/rules/{ids['rule_id']}"),
            ("DELETE", f"/v1/channels/{ids['channel_id']}"),
            ("POST", f"/v1/finance/alerts/{ids['alert_id']}/resolve"),
        ):
            assert app_client.request(method, path, key=stranger).status_code == 404
        found = {
            name: app_client.request("GET", f"/v1/{place}/{ids[name]}", key=key)
            for name, place in (
                ("rule_id", "finance/rules"),
                ("subscriber_id", "finance/subscribers"),
                ("alert_id", "finance/alerts"),
                ("channel_id", "channels"),
                ("document_id", "finance/documents"),
            )
        }
        assert {reply.status_code for reply in found.values()} == {200}
        assert found["alert_id"].json()["state"] == "firing"
        assert found["subscriber_id"].json()["enabled"] is True

    def test_lists_hold_nothing_of_another(
        self, app_client: AppClient, ids: dict[str, str], stranger: str
    ) -> None:
        key = app_client.key("mine", *SCOPES)
        secrets = (*ids.values(), "quillmere", "secret-1", "Quillmere")
        for name in (*LISTS, "channels", "webhook-endpoints"):
            mine, theirs = (app_client.request("GET", f"/v1/{name}", key=each) for each in (key, stranger))
            assert mine.status_code == theirs.status_code == 200, name
            assert any(one in mine.text for one in secrets), f"{name} shows its owner nothing"
            assert not [one for one in secrets if one in theirs.text], name
        for query in ("window=1d", "window=1d&source=wire"):
            mine, theirs = (
                app_client.request("GET", f"/v1/finance/trends?{query}", key=each).json()
                for each in (key, stranger)
            )
            assert sum(window["count"] for window in mine["data"]) == 1
            assert not any(window["reach"] for window in theirs["data"])

    def test_what_is_named_in_a_body_or_a_query_is_ones_own(
        self, app_client: AppClient, ids: dict[str, str], stranger: str
    ) -> None:
        channel, rule = ids["channel_id"], {"name": "r", "kind": "threshold"}
        asked: list[tuple[str, str, Any, dict[str, str]]] = [
            ("POST", "/v1/finance/rules", {**rule, "channels": [channel]}, {"c": channel}),
            ("POST", "/v1/finance/rules", {**rule, "entity": "quillmere"}, {"c": "quillmere"}),
            ("POST", "/v1/finance/subscribers", {"name": "s", "channel_id": channel}, {"c": channel}),
            ("GET", "/v1/finance/trends?entity=quillmere", None, {"c": "quillmere"}),
            ("GET", "/v1/finance/trends?entity=QLMX", None, {"c": "QLMX"}),
            ("GET", "/v1/finance/alerts?entity=quillmere", None, {"c": "quillmere"}),
            ("GET", f"/v1/finance/alerts?rule={ids['rule_id']}", None, {"c": ids["rule_id"]}),
        ]
        for method, path, body, given in asked:
            theirs = app_client.request(method, path, key=stranger, body=body)
            swapped = {"c": "nobodys"}
            none = app_client.request(
                method,
                path.replace(given["c"], swapped["c"]),
                key=stranger,
                body=_swapped(body, given["c"], swapped["c"]),
            )
            assert theirs.status_code == none.status_code == 422, (path, theirs.text)
            assert _neutral(theirs, given) == _neutral(none, swapped)


def _swapped(body: Any, old: str, new: str) -> Any:
    if isinstance(body, dict):
        return {name: _swapped(value, old, new) for name, value in body.items()}
    if isinstance(body, list):
        return [_swapped(value, old, new) for value in body]
    return new if body == old else body
