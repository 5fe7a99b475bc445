from __future__ import annotations

from typing import Any

import pytest

from core.testing.served import AppClient, Reply
from core.vertical import Vertical
from verticals.recommend import vertical as recommend

pytest_plugins = ["api.testing"]
BASE = "/v1/recommend"


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return recommend


class TestRoutes:
    @pytest.fixture
    def key(self, app_client: AppClient) -> str:
        key = app_client.key("demo", *recommend.scopes)
        rows = [{"id": f"lamp-{n}", "title": f"Lamp {n}", "price": n} for n in range(5)]
        app_client.request("POST", f"{BASE}/items", key=key, body={"items": rows})
        return key

    def ask(self, app_client: AppClient, key: str, **body: Any) -> Reply:
        return app_client.request("POST", f"{BASE}/recommendations", key=key, body=body)

    def test_an_item_goes_in_out_and_away(self, app_client: AppClient, key: str) -> None:
        path = f"{BASE}/items/台灯-1"
        body = {"title": {"zh": "台灯"}, "stock": 1, "attributes": {"watts": 5, "smart": True}}
        put = app_client.request("PUT", path, key=key, body=body)
        assert put.status_code == 200, put.text
        got = app_client.request("GET", path, key=key).json()
        assert got["title"] == {"zh": "台灯"}
        assert got["attributes"] == {"watts": 5, "smart": True}
        assert app_client.request("DELETE", path, key=key).status_code == 204
        assert app_client.request("GET", path, key=key).status_code == 404

    def test_no_cache_keeps_an_answer_about_a_person(self, app_client: AppClient, key: str) -> None:
        replies = [
            self.ask(app_client, key, user_id="ann"),
            app_client.request("GET", f"{BASE}/trending?user_id=ann", key=key),
            app_client.request("GET", f"{BASE}/items/lamp-1/similar?user_id=ann", key=key),
            app_client.request("GET", f"{BASE}/explain?user_id=ann&item_id=lamp-1", key=key),
            app_client.request(
                "POST", f"{BASE}/rerank", key=key, body={"items": ["lamp-1"], "user_id": "ann"}
            ),
        ]
        for reply in replies:
            assert reply.status_code == 200, reply.text
            assert reply.headers["cache-control"] == "no-store, private"

    def test_filters_stand_in_the_query_too(self, app_client: AppClient, key: str) -> None:
        reply = app_client.request("GET", f"{BASE}/trending?min_price=2&max_price=3", key=key)
        assert {each["item_id"] for each in reply.json()["data"]} == {"lamp-2", "lamp-3"}
        why = app_client.request("GET", f"{BASE}/explain?item_id=lamp-1&min_price=2", key=key).json()
        assert why["removed_by"]["rule"] == "filtered"

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"k": 0}, "/k"),
            ({"k": 101}, "/k"),
            ({"diversity": 1.5}, "/diversity"),
            ({"user_id": ""}, "/user_id"),
            ({"filters": {"colour": "red"}}, "/filters/colour"),
            ({"exclude": ["a b"]}, "/exclude/0"),
        ],
    )
    def test_bad_input_is_named(
        self, app_client: AppClient, key: str, body: dict[str, Any], pointer: str
    ) -> None:
        reply = self.ask(app_client, key, **body)
        assert reply.status_code == 422
        assert pointer in {each["pointer"] for each in reply.json()["errors"]}

    @pytest.mark.parametrize("text", ["a", "👩‍👩‍👧‍👦", "台灯 lamp", "x" * 1000])
    def test_any_query_gets_a_list(self, app_client: AppClient, key: str, text: str) -> None:
        assert len(self.ask(app_client, key, context={"query": text}).json()["data"]) == 5

    def test_too_many_items_at_once(self, app_client: AppClient, key: str) -> None:
        rows = [{"id": str(n), "title": "x"} for n in range(300)]
        assert app_client.request("POST", f"{BASE}/items", key=key, body={"items": rows}).status_code == 413

    def test_a_page_may_send_events_and_nothing_else(self, app_client: AppClient, key: str) -> None:
        page = app_client.key("demo", "recommend:events")
        rows = [{"event_id": "1", "user_id": "ann", "item_id": "lamp-1", "type": "view"}]
        assert (
            app_client.request("POST", f"{BASE}/events", key=page, body={"events": rows}).json()["accepted"]
            == 1
        )
        assert self.ask(app_client, page).status_code == 403

    def test_a_fit_is_a_job(self, app_client: AppClient, key: str) -> None:
        reply = app_client.request("POST", f"{BASE}/fits", key=key, body={"force": True})
        assert reply.status_code == 202
        job = app_client.services.jobs.get("demo", reply.json()["job_id"])
        assert (job.kind, job.payload["force"]) == ("recommend.fit", True)
