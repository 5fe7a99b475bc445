"""The manifest that ties medical together; importing it loads neither a model nor a web framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.vertical import Access, RestExample, Services, Vertical
from verticals.medical.jobs import replay
from verticals.medical.recipe import DEPARTMENT, URGENCY
from verticals.medical.service import REPLAY, Medical, build

_TRIAGE = "/v1/medical/triage"
_ANSWER = (
    "urgency",
    "level_name",
    "department",
    "reasons",
    "red_flags",
    "set",
    "abstained",
    "ask",
    "review_id",
)


def _router(service: Medical, access: Access) -> Any:
    from verticals.medical.routes import router

    return router(service, access)


def _commands(services: Callable[[], Services]) -> Any:
    from verticals.medical.commands import commands

    return commands(services)


# Nothing is seeded: an invented patient in the review queue of a new tenant would be taken for a real one.
vertical = Vertical(
    name="medical",
    summary="Symptom triage for staff: how urgent, which department, and why, in English and Chinese.",
    finished=True,
    tasks=(URGENCY, DEPARTMENT),
    scopes=("medical:triage", "medical:read", "medical:review"),
    build=build,
    router=_router,
    commands=_commands,
    jobs={REPLAY: replay},
    migrations=Path(__file__).parent / "migrations",
    examples=(
        RestExample(
            method="POST",
            path=_TRIAGE,
            scope="medical:triage",
            body={
                "text": "No chest pain, but since this morning short of breath at rest and sweating.",
                "age": 67,
                "sex": "female",
                "vitals": {
                    "heart_rate": 118,
                    "spo2": 90,
                    "systolic": 98,
                    "diastolic": 60,
                    "temperature": 37.1,
                },
            },
            expect=_ANSWER,
            shown=True,
        ),
        RestExample(
            method="POST",
            path=_TRIAGE,
            scope="medical:triage",
            body={
                "text": "孩子发热两天，体温38.2℃，精神好，能喝水，无皮疹，无抽搐。",
                "age": 4,
                "lang": "zh",
            },
            expect=_ANSWER,
            shown=True,
        ),
        RestExample(
            method="POST",
            path=_TRIAGE,
            scope="medical:triage",
            body={
                "text": "Dizzy since yesterday.",
                "lang": "en-GB",
                "age": {"value": 30, "unit": "years"},
                "pregnant": False,
                "conditions": ["asthma"],
                "vitals": {"temperature": {"value": 98.6, "unit": "°F"}, "consciousness": "alert"},
                "answers": {"onset": "sudden"},
                "encounter_id": "visit-1",
                "pack": "default",
            },
            expect=_ANSWER,
        ),
        RestExample(
            method="POST",
            path="/v1/medical/replays",
            scope="medical:review",
            body={"since": "2026-01-01T00:00:00Z"},
            expect=("job_id",),
        ),
        RestExample(method="GET", path="/v1/medical/reviews", scope="medical:read", expect=("data",)),
    ),
)
