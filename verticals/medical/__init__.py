"""Symptom triage: how urgent, which department, and why. Not finished: it mounts no route."""

from verticals.medical.vertical import vertical

__all__ = ["vertical"]
