from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import IntegrityFailure, InvalidInput, NotFound, PayloadTooLarge, StorageFull, Unavailable
from core.records import Prediction
from core.storage import audit
from core.storage.tables import OutboxEvent
from tests.verticals.medical.conftest import Parts, hang, services_over, sure
from verticals.medical.intake import Complaint, Patient, Vitals
from verticals.medical.recipe import DEPARTMENT, URGENCIES, URGENCY
from verticals.medical.service import Opinions, Triage, Verdict, answer, build
from verticals.medical.service.seal import Seal

MILD = Complaint(
    "A small graze on my knee from yesterday, it does not hurt.", patient=Patient(age=30, sex="male")
)
GRAVE = Complaint("Crushing chest pain into my left arm for 30 minutes, sweating.", patient=Patient(age=60))


def fails(error: Exception) -> Callable[[], Prediction]:
    def fault() -> Prediction:
        raise error

    return fault


def not_a_number() -> Prediction:
    return Prediction(("5",), math.nan, dict.fromkeys(URGENCIES, math.nan), "m")


FAULTS = {
    "not-found": fails(NotFound("No model serves the task.")),
    "integrity": fails(IntegrityFailure("A byte changed.")),
    "unavailable": fails(Unavailable("Still loading.")),
    "unexpected": fails(RuntimeError("Crushing chest pain")),
    "not-a-number": not_a_number,
    "labels": lambda: sure(("good", "bad"), "good", "m"),
}


def test_both_models_are_asked_once_and_about_the_masked_text(parts: Parts) -> None:
    parts.medical.triage("demo", replace(MILD, text="My name is John Smith, I have a small graze."))
    assert parts.predictor.asked == [
        ((URGENCY.name, DEPARTMENT.name), ("My name is <NAME>, I have a small graze.",), None)
    ]


def test_what_the_rules_find_is_not_lowered_by_the_model(parts: Parts) -> None:
    parts.predictor.urgency = "5"
    assert parts.medical.triage("demo", GRAVE).judged.decision.level <= 2


