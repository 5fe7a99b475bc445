from __future__ import annotations

from typing import Any

import pytest

from core.testing.served import AppClient
from core.vertical import Vertical
from verticals.medical import vertical as medical

pytest_plugins = ["api.testing"]
TRIAGE = "/v1/medical/triage"
REVIEWS = "/v1/medical/reviews"


@pytest.fixture(scope="module")
def vertical() -> Vertical:
    return medical


class TestTriage:
    @pytest.fixture
    def key(self, app_client: AppClient) -> str:
        return app_client.key("demo", *medical.scopes)

    def triage(self, app_client: AppClient, key: str, **body: Any) -> dict[str, Any]:
        reply = app_client.request("POST", TRIAGE, key=key, body={"text": "Chest pain and sweating.", **body})
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def test_an_answer_keeps_the_contract(self, app_client: AppClient, key: str) -> None:
        said = self.triage(app_client, key, age=67, vitals={"spo2": 84, "heart_rate": 140})
        assert said["urgency"] in said["set"] == sorted(said["set"])
        assert said["urgency"] <= 2
        assert {"name", "version", "sha256"} == said["pack"].keys()
        assert len(said["pack"]["sha256"]) == 64
        assert said["model"] == {"medical.urgency": "fixed", "medical.department": "fixed"}
        assert "not a diagnosis" in said["notice"]
        levels = [reason["level"] for reason in said["reasons"]]
        assert levels == sorted(levels)
        assert any(reason["code"].startswith("vital.") for reason in said["reasons"])

    def test_reasons_speak_the_language_of_the_text(self, app_client: AppClient, key: str) -> None:
        for text, lang in (
            ("突然胸痛，大汗淋漓，喘不过气。", "zh"),
            ("Sudden chest pain, drenched in sweat.", "en"),
        ):
            said = self.triage(app_client, key, text=text)
            assert said["lang"] == lang
            assert said["level_name"] == said[f"level_name_{lang}"]
            assert all(reason["text"] == reason[f"text_{lang}"] for reason in said["reasons"])
            for reason in said["reasons"]:
                for place in reason["evidence"]:
                    assert 0 <= place["start"] < place["end"] <= len(text)

    @pytest.mark.parametrize("lang", ["sw", "xx", "tlh"])
    def test_an_unknown_language_goes_up(self, app_client: AppClient, key: str, lang: str) -> None:
        said = self.triage(app_client, key, text="Kichwa kinauma kidogo tangu jana.", lang=lang)
        assert said["urgency"] <= 2
        assert said["abstained"]

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"vitals": {"heart_rate": 0}}, "/vitals/heart_rate"),
            ({"vitals": {"spo2": 120}}, "/vitals/spo2"),
            ({"vitals": {"temperature": -1}}, "/vitals/temperature"),
            ({"vitals": {"temperature": {"value": 37, "unit": "°F"}}}, "/vitals/temperature"),
            ({"vitals": {"systolic": {"value": 120, "unit": "bananas"}}}, "/vitals/systolic"),
            ({"vitals": {"mood": 3}}, "/vitals/mood"),
            ({"vitals": {"heart_rate": True}}, "/vitals/heart_rate"),
            ({"vitals": {"heart_rate": "90"}}, "/vitals/heart_rate"),
            ({"vitals": {"consciousness": "sparkling"}}, "/vitals/consciousness"),
            ({"age": -1}, "/age"),
            ({"age": 400}, "/age"),
            ({"age": {"value": 3, "unit": "moons"}}, "/age"),
            ({"sex": "x"}, "/sex"),
            ({"pregnant": "yes"}, "/pregnant"),
            ({"text": ""}, "/text"),
            ({"text": "\u200b "}, "/text"),
            ({"text": "a\u0000"}, "/text"),
            ({"lang": "English"}, "/lang"),
            ({"pack": "nowhere"}, "/pack"),
            ({"diagnosis": "flu"}, "/diagnosis"),
            ({"encounter_id": ""}, "/encounter_id"),
        ],
    )
    def test_faults_are_pointed_at(
        self, app_client: AppClient, key: str, body: dict[str, Any], pointer: str
    ) -> None:
        reply = app_client.request("POST", TRIAGE, key=key, body={"text": "Chest pain", **body})
        assert reply.status_code == 422, reply.text
        assert any(error["pointer"].startswith(pointer) for error in reply.json()["errors"]), reply.text

    def test_over_the_cap(self, app_client: AppClient, key: str) -> None:
        long = {"text": "a" * (app_client.services.settings.max_text_chars + 1)}
        assert app_client.request("POST", TRIAGE, key=key, body=long).status_code == 413

    def test_long_and_short_and_strange_texts(self, app_client: AppClient, key: str) -> None:
        calm = "I have had this for a while. " * 3000
        said = self.triage(app_client, key, text=calm + "My father says it is nothing. I cannot breathe.")
        assert said["urgency"] <= 2
        for text in ("?", "🤒", "痛", "chest 痛 bad 不行了", "\u202e niap tsehc"):
            assert self.triage(app_client, key, text=text)["review_id"]

    def test_the_way_of_a_case(self, app_client: AppClient, key: str) -> None:
        text = "My name is John Smith. Crushing chest pain, sweating, cannot breathe."
        made = self.triage(app_client, key, text=text, encounter_id="visit-9")
        path = f"{REVIEWS}/{made['review_id']}"
        one = app_client.request("GET", path, key=key).json()
        assert one["input"]["text"].startswith("My name is <NAME>. Crushing")
        assert "visit-9" not in str(one)
        assert app_client.request("GET", f"{path}/replay", key=key).json()["identical"]
        verdict = {"urgency": made["urgency"], "comment": "agreed"}
        done = app_client.request("POST", f"{path}/decision", key=key, body=verdict)
        assert done.json()["state"] == "confirmed"
        assert done.json()["decided"]["at"].endswith("Z")
        assert app_client.request("POST", f"{path}/decision", key=key, body=verdict).status_code == 409
        confirmed = app_client.request("GET", f"{REVIEWS}?state=confirmed", key=key).json()["data"]
        assert made["review_id"] in [row["id"] for row in confirmed]

    def test_pages_follow_each_other(self, app_client: AppClient, key: str) -> None:
        for number in range(5):
            self.triage(app_client, key, text=f"A small graze on the knee, number {number}.")
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = f"?limit=2{f'&cursor={cursor}' if cursor else ''}"
            page = app_client.request("GET", REVIEWS + query, key=key).json()
            seen += [row["id"] for row in page["data"]]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) >= 5
        for bad in ("nonsense", "YQ", "OTk5OTk6YQ"):
            assert app_client.request("GET", f"{REVIEWS}?cursor={bad}", key=key).status_code == 422

    @pytest.mark.parametrize(
        "verdict", [{}, {"urgency": 0}, {"urgency": 6}, {"urgency": "1"}, {"urgency": True}]
    )
    def test_no_verdict(self, app_client: AppClient, key: str, verdict: dict[str, Any]) -> None:
        path = f"{REVIEWS}/{self.triage(app_client, key)['review_id']}/decision"
        assert app_client.request("POST", path, key=key, body=verdict).status_code == 422

    def test_ids_of_others_and_of_nobody(self, app_client: AppClient, key: str) -> None:
        stranger = app_client.key("other", *medical.scopes)
        made = self.triage(app_client, key)["review_id"]
        for review_id in (made, "no-such-id"):
            for method, tail, body in (
                ("GET", "", None),
                ("GET", "/replay", None),
                ("POST", "/decision", {"urgency": 1}),
            ):
                path = f"{REVIEWS}/{review_id}{tail}"
                assert app_client.request(method, path, key=stranger, body=body).status_code == 404

    def test_a_key_for_triage_reads_no_case(self, app_client: AppClient, key: str) -> None:
        narrow = app_client.key("demo", "medical:triage")
        made = self.triage(app_client, narrow)["review_id"]
        for method, path, body in (
            ("GET", REVIEWS, None),
            ("GET", f"{REVIEWS}/{made}", None),
            ("POST", f"{REVIEWS}/{made}/decision", {"urgency": 1}),
            ("POST", "/v1/medical/replays", {"since": "2026-01-01T00:00:00Z"}),
        ):
            assert app_client.request(method, path, key=narrow, body=body).status_code == 403

    def test_replays_are_queued(self, app_client: AppClient, key: str) -> None:
        body = {"since": "2026-01-01T00:00:00+08:00"}
        reply = app_client.request("POST", "/v1/medical/replays", key=key, body=body)
        assert reply.status_code == 202
        job = app_client.services.jobs.get("demo", reply.json()["job_id"])
        assert (job.kind, job.state) == ("medical.replay", "queued")
        for since in ("2026-01-01T00:00:00", "yesterday", 1767225600, None):
            bad = app_client.request("POST", "/v1/medical/replays", key=key, body={"since": since})
            assert bad.status_code == 422
