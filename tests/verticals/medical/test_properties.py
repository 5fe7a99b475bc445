"""Adding a red flag, worsening a vital sign, or removing information never lowers the level.

Removed is what tells who the patient is and what calms: age, sex, "not pregnant", a condition that excuses a
reading, a normal reading, a denial, a "no". An alarm that is taken away is no information removed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verticals.medical.test_vitals import CALM
from verticals.medical.intake import RANGES, Complaint, Patient, Vitals, from_payload
from verticals.medical.policy import ModelOpinion, Pack, decide, load

CASES = 1_000
FLAGS = (
    ("chest pain and cold sweat", "胸痛，出冷汗"),
    ("face drooping on one side", "嘴歪了"),
    ("coughing up blood", "咳血"),
    ("my lips turned blue", "嘴唇发紫"),
    ("vomiting blood", "吐血"),
    ("sudden blindness", "突然看不见"),
    ("swallowed poison", "喝了农药"),
    ("testicle pain", "睾丸疼"),
    ("a seizure", "抽搐"),
    ("I want to kill myself", "我想自杀"),
)
BASES = (
    *("I have a runny nose", "My knee itches", "I have a mild headache", "I feel tired and cough"),
    *("我感冒流鼻涕", "我膝盖痒", "我有点头疼", "我觉得累，咳嗽"),
)
CALMING = (
    "I have no fever.",
    "No chest pain.",
    "I deny any vomiting.",
    "我没有发烧。",
    "无胸痛。",
    "否认呕吐。",
)

# Each vital sign with the values of a healthy adult: which way is worse on either side of them.
HEALTHY = {
    "heart_rate": (70, 90),
    "respiratory_rate": (13, 18),
    "systolic": (110, 130),
    "diastolic": (60, 80),
    "spo2": (97, 100),
    "temperature": (36.4, 37.2),
    "glucose": (4.5, 7.0),
}
MODELS = st.sampled_from(
    (
        CALM,
        None,
        ModelOpinion({1: 0.0, 2: 0.0, 3: 0.9, 4: 0.1, 5: 0.0}, {}, "m"),
        ModelOpinion({1: 0.1, 2: 0.2, 3: 0.2, 4: 0.2, 5: 0.3}, {}, "m"),
    )
)
AGES = st.one_of(st.none(), st.floats(18, 95))
PATIENTS = st.builds(
    Patient,
    age=AGES,
    sex=st.sampled_from(("female", "male", "other", None)),
    pregnant=st.sampled_from((False, None)),
    conditions=st.sampled_from((frozenset(), frozenset({"copd"}))),
)


def _any_vital(name: str) -> st.SearchStrategy[float | None]:
    return st.one_of(st.none(), st.floats(*RANGES[name]))


VITALS = st.builds(
    Vitals,
    **{name: _any_vital(name) for name in RANGES},
    consciousness=st.sampled_from((None, "alert", "confused", "unresponsive")),
)
COMPLAINTS = st.builds(Complaint, text=st.sampled_from(BASES), patient=PATIENTS, vitals=VITALS)


def level(complaint: Complaint, model: ModelOpinion | None = CALM, pack: Pack | None = None) -> int:
    return decide(complaint, pack or load(), model).level


def check_added_flag(complaint: Complaint, flag: str, model: ModelOpinion | None, pack: Pack) -> None:
    """A red flag more is never a lower level, and always the emergency department."""
    for text in (f"{complaint.text}. {flag}", f"{flag}. {complaint.text}"):
        after = level(replace(complaint, text=text), model, pack)
        assert after <= min(2, level(complaint, model, pack)), text


def check_worse_vital(
    complaint: Complaint, name: str, share: float, model: ModelOpinion | None, pack: Pack
) -> None:
    """A reading farther from healthy is never a lower level; an extreme one is always an alarm."""
    low, high = HEALTHY[name]
    value = getattr(complaint.vitals, name)
    value = value if value is not None else (low + high) / 2
    bottom, top = RANGES[name]
    ends = [top] if value > high else [bottom] if value < low else [bottom, top]
    for end in ends:
        worse = replace(complaint, vitals=replace(complaint.vitals, **{name: value + (end - value) * share}))
        assert level(worse, model, pack) <= level(complaint, model, pack)
    extreme = {"spo2": 50.0, "systolic": 40.0, "heart_rate": 250.0, "temperature": 43.0, "glucose": 0.5}
    if name in extreme:
        alarm = replace(complaint, vitals=Vitals(**{name: extreme[name]}))
        assert level(alarm, CALM, pack) <= (2 if name == "heart_rate" else 1)


_ELSEWHERE = {
    "glucose": ("mg/dL", lambda value: value * 18.0156),
    "temperature": ("°F", lambda value: value * 9 / 5 + 32),
    "systolic": ("kPa", lambda value: value / 7.50062),
}


def check_units(name: str, value: float, pack: Pack) -> None:
    """The same reading in another unit is the same level."""
    unit, convert = _ELSEWHERE[name]
    base = {"text": BASES[0], "age": 40, "sex": "male"}
    here = from_payload({**base, "vitals": {name: value}})
    there = from_payload({**base, "vitals": {name: {"value": convert(value), "unit": unit}}})
    assert level(here, CALM, pack) == level(there, CALM, pack)


def check_removed(complaint: Complaint, what: str, model: ModelOpinion | None, pack: Pack) -> None:
    """Less that is known of who it is, or less that calms, is never a lower level."""
    assert level(without(complaint, what), model, pack) <= level(complaint, model, pack)


def without(complaint: Complaint, what: str) -> Complaint:
    """The complaint without one piece of information."""
    gone: dict[str, Any] = {"age": None, "sex": None, "pregnant": None, "conditions": frozenset()}
    if what in gone:
        return replace(complaint, patient=replace(complaint.patient, **{what: gone[what]}))
    if what == "answers":
        return replace(complaint, answers={})
    if what == "healthy":
        calm = {
            name: None
            for name, (low, high) in HEALTHY.items()
            if (value := getattr(complaint.vitals, name)) is not None and low <= value <= high
        }
        return replace(complaint, vitals=replace(complaint.vitals, **calm))
    return replace(complaint, text=complaint.text.partition("\n")[2])


_many = settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@_many
@given(COMPLAINTS, st.sampled_from([text for pair in FLAGS for text in pair]), MODELS)
def test_adding_a_red_flag_never_lowers(complaint: Complaint, flag: str, model: ModelOpinion | None) -> None:
    check_added_flag(complaint, flag, model, load())


@pytest.mark.slow
@_many
@given(COMPLAINTS, st.sampled_from(sorted(HEALTHY)), st.floats(0, 1), MODELS)
def test_worsening_a_vital_never_lowers(
    complaint: Complaint, name: str, share: float, model: ModelOpinion | None
) -> None:
    check_worse_vital(complaint, name, share, model, load())


ANSWERS = st.dictionaries(
    st.sampled_from(("headache_sudden", "headache_fever", "headache_weakness", "chest_faint")), st.just(False)
)


@pytest.mark.slow
@_many
@given(
    st.builds(
        lambda complaint, calming, answers: replace(
            complaint, text=f"{calming}\n{complaint.text}", answers=answers
        ),
        COMPLAINTS,
        st.sampled_from(CALMING),
        ANSWERS,
    ),
    st.sampled_from(("age", "sex", "pregnant", "conditions", "answers", "healthy", "denial")),
    MODELS,
)
def test_removing_information_never_lowers(
    complaint: Complaint, what: str, model: ModelOpinion | None
) -> None:
    check_removed(complaint, what, model, load())


@pytest.mark.slow
@_many
@given(
    st.sampled_from((("glucose", 1.0, 40.0), ("temperature", 33.0, 43.0), ("systolic", 50.0, 240.0))),
    st.floats(0, 1),
)
def test_a_unit_changes_nothing(vital: tuple[str, float, float], share: float) -> None:
    name, low, high = vital
    value = round(low + (high - low) * share, 2)
    # Nobody measures the border itself to the last bit: conversion may round to either side of it.
    check_units(name, value + 0.0013, load())
