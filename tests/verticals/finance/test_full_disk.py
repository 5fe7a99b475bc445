"""A full disk: what is sent is refused with 507 and nothing is lost; reading goes on, and it recovers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import StorageFull
from core.storage.engine import Storage
from core.testing.served import AppClient
from core.vertical import Vertical
from tests.verticals.finance.alert_desk import story
from verticals.finance import vertical as finance
from verticals.finance.service import build

pytest_plugins = ["api.testing"]
DOCUMENTS = "/v1/finance/documents"
_PLENTY = 1_000_000


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return finance


def _limit(storage: Storage, pages: int) -> None:
    """Let the database grow to so many pages; 1 is for SQLite "no more than there are"."""
    with storage._writers.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.set_authorizer(None)
        raw.execute(f"PRAGMA max_page_count={pages}")


class TestFullDisk:
    @pytest.fixture
    def key(self, app_client: AppClient) -> str:
        return app_client.key("demo", "finance:read", "finance:write")

    @pytest.fixture
    def room(self, app_client: AppClient) -> Iterator[Storage]:
        storage = app_client.services.storage
        yield storage
        _limit(storage, _PLENTY)

    def send(self, client: AppClient, key: str, first: int, count: int) -> Any:
        now = datetime.now(UTC)
        rows = [
            {
                "source": "wire",
                "external_id": str(number),
                "text": story(number, now).story.text + " and more of it" * 40,
                "published_at": now.isoformat(),
            }
            for number in range(first, first + count)
        ]
        return client.request("POST", DOCUMENTS, key=key, body={"documents": rows})

    def counted(self, client: AppClient, key: str) -> int:
        reply = client.request("GET", "/v1/finance/trends?window=1d", key=key)
        assert reply.status_code == 200, reply.text
        return sum(window["count"] for window in reply.json()["data"])

    def test_what_is_sent_is_refused_and_can_be_sent_again(
        self, app_client: AppClient, key: str, room: Storage
    ) -> None:
        documents = build(app_client.services).documents
        assert self.send(app_client, key, 0, 3).status_code == 202
        assert documents.read("demo", lambda *_: None) == 3
        assert self.counted(app_client, key) == 3

        _limit(room, 1)
        for _ in range(2):
            reply = self.send(app_client, key, 100, 150)
            assert reply.status_code == 507, reply.text
            assert "nothing was changed" in reply.json()["detail"]
            assert self.counted(app_client, key) == 3
            listed = app_client.request("GET", DOCUMENTS, key=key).json()["data"]
            assert {row["external_id"] for row in listed} == {"0", "1", "2"}
            _limit(room, 1)  # the connection that failed was replaced

        _limit(room, _PLENTY)
        reply = self.send(app_client, key, 100, 150)
        assert (reply.status_code, reply.json()["accepted"]) == (202, 150), "a refused row is no duplicate"
        assert documents.read("demo", lambda *_: None) == 150
        assert self.counted(app_client, key) == 153

    def test_what_is_read_meanwhile_is_read_when_there_is_room(
        self, app_client: AppClient, key: str, room: Storage
    ) -> None:
        before = self.counted(app_client, key)
        documents = build(app_client.services).documents
        assert self.send(app_client, key, 1000, 200).status_code == 202
        _limit(room, 1)
        with pytest.raises(StorageFull):
            documents.read("demo", lambda *_: None)
        _limit(room, _PLENTY)
        documents.read("demo", lambda *_: None)
        assert self.counted(app_client, key) == before + 200
