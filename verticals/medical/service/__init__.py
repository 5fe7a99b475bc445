"""The use cases of medical."""

from __future__ import annotations

from verticals.medical.service.answer import answer, detail_out, replay_out, review_out
from verticals.medical.service.deidentify import Deidentified, deidentify
from verticals.medical.service.judging import DEFAULT_PACK, Judged
from verticals.medical.service.medical import REPLAY, Medical, build
from verticals.medical.service.opinion import Opinions
from verticals.medical.service.replay import Replay, Replayed
from verticals.medical.service.reviews import Content, Reviews, ReviewView, State, Verdict, place
from verticals.medical.service.seal import Seal
from verticals.medical.service.triage import Triage, Triaged

__all__ = [
    "DEFAULT_PACK",
    "REPLAY",
    "Content",
    "Deidentified",
    "Judged",
    "Medical",
    "Opinions",
    "Replay",
    "Replayed",
    "ReviewView",
    "Reviews",
    "Seal",
    "State",
    "Triage",
    "Triaged",
    "Verdict",
    "answer",
    "build",
    "deidentify",
    "detail_out",
    "place",
    "replay_out",
    "review_out",
]
