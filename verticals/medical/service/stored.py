"""How a complaint and a decision are written as JSON and read back, and where two decisions differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from verticals.medical.intake import Complaint, Patient, Vitals
from verticals.medical.policy import Decision


def complaint_json(complaint: Complaint) -> dict[str, Any]:
    """Return a de-identified complaint as JSON values."""
    return {
        "text": complaint.text,
        "lang": complaint.lang,
        "patient": {**asdict(complaint.patient), "conditions": sorted(complaint.patient.conditions)},
        "vitals": asdict(complaint.vitals),
        "answers": dict(complaint.answers),
    }


def complaint_of(stored: Mapping[str, Any]) -> Complaint:
    """Return the complaint that was stored."""
    patient = dict(stored["patient"])
    patient["conditions"] = frozenset(patient["conditions"])
    return Complaint(
        text=stored["text"],
        lang=stored["lang"],
        patient=Patient(**patient),
        vitals=Vitals(**stored["vitals"]),
        answers=dict(stored["answers"]),
    )


def decision_json(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON values, evidence as [start, end] in the de-identified text."""
    return {
        "urgency": decision.level,
        "level_name_en": decision.level_name,
        "level_name_zh": decision.level_name_zh,
        "department": decision.department,
        "reasons": [
            {
                "code": reason.code,
                "level": reason.level,
                "text_en": reason.text_en,
                "text_zh": reason.text_zh,
                "evidence": [[span.start, span.end] for span in reason.evidence],
            }
            for reason in decision.reasons
        ],
        "red_flags": list(decision.red_flags),
        "set": list(decision.level_set),
        "abstained": decision.abstained,
        "ask": [asdict(question) for question in decision.ask],
        "review": decision.review,
        "lang": decision.lang,
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what differs between two decisions as `decision_json` gives them: field, then, now."""
    return [
        {"field": name, "then": then.get(name), "now": now.get(name)}
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
