from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from verticals.medical.intake import RANGES, from_payload
from verticals.medical.schemas import TriageIn, VitalsIn


def test_a_whole_request_becomes_a_complaint() -> None:
    body = {
        "text": "short of breath",
        "lang": "en-GB",
        "age": {"value": 6, "unit": "months"},
        "sex": "female",
        "pregnant": False,
        "conditions": ["COPD"],
        "vitals": {"temperature": {"value": 98.6, "unit": "°F"}, "heart_rate": 90, "consciousness": "A"},
        "answers": {"onset": "sudden", "smokes": None, "pain": 7, "fever": True},
        "encounter_id": "visit-1",
    }
    complaint = from_payload(TriageIn.model_validate(body).model_dump(exclude={"pack"}))
    assert complaint.lang == "en"
    assert complaint.patient.age == pytest.approx(0.5)
    assert complaint.patient.conditions == {"copd"}
    assert complaint.vitals.temperature == pytest.approx(37.0)
    assert complaint.vitals.consciousness == "alert"
    assert complaint.answers == {"onset": "sudden", "smokes": None, "pain": 7, "fever": True}


def test_the_vital_signs_are_those_of_the_rules() -> None:
    assert set(VitalsIn.model_fields) == {*RANGES, "consciousness"}


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "age": True},
        {"text": "a", "age": "34"},
        {"text": "a", "age": float("nan")},
        {"text": "a", "vitals": {"spo2": float("inf")}},
        {"text": "a", "vitals": []},
        {"text": "a", "pregnant": 1},
        {"text": "a", "conditions": "copd"},
        {"text": "a", "answers": {"a": ["b"]}},
        {"text": "a", "answers": {"": True}},
        {"text": "a", "answers": {"a\x00": True}},
        {"text": "a", "lang": "e"},
        {"text": "a", "pack": "../default"},
        {"text": "a", "name": "John"},
        {"text": None},
        {},
    ],
)
def test_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TriageIn.model_validate(body)
