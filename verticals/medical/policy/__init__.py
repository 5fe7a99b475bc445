"""What is refused, what counts as an alarm, and how urgent a complaint is."""

from __future__ import annotations

from verticals.medical.policy.decide import decide
from verticals.medical.policy.finding import Decision, ModelOpinion, Question, Reason
from verticals.medical.policy.pack import Pack, load

__all__ = ["Decision", "ModelOpinion", "Pack", "Question", "Reason", "decide", "load"]
