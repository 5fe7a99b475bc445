"""What a complaint is, and how a REST payload or a connector's Record becomes one; pure."""

from __future__ import annotations

from verticals.medical.intake.complaint import CONSCIOUSNESS, Answer, Complaint, Patient, Vitals
from verticals.medical.intake.payload import from_payload, from_record
from verticals.medical.intake.units import RANGES, measured

__all__ = [
    "CONSCIOUSNESS",
    "RANGES",
    "Answer",
    "Complaint",
    "Patient",
    "Vitals",
    "from_payload",
    "from_record",
    "measured",
]
