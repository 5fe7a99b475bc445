"""The values of a triage request; frozen, units fixed, None where nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CONSCIOUSNESS = ("alert", "confused", "voice", "pain", "unresponsive")
"""From well to worst: awake, newly confused, answers to voice, answers to pain only, does not answer."""

Answer = bool | str | int | float | None
"""An answer to a must-ask item: yes or no, words, a number, or None for "asked, not known"."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Who it is about.

    Attributes:
        age: Years, with fractions for infants; None where unknown.
        sex: "female", "male" or "other"; None where unknown.
        pregnant: None where unknown, which is not the same as no.
        conditions: Ids of long-term conditions and medicines that rules ask for (copd, anticoagulant …).
    """

    age: float | None = None
    sex: str | None = None
    pregnant: bool | None = None
    conditions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Vitals:
    """Vital signs in fixed units; each None where not measured.

    Attributes:
        heart_rate: Beats a minute.
        respiratory_rate: Breaths a minute.
        systolic: mmHg.
        diastolic: mmHg.
        spo2: Percent.
        temperature: °C.
        glucose: mmol/L.
        consciousness: One of `CONSCIOUSNESS`.
    """

    heart_rate: float | None = None
    respiratory_rate: float | None = None
    systolic: float | None = None
    diastolic: float | None = None
    spo2: float | None = None
    temperature: float | None = None
    glucose: float | None = None
    consciousness: str | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """One triage request.

    Attributes:
        text: What was said, as it came; evidence spans point into it.
        lang: ISO 639-1 code as told by the caller; None to have it detected.
        patient: Who it is about.
        vitals: What was measured.
        answers: Answers to must-ask items by their id.
        encounter_id: The caller's name for the visit.
    """

    text: str
    lang: str | None = None
    patient: Patient = Patient()
    vitals: Vitals = Vitals()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    encounter_id: str | None = None