def test_the_model_may_raise(parts: Parts) -> None:
    calm = parts.medical.triage("demo", MILD).judged.decision.level
    parts.predictor.urgency = "1"
    raised = parts.medical.triage("demo", MILD).judged.decision.level
    assert raised < calm


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_of_the_model_goes_up_and_to_a_person(
    parts: Parts, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    parts.predictor.fault = FAULTS[name]
    triaged = parts.medical.triage("demo", MILD)
    said = answer(triaged)
    assert said.urgency <= 2
    assert said.faults == [name]
    assert said.abstained
    assert said.review
    assert said.model == {}
    review, _ = parts.medical.reviews.get("demo", str(triaged.review_id))
    assert (review.needed, list(review.faults), review.urgency) == (True, [name], said.urgency)
    assert "chest pain" not in caplog.text


def test_a_model_that_hangs_is_not_waited_for(parts: Parts) -> None:
    parts.predictor.fault = hang
    services = parts.services
    seal = Seal(services.settings)
    opinions = Opinions(parts.predictor, patience=0.05, at_once=1)
    triage = Triage(opinions, services.storage, services.settings, services.clock, seal)
    faults = [triage("demo", MILD).judged.fault for _ in range(2)]
    assert faults == ["timeout", "busy"]


@pytest.mark.parametrize("error", [StorageFull("Full."), Unavailable("Busy.")])
def test_a_queue_that_takes_nothing_makes_the_answer_go_up(parts: Parts, error: Exception) -> None:
    class Refusing:
        """Stands where the storage does, on a full disk."""

        def write(self, tenant: str, fn: Callable[..., object]) -> object:
            raise error

    triage = Triage(
        Opinions(parts.predictor),
        Refusing(),  # type: ignore[arg-type]
        parts.services.settings,
        parts.clock,
        Seal(parts.services.settings),
    )
    said = answer(triage("demo", MILD))
    assert said.review_id is None
    assert said.faults == ["review-not-stored"]
    assert said.urgency <= 2
    assert said.abstained


def test_evidence_points_into_the_text_as_it_was_sent(parts: Parts) -> None:
    text = "My name is John Smith, MRN 4471123. Crushing chest pain since 8, call 13812345678. I am sweating."
    said = answer(parts.medical.triage("demo", Complaint(text)))
    shown = [text[e.start : e.end] for reason in said.reasons for e in reason.evidence]
    assert any("chest pain" in each for each in shown), shown


IDENTIFIERS = [
    "My name is John Smith. {}",
    "{} My MRN is 4471123.",
    "{} Call me on 13812345678 or at li@example.com.",
    "I live at 12 Oak Street. {}",
    "我叫张伟，{}",
    "{} 身份证110101199003071234，病历号A1234567。",
]
COMPLAINTS = [
    "No chest pain, but I cannot breathe and my lips are blue.",
    "I have had a runny nose for two days and no fever.",
    "突然右边手脚没力，说话不清楚半小时了。",
    "流鼻涕两天，不发烧。",
]


@pytest.mark.parametrize("complaint", COMPLAINTS)
@pytest.mark.parametrize("around", IDENTIFIERS)
def test_identifiers_change_no_decision(parts: Parts, complaint: str, around: str) -> None:
    plain = parts.medical.triage("demo", Complaint(complaint)).judged.decision
    named = parts.medical.triage("demo", Complaint(around.format(complaint))).judged.decision
    assert (named.level, named.red_flags, named.department) == (
        plain.level,
        plain.red_flags,
        plain.department,
    )
    assert [reason.code for reason in named.reasons] == [reason.code for reason in plain.reasons]


CANARIES = (
    "Zebedee",
    "Quillfeather",
    "4471123",
    "13812345678",
    "canary@example.com",
    "110101199003071234",
    "V-2041-X",
)


def test_nobody_is_named_in_the_database_or_the_log(
    parts: Parts, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (
        "My name is Zebedee Quillfeather, MRN 4471123, phone 13812345678, canary@example.com, "
        "身份证110101199003071234. Chest pain since noon."
    )
    complaint = Complaint(text, answers={"who": "My name is Zebedee"}, encounter_id="V-2041-X")
    for fault in (None, FAULTS["unexpected"]):
        parts.predictor.fault = fault
        review_id = str(parts.medical.triage("demo", complaint, actor="k1").review_id)
        parts.medical.reviews.decide(
            "demo", review_id, Verdict(2, None, "Seen by Dr. Quillfeather, MRN 4471123"), actor="k1"
        )
        parts.medical.replay.one("demo", review_id)
    written = b"".join(path.read_bytes() for path in Path(parts.folder).glob("colonnade.db*"))
    assert b"Chest pain since noon" in written
    out = capfd.readouterr()
    for canary in CANARIES:
        assert canary.encode() not in written
        assert canary not in caplog.text + out.out + out.err


def test_state_event_and_audit_are_written_together(parts: Parts) -> None:
    review_id = parts.medical.triage("demo", GRAVE, actor="k1").review_id
    with parts.services.storage.read("demo") as session:
        [event] = session.scalars(select(OutboxEvent)).all()
        assert event.topic == "medical.review.opened"
        assert event.payload["id"] == review_id
        audit.verify(session)
        assert audit.head(session).sequence == 1


def test_no_row_of_another_tenant_is_seen(parts: Parts) -> None:
    review_id = str(parts.medical.triage("demo", GRAVE).review_id)
    assert parts.medical.reviews.list("other") == []
    with pytest.raises(NotFound):
        parts.medical.reviews.get("other", review_id)


def test_over_the_cap_and_nothing_to_read(parts: Parts) -> None:
    with pytest.raises(PayloadTooLarge) as caught:
        parts.medical.triage("demo", Complaint("a" * 5001))
    assert caught.value.errors[0].pointer == "/text"
    with pytest.raises(InvalidInput, match="nothing to read"):
        parts.medical.triage("demo", Complaint(" \u200b\n"))
    assert parts.predictor.asked == []


def test_an_unknown_pack_is_bad_input(parts: Parts) -> None:
    with pytest.raises(InvalidInput) as caught:
        parts.medical.triage("demo", MILD, pack="nowhere")
    assert caught.value.errors[0].pointer == "/pack"


def test_vitals_reach_the_rules(parts: Parts) -> None:
    calm = parts.medical.triage("demo", MILD).judged.decision.level
    worse = replace(MILD, vitals=Vitals(spo2=82, heart_rate=140, systolic=70))
    assert parts.medical.triage("demo", worse).judged.decision.level < min(calm, 3)


def test_building_reads_no_secret(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    build(services_over(parts.services.storage, parts.predictor, folder, parts.clock))
    assert not folder.exists()
