from __future__ import annotations

from typing import Any, ClassVar

import pytest

from core.testing.served import AppClient
from core.vertical import Vertical
from verticals.finance import vertical as finance

pytest_plugins = ["api.testing"]
PATH = "/v1/finance/analyze"


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return finance


class TestAnalyze:
    @pytest.fixture
    def key(self, app_client: AppClient) -> str:
        return app_client.key("demo", "finance:read")

    def test_answers_stand_in_the_order_of_the_texts(self, app_client: AppClient, key: str) -> None:
        texts = [
            {"text": f"净利润增长{n}%" if n % 2 else f"The profit of the group rose {n}%"} for n in range(40)
        ]
        reply = app_client.request("POST", PATH, key=key, body={"texts": texts})
        together = reply.json()["data"]
        assert [answer["lang"] for answer in together] == ["en", "zh"] * 20
        alone = app_client.request("POST", PATH, key=key, body={"texts": [texts[7]]}).json()["data"]
        assert alone == [together[7]]
        assert together[7] != together[9]

    def test_the_zone_that_was_sent_comes_back(self, app_client: AppClient, key: str) -> None:
        texts = [{"text": "a b", "published_at": "2026-11-20T09:31:00+08:00"}]
        [answer] = app_client.request("POST", PATH, key=key, body={"texts": texts}).json()["data"]
        assert answer["published_at"] == "2026-11-20T09:31:00+08:00"

    @pytest.mark.parametrize(
        ("text", "pointer"),
        [
            ({"text": "a", "published_at": "2026-11-20T09:31:00"}, "/texts/1/published_at"),
            ({"text": "a", "published_at": "0001-01-01T00:00:00"}, "/texts/1/published_at"),
            ({"text": "a", "colour": "red"}, "/texts/1/colour"),
            ({"text": "\u200b"}, "/texts/1/text"),
            ({"text": "a\u0000"}, "/texts/1/text"),
        ],
    )
    def test_faults_are_pointed_at(
        self, app_client: AppClient, key: str, text: dict[str, Any], pointer: str
    ) -> None:
        reply = app_client.request("POST", PATH, key=key, body={"texts": [{"text": "fine"}, text]})
        assert reply.status_code == 422
        assert pointer in [error["pointer"] for error in reply.json()["errors"]]

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    def test_the_ends_of_time(self, app_client: AppClient, key: str, moment: str) -> None:
        body = {"texts": [{"text": "a", "published_at": moment}]}
        assert app_client.request("POST", PATH, key=key, body=body).status_code in {200, 422}

    def test_over_the_caps(self, app_client: AppClient, key: str) -> None:
        caps = app_client.services.settings
        many = {"texts": [{"text": "a"}] * (caps.max_batch + 1)}
        long = {"texts": [{"text": "a" * (caps.max_text_chars + 1)}]}
        assert [app_client.request("POST", PATH, key=key, body=b).status_code for b in (many, long)] == [
            413,
            413,
        ]


class TestDocuments:
    @pytest.fixture
    def key(self, app_client: AppClient) -> str:
        return app_client.key("demo", "finance:read", "finance:write")

    def test_a_bad_row_is_told_and_the_others_are_taken(self, app_client: AppClient, key: str) -> None:
        good = {"source": "wire", "external_id": "1", "title": "Orvane cuts outlook"}
        rows = [good, {"source": "wire"}, {**good, "external_id": "2", "published_at": "2026-11-20"}, good]
        reply = app_client.request("POST", "/v1/finance/documents", key=key, body={"documents": rows})
        assert reply.status_code == 202
        answer = reply.json()
        said = [(row["status"], row["pointer"]) for row in answer["data"]]
        assert said[0] == ("accepted", None)
        assert said[1] == ("rejected", "/documents/1/external_id")
        assert said[2] == ("rejected", "/documents/2/published_at")
        assert said[3] == ("duplicate", None)
        assert (answer["accepted"], answer["duplicate"], answer["rejected"]) == (1, 1, 2)
        assert answer["job_id"]
        listed = app_client.request("GET", "/v1/finance/documents", key=key).json()["data"]
        assert [row["text"] for row in listed] == ["Orvane cuts outlook"]

    @pytest.mark.parametrize(
        ("field", "value", "mend"),
        [
            ("published_at", "0001-01-01T00:00:00Z", "1900 to 2199"),
            ("revised_at", "2200-01-01T00:00:00Z", "1900 to 2199"),
            ("published_at", "2026-11-20T09:31:00", "such as 2026-11-20T09:31:00+08:00"),
            ("published_at", "2026-11-20", "such as 2026-11-20T09:31:00+08:00"),
            ("title", " ", "Give it one of"),
        ],
    )
    def test_the_reason_names_the_place_and_the_mend(
        self, app_client: AppClient, key: str, field: str, value: str, mend: str
    ) -> None:
        row = {"source": "wire", "external_id": "odd", "title": "Orvane cuts outlook", field: value}
        reply = app_client.request("POST", "/v1/finance/documents", key=key, body={"documents": [row]})
        [said] = reply.json()["data"]
        place = "text" if field == "title" else field
        assert (said["status"], said["pointer"]) == ("rejected", f"/documents/0/{place}")
        assert mend in said["reason"]
        assert not said["reason"].startswith("Value error")


class TestCompanies:
    URL = "/v1/finance/companies"
    ROW: ClassVar[dict[str, Any]] = {"id": "halsted", "name": "Halsted Robotics", "aliases": ["Halsted"]}

    def test_what_is_put_is_listed_and_found_in_texts(self, app_client: AppClient) -> None:
        key = app_client.key("demo", "finance:read", "finance:write")
        reply = app_client.request("PUT", self.URL, key=key, body={"companies": [self.ROW]})
        assert (reply.status_code, reply.json()) == (200, {"stored": 1})
        listed = app_client.request("GET", self.URL, key=key).json()["data"]
        assert [(row["id"], row["aliases"]) for row in listed if row["id"] == "halsted"] == [
            ("halsted", ["Halsted"])
        ]
        body = {"texts": [{"text": "Halsted wins"}]}
        [said] = app_client.request("POST", PATH, key=key, body=body).json()["data"]
        assert [(each["id"], each["evidence"]) for each in said["entities"]] == [
            ("halsted", [{"start": 0, "end": 7}])
        ]

    def test_an_id_comes_once(self, app_client: AppClient) -> None:
        key = app_client.key("demo", "finance:write")
        rows = [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "a", "name": "Other"}]
        reply = app_client.request("PUT", self.URL, key=key, body={"companies": rows})
        assert reply.status_code == 422
        assert [error["pointer"] for error in reply.json()["errors"]] == ["/companies/2/id"]

    @pytest.mark.parametrize(
        ("row", "pointer"),
        [
            ({"id": "a b", "name": "x"}, "/companies/0/id"),
            ({"id": "a", "name": ""}, "/companies/0/name"),
            ({"id": "a", "name": " "}, "/companies/0/name"),
            ({"id": "a", "name": "x", "colour": "red"}, "/companies/0/colour"),
            ({"id": "a", "name": "x", "aliases": ["y" * 201]}, "/companies/0/aliases/0"),
        ],
    )
    def test_bad_rows_are_told_by_pointer(
        self, app_client: AppClient, row: dict[str, Any], pointer: str
    ) -> None:
        key = app_client.key("demo", "finance:write")
        reply = app_client.request("PUT", self.URL, key=key, body={"companies": [row]})
        assert reply.status_code == 422
        assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]
