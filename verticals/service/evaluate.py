"""How well service does on its golden cases: intents by trap and language, answers by what they cite."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.records import Answer, Citation
from verticals.service.recipe import DATA, OUT_OF_SCOPE

IN_SCOPE_FLOOR, OUT_OF_SCOPE_FLOOR = 0.62, 0.70
"""What a starter must reach on the golden intents before it may serve."""


@dataclass(frozen=True, slots=True)
class GoldenIntent:
    """A message written for a trap, with what a careful reader says it wants."""

    id: str
    trap: str
    lang: str
    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class GoldenAnswer:
    """A question with the passage that answers it; `document` and `quote` are None where none does."""

    id: str
    lang: str
    question: str
    answerable: bool
    document: str | None
    quote: str | None

    @property
    def trap(self) -> str:
        """What makes it hard: the id up to its language."""
        return re.split(r"-(?:en|zh)(?:-|$)", self.id)[0]


@dataclass(frozen=True, slots=True)
class IntentReport:
    """Shares in [0, 1].

    Attributes:
        in_scope: Of the messages with an intent, how many got it.
        out_of_scope: Of those without, how many were told to be none.
        by_trap: Share of right answers, by trap.
        by_lang: The same by language.
        wrong: Ids of the cases that were missed.
    """

    in_scope: float
    out_of_scope: float
    by_trap: Mapping[str, float]
    by_lang: Mapping[str, float]
    wrong: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether a model with these shares may serve."""
        return self.in_scope >= IN_SCOPE_FLOOR and self.out_of_scope >= OUT_OF_SCOPE_FLOOR


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """Shares in [0, 1].

    Attributes:
        answered: Of the questions that can be answered, how many quotes overlap the right one.
        abstained: Of those that cannot, how many were not answered.
        precision: Of the answers given, how many overlap the right quote.
        by_trap: Share of cases dealt with rightly, by trap.
        by_lang: The same by language.
        wrong: Ids of the others.
    """

    answered: float
    abstained: float
    precision: float
    by_trap: Mapping[str, float]
    by_lang: Mapping[str, float]
    wrong: tuple[str, ...]


@cache
def golden_intents() -> tuple[GoldenIntent, ...]:
    """Return the golden messages; no starter example repeats one (the contract suite checks it)."""
    return tuple(GoldenIntent(**row) for row in _rows("golden.jsonl"))


@cache
def golden_answers() -> tuple[GoldenAnswer, ...]:
    """Return the golden questions about the help centre in `data/help`."""
    return tuple(GoldenAnswer(**row) for row in _rows("golden_answers.jsonl"))


def _rows(name: str, folder: Path = DATA) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def intent_report(cases: Sequence[GoldenIntent], intents: Sequence[str]) -> IntentReport:
    """Compare intents with the cases they were made for, in the same order."""
    right = [each == case.intent for case, each in zip(cases, intents, strict=True)]
    outside = [case.intent == OUT_OF_SCOPE for case in cases]
    return IntentReport(
        in_scope=_share([hit for hit, out in zip(right, outside, strict=True) if not out]),
        out_of_scope=_share([hit for hit, out in zip(right, outside, strict=True) if out]),
        by_trap=_shares([case.trap for case in cases], right),
        by_lang=_shares([case.lang for case in cases], right),
        wrong=tuple(case.id for case, hit in zip(cases, right, strict=True) if not hit),
    )


def answer_report(
    cases: Sequence[GoldenAnswer], said: Sequence[Answer], texts: Mapping[str, str]
) -> AnswerReport:
    """Compare answers with the cases they were made for, in the same order.

    Args:
        cases: The questions.
        said: What was answered.
        texts: Text of each document by id, to find the places of the right quotes in.
    """
    right = [_right(case, each, texts) for case, each in zip(cases, said, strict=True)]
    pairs = list(zip(cases, said, right, strict=True))
    return AnswerReport(
        answered=_share([hit for case, _, hit in pairs if case.answerable]),
        abstained=_share([hit for case, _, hit in pairs if not case.answerable]),
        precision=_share([hit for _, each, hit in pairs if not each.abstained]),
        by_trap=_shares([case.trap for case in cases], right),
        by_lang=_shares([case.lang for case in cases], right),
        wrong=tuple(case.id for case, _, hit in pairs if not hit),
    )


def _right(case: GoldenAnswer, said: Answer, texts: Mapping[str, str]) -> bool:
    if not case.answerable:
        return said.abstained
    return any(overlaps(citation, case, texts) for citation in said.citations)


def overlaps(citation: Citation, case: GoldenAnswer, texts: Mapping[str, str]) -> bool:
    """Tell whether a citation shares a code point with the right quote in the right document."""
    if citation.document_id != case.document or case.quote is None:
        return False
    start = texts[citation.document_id].find(case.quote)
    if start < 0:
        raise ValueError(f"{case.id}: the document {case.document} does not hold the quote {case.quote!r}")
    return citation.start < start + len(case.quote) and start < citation.end


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _shares(keys: Sequence[str], right: Sequence[bool]) -> dict[str, float]:
    groups: dict[str, list[bool]] = {}
    for key, hit in zip(keys, right, strict=True):
        groups.setdefault(key, []).append(hit)
    return {key: _share(hits) for key, hits in sorted(groups.items())}
