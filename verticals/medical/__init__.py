"""Symptom triage for staff: how urgent, which department, and why."""

from verticals.medical.vertical import vertical

__all__ = ["vertical"]
