"""The manifest of medical; unfinished, so there is nothing to tie together yet."""

from __future__ import annotations

from core.vertical import Vertical

vertical = Vertical(
    name="medical",
    summary="Symptom triage: how urgent, which department, and why.",
    finished=False,
)
