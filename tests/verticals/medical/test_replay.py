from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import NotFound, Unavailable
from core.records import Prediction
from tests.verticals.medical.conftest import Parts
from verticals.medical.intake import Complaint, Patient, Vitals
from verticals.medical.recipe import DEPARTMENT, URGENCY
from verticals.medical.service import Verdict
from verticals.medical.tables import ReviewContent

CASES = [
    Complaint("a small graze on the knee", patient=Patient(age=30)),
    Complaint(
        "My name is John Smith. No chest pain but short of breath, my father had a stroke.",
        lang="en",
        patient=Patient(age=0.5, sex="female", pregnant=False, conditions=frozenset({"copd", "asthma"})),
        vitals=Vitals(spo2=91, temperature=38.4, consciousness="alert"),
        answers={"onset": "sudden", "smokes": None, "pain": 7},
    ),
    Complaint("胸口有点闷，出冷汗，半小时了", patient=Patient(age=70)),
]


def test_a_decision_can_be_made_again(parts: Parts) -> None:
    for case in CASES:
        triaged = parts.medical.triage("demo", case)
        again = parts.medical.replay.one("demo", str(triaged.review_id))
        assert again.identical, again.differences
        assert again.same_basis
    assert {model for *_, model in parts.predictor.asked} == {None, "m-1-u", "m-1-d"}


def test_a_fault_of_then_is_a_fault_again(parts: Parts) -> None:
    def fault() -> Prediction:
        raise Unavailable("Still loading.")

    parts.predictor.fault = fault
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)
    parts.predictor.fault = None
    assert parts.medical.replay.one("demo", review_id).identical


def test_a_model_that_is_gone_is_said(parts: Parts) -> None:
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)

    def gone() -> Prediction:
        raise NotFound("No such model.")

    parts.predictor.fault = gone
    again = parts.medical.replay.one("demo", review_id)
    assert not again.same_basis
    assert not again.identical
    assert again.differences[0]["field"] == "models"
    assert again.decision["urgency"] <= 2


def test_another_answer_of_the_same_model_is_seen(parts: Parts) -> None:
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)
    parts.predictor.urgency = "1"
    again = parts.medical.replay.one("demo", review_id)
    assert again.same_basis
    assert "urgency" in {each["field"] for each in again.differences}


def test_a_content_that_was_changed_outside_is_seen(parts: Parts) -> None:
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)

    def tamper(session: object) -> None:
        row = session.get(ReviewContent, ("demo", review_id))  # type: ignore[attr-defined]
        row.input = {**row.input, "text": "a small graze on the chin"}

    parts.services.storage.write("demo", tamper)
    again = parts.medical.replay.one("demo", review_id)
    assert not again.intact
    assert not again.identical


def test_a_person_s_decision_changes_no_replay(parts: Parts) -> None:
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)
    parts.medical.reviews.decide("demo", review_id, Verdict(1, None, "worse than it sounds"), actor="k1")
    assert parts.medical.replay.one("demo", review_id).identical


def test_another_tenant_s_review_is_not_replayed(parts: Parts) -> None:
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)
    with pytest.raises(NotFound):
        parts.medical.replay.one("other", review_id)


def test_all_are_decided_again_on_what_serves_now(parts: Parts) -> None:
    early = parts.clock.now()
    parts.medical.triage("demo", CASES[0], actor="k1")
    parts.clock.move(3600)
    kept = [str(parts.medical.triage("demo", case).review_id) for case in CASES]
    parts.medical.triage("demo", Complaint("erase me", encounter_id="visit-1"))
    parts.medical.reviews.erase("demo", "visit-1", actor="k1")
    parts.medical.triage("other", CASES[0])
    told: list[float] = []
    since = early + timedelta(minutes=1)
    same = parts.medical.replay.all("demo", since, lambda done, line: told.append(done))
    assert (same["reviews"], same["same"]) == (3, 3)
    assert told == sorted(told)
    assert len(told) == 3
    parts.predictor.urgency = "1"
    raised = parts.medical.replay.all("demo", since, lambda done, line: None)
    assert raised["raised"] >= 1
    assert raised["lowered"] == 0
    assert set(raised["ids"]["raised"]) <= set(kept)
    assert parts.medical.replay.all("demo", early, lambda done, line: None)["reviews"] == 4


def test_lowered_and_failed_are_counted(parts: Parts) -> None:
    parts.predictor.urgency = "1"
    review_id = str(parts.medical.triage("demo", CASES[0]).review_id)
    parts.predictor.urgency = "5"
    report = parts.medical.replay.all("demo", parts.clock.now(), lambda done, line: None)
    assert (report["lowered"], report["ids"]["lowered"]) == (1, [review_id])

    def fault() -> Prediction:
        raise Unavailable("Still loading.")

    parts.predictor.fault = fault
    assert parts.medical.replay.all("demo", parts.clock.now(), lambda done, line: None)["model_failed"] == 1


def test_more_reviews_than_a_page(parts: Parts) -> None:
    for _ in range(53):
        parts.medical.triage("demo", CASES[0])
    assert parts.medical.replay.all("demo", parts.clock.now(), lambda done, line: None)["same"] == 53


def test_names_of_the_tasks_are_those_of_the_recipe(parts: Parts) -> None:
    triaged = parts.medical.triage("demo", CASES[0])
    assert set(triaged.judged.models) == {URGENCY.name, DEPARTMENT.name}
