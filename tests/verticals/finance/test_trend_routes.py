from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from core.testing.served import AppClient
from core.vertical import Vertical
from verticals.finance import vertical as finance
from verticals.finance.service import build

pytest_plugins = ["api.testing"]
PATH = "/v1/finance/trends"


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return finance


class TestTrends:
    @pytest.fixture
    def key(self, app_client: AppClient) -> str:
        return app_client.key("demo", "finance:read", "finance:write")

    def get(self, client: AppClient, key: str, **query: Any) -> Any:
        return client.request("GET", f"{PATH}?{urlencode(query)}", key=key)

    def test_a_document_comes_out_as_a_trend(self, app_client: AppClient, key: str) -> None:
        moment = datetime.now(UTC) - timedelta(hours=3)
        rows = [
            {"source": "wire", "external_id": str(n), "title": title, "published_at": moment.isoformat()}
            for n, title in enumerate(("Orvane Foods cuts its outlook", "Tarn Lithium wins a supply deal"))
        ]
        sent = app_client.request("POST", "/v1/finance/documents", key=key, body={"documents": rows})
        assert sent.status_code == 202
        assert build(app_client.services).documents.read("demo", lambda *_: None) == 2
        body = self.get(app_client, key, window="15m", **{"from": moment.isoformat()}).json()
        assert set(body) == {"data", "window", "as_of"}
        assert set(body["data"][0]) >= {
            "start",
            "end",
            "count",
            "negative",
            "negative_share",
            "reach",
            "final",
        }
        assert (body["data"][0]["count"], body["data"][0]["reach"]) == (2, 2)
        past = self.get(app_client, key, window="1d", as_of="2026-01-01T00:00:00Z").json()
        assert not any(window["count"] for window in past["data"])

    def test_a_backfill_is_marked(self, app_client: AppClient, key: str) -> None:
        row = {"source": "old", "external_id": "1", "title": "Brackwell idles a furnace"}
        body = {"documents": [row], "live": False}
        assert app_client.request("POST", "/v1/finance/documents", key=key, body=body).status_code == 202
        [listed] = [
            each
            for each in app_client.request("GET", "/v1/finance/documents", key=key).json()["data"]
            if each["source"] == "old"
        ]
        assert (listed["live"], listed["dated"], listed["counted_at"]) == (False, "unknown", None)

    def test_a_zone_whose_plus_was_not_escaped(self, app_client: AppClient, key: str) -> None:
        path = f"{PATH}?from=2026-11-01T00:00:00+08:00&to=2026-11-02T00:00:00+08:00&window=1h"
        body = app_client.request("GET", path, key=key).json()
        assert [body["data"][0]["start"], len(body["data"])] == ["2026-10-31T16:00:00Z", 24]

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ({"window": "2h"}, "query:window"),
            ({"from": "2026-11-02T00:00:00Z", "to": "2026-11-02T00:00:00Z"}, "query:from"),
            ({"from": "2020-01-01T00:00:00Z", "window": "15m"}, "query:window"),
            ({"from": "2026-11-02"}, "query:from"),
            ({"from": "1763767000"}, "query:from"),
            ({"from": "0001-01-01T00:00:00+14:00"}, "query:from"),
            ({"to": "9999-12-31T23:59:59-12:00"}, "query:to"),
            ({"to": "0001-01-01T00:00:00Z"}, "query:to"),
            ({"as_of": "yesterday"}, "query:as_of"),
            ({"entity": "no such company"}, "query:entity"),
            ({"topic": "x" * 61}, "query:topic"),
            ({"topic": "nonsense"}, "query:topic"),
            ({"topic": "Earnings"}, "query:topic"),
        ],
    )
    def test_faults_are_pointed_at(
        self, app_client: AppClient, key: str, query: dict[str, str], pointer: str
    ) -> None:
        reply = self.get(app_client, key, **query)
        assert reply.status_code == 422, reply.text
        assert pointer in [error["pointer"] for error in reply.json()["errors"]]

    def test_the_stream_wants_a_key_and_an_id_of_ours(self, app_client: AppClient, key: str) -> None:
        assert app_client.request("GET", "/v1/finance/stream").status_code == 401
        other = app_client.key("demo", "finance:write")
        assert app_client.request("GET", "/v1/finance/stream", key=other).status_code == 403
