from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.records import Record
from verticals.medical.intake import Complaint, Patient, Vitals, from_payload, from_record
from verticals.medical.policy import Decision, ModelOpinion, decide, load

CALM = ModelOpinion({1: 0.01, 2: 0.02, 3: 0.05, 4: 0.12, 5: 0.8}, {"general_practice": 1.0}, "calm")
TEXT = "I would like a check-up"


def level(text: str = TEXT, **patient: object) -> Decision:
    return decide(from_payload({"text": text, **patient}), load(), CALM)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("temperature", {"value": 104, "unit": "°F"}, 40.0),
        ("temperature", 38.5, 38.5),
        ("systolic", {"value": 10.7, "unit": "kPa"}, 80.26),
        ("glucose", {"value": 54, "unit": "mg/dL"}, 2.997),
        ("spo2", {"value": 0.88, "unit": "fraction"}, 88.0),
        ("heart_rate", {"value": 120, "unit": "次/分"}, 120.0),
    ],
)
def test_units_are_converted(name: str, value: object, kept: float) -> None:
    complaint = from_payload({"text": "x", "vitals": {name: value}})

    assert getattr(complaint.vitals, name) == pytest.approx(kept, abs=0.01)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heart_rate", 0),
        ("heart_rate", -1),
        ("temperature", 400),
        ("temperature", 98.6),
        ("spo2", 101),
        ("spo2", 0.9),
        ("systolic", {"value": 12, "unit": "bar"}),
        ("temperature", float("nan")),
        ("glucose", True),
        ("consciousness", "sleepy"),
        ("mood", 3),
    ],
)
def test_an_impossible_value_is_an_error_with_its_pointer(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_payload({"text": "x", "vitals": {name: value}})

    assert caught.value.errors[0].pointer == f"/vitals/{name}"


def test_swapped_pressures_are_an_error() -> None:
    with pytest.raises(InvalidInput, match="swapped"):
        from_payload({"text": "x", "vitals": {"systolic": 70, "diastolic": 120}})


@pytest.mark.parametrize("age", [-1, 131, {"value": 3, "unit": "moons"}, "old"])
def test_an_impossible_age_is_an_error(age: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_payload({"text": "x", "age": age})

    assert caught.value.errors[0].pointer == "/age"


def test_a_record_becomes_a_complaint() -> None:
    record = Record("ward", "e-1", {"chief_complaint": "cough", "age": {"value": 6, "unit": "weeks"}})

    complaint = from_record(record)

    assert complaint.patient.age == pytest.approx(42 / 365.25)
    assert replace(complaint, patient=Patient()) == Complaint("cough", encounter_id="e-1")


@pytest.mark.parametrize(
    ("age", "vitals", "expected"),
    [
        (40, {"heart_rate": 150}, 2),
        (0.3, {"heart_rate": 150}, 5),
        (0.3, {"heart_rate": 75}, 2),
        (40, {"heart_rate": 75}, 5),
        (40, {"spo2": 84}, 1),
        (40, {"spo2": 91}, 2),
        (40, {"respiratory_rate": 40}, 1),
        (0.3, {"respiratory_rate": 40}, 5),
        (40, {"systolic": 78}, 1),
        (0.1, {"temperature": 38.0}, 2),
        (40, {"temperature": 38.0}, 5),
        (40, {"temperature": 34}, 2),
        (40, {"glucose": 2.5}, 1),
        (40, {"consciousness": "confused"}, 2),
        (40, {"consciousness": "unresponsive"}, 1),
        (40, {"heart_rate": 80, "spo2": 98, "temperature": 36.8, "systolic": 120, "respiratory_rate": 16}, 5),
    ],
)
def test_bands(age: float, vitals: dict[str, object], expected: int) -> None:
    assert level(age=age, vitals=vitals, sex="male").level == expected


def test_copd_lowers_the_border_of_oxygen_only_so_far() -> None:
    assert level(age=70, vitals={"spo2": 90}).level == 2
    assert level(age=70, vitals={"spo2": 90}, conditions=["copd"]).level == 5
    assert level(age=70, vitals={"spo2": 87}, conditions=["copd"]).level == 2


def test_blood_pressure_in_pregnancy() -> None:
    vitals = {"systolic": 162, "diastolic": 100}

    assert level(age=30, sex="female", pregnant=True, vitals=vitals).level == 2
    assert level(age=30, sex="female", pregnant=False, vitals=vitals).level == 5
    assert level(age=30, sex="female", vitals=vitals).level == 2


def test_without_an_age_every_band_counts() -> None:
    assert level("check-up", vitals={"heart_rate": 75}).level <= 2
    assert "age" in {question.id for question in level("check-up", vitals={"heart_rate": 75}).ask}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("He is 40 years old. BP 80/50 now", "vital.pressure_low_adult"),
        ("体温41.2，男，40岁", "vital.hot_extreme"),
        ("40yo man, SpO2 88%", "vital.spo2_low"),
        ("I am 40, my HR 150", "vital.pulse_fast_adult"),
        ("40 year old, temp 104.5 F", "vital.hot_high"),
        ("40岁，血压75/40", "vital.pressure_shock_adult"),
        ("40岁，血氧84", "vital.spo2_critical"),
        ("40-year-old, blood sugar 45 mg/dL", "vital.sugar_very_low"),
        ("40 year old man, GCS 7", "vital.unresponsive"),
        ("6 week old baby, temperature 38.4", "vital.fever_young_infant"),
        ("宝宝2个月大，体温38.6", "vital.fever_young_infant"),
        ("宝宝出生45天，腋温38.3", "vital.fever_young_infant"),
        ("出生六周，耳温38.5", "vital.fever_young_infant"),
        ("新生儿28天，腋下量38.3", "vital.fever_young_infant"),
        ("两个月大，烧到三十八度五", "vital.fever_young_infant"),
        ("my two month old, 38.6 in the ear", "vital.fever_young_infant"),
        ("the baby is 45 days, temp under the arm 38.5", "vital.fever_young_infant"),
        ("3wo, rectal 38.4", "vital.fever_young_infant"),
        ("born 10 days ago, 101 under the arm", "vital.fever_young_infant"),
        ("T38.9℃ P132次/分 R28次/分，40岁", "vital.pulse_fast_adult"),
        ("I am 40, my heart is going 180", "vital.pulse_racing_adult"),
        ("40岁，烧到四十度", "vital.hot_high"),
    ],
)
def test_what_the_text_states_counts_and_is_shown(text: str, code: str) -> None:
    reasons = {reason.code: reason for reason in level(text).reasons}

    assert code in reasons
    assert all(0 <= span.start < span.end <= len(text) for span in reasons[code].evidence)
    assert reasons[code].evidence


@pytest.mark.parametrize(
    "text",
    [
        "I bend 90 degrees at the waist, 40 years old",
        "40岁，弯腰90度锻炼",
        "40岁，坐T40次列车来开药",
        "I am 40 and she is 8 weeks pregnant with a cold",
    ],
)
def test_what_is_no_reading_is_not_taken_for_one(text: str) -> None:
    assert not any(reason.code.startswith("vital.") for reason in level(text, age=40, sex="male").reasons)


def test_a_stated_value_never_replaces_a_given_one() -> None:
    stated_calm = level("I am 40, SpO2 98%", vitals={"spo2": 80})
    stated_bad = level("I am 40, SpO2 80%", vitals={"spo2": 98})

    assert stated_calm.level == stated_bad.level == 1


def test_vitals_keep_their_fields() -> None:
    assert from_payload({"text": "x", "vitals": {}}).vitals == Vitals()
