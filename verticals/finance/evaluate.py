"""How well finance does on its golden cases: by language, by trap, and the gate a starter must pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from core.records import Example, Prediction
from core.text.focus import focused, spans_of
from verticals.finance.recipe import DATA, SENTIMENTS, TOPICS


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """A text written for a trap, with what a careful reader says of it."""

    id: str
    trap: str
    lang: str
    text: str
    sentiment: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """Shares of right answers, and F1 in [0, 1].

    Attributes:
        macro_f1: Of the sentiment, over the three labels.
        micro_f1: Of the topics, over all decisions.
        by_lang: Share of right sentiments, by language.
        by_trap: The same by trap.
        wrong: Ids of the cases whose sentiment was missed.
    """

    macro_f1: float
    micro_f1: float
    by_lang: Mapping[str, float]
    by_trap: Mapping[str, float]
    wrong: tuple[str, ...]


@cache
def golden_cases() -> tuple[GoldenCase, ...]:
    """Return the golden cases; no starter example repeats one (the contract suite checks it)."""
    rows = map(json.loads, (DATA / "golden.jsonl").read_text("utf-8").splitlines())
    return tuple(
        GoldenCase(r["id"], r["trap"], r["lang"], r["text"], r["sentiment"], tuple(r["topics"])) for r in rows
    )


def golden_report(
    cases: Sequence[GoldenCase], sentiments: Sequence[Prediction], topics: Sequence[Prediction]
) -> GoldenReport:
    """Compare predictions with the cases they were made for, in the same order."""
    right = [said.labels == (case.sentiment,) for case, said in zip(cases, sentiments, strict=True)]
    pairs = [(case.sentiment, said.labels[0]) for case, said in zip(cases, sentiments, strict=True)]
    decisions = [
        (label in case.topics, label in said.labels)
        for case, said in zip(cases, topics, strict=True)
        for label in TOPICS
    ]
    return GoldenReport(
        macro_f1=sum(_f1((g == s, p == s) for g, p in pairs) for s in SENTIMENTS) / len(SENTIMENTS),
        micro_f1=_f1(decisions),
        by_lang=_shares([case.lang for case in cases], right),
        by_trap=_shares([case.trap for case in cases], right),
        wrong=tuple(case.id for case, hit in zip(cases, right, strict=True) if not hit),
    )


def _f1(decisions: Iterable[tuple[bool, bool]]) -> float:
    counted = list(decisions)
    hits = sum(gold and said for gold, said in counted)
    total = sum(gold for gold, _ in counted) + sum(said for _, said in counted)
    return 2 * hits / total if total else 0.0


def _shares(keys: Sequence[str], right: Sequence[bool]) -> dict[str, float]:
    groups: dict[str, list[bool]] = {}
    for key, hit in zip(keys, right, strict=True):
        groups.setdefault(key, []).append(hit)
    return {key: sum(hits) / len(hits) for key, hits in sorted(groups.items())}


@dataclass(frozen=True, slots=True)
class GoldenEntities:
    """A text with the sentiment of each company in it, as a careful reader gives it."""

    id: str
    lang: str
    text: str
    entities: Mapping[str, str]

    def rows(self) -> list[tuple[Example, str]]:
        """Return one marked example for each company, and its sentiment."""
        return [
            (Example(focused(self.text, spans_of(self.text, name), name), lang=self.lang), label)
            for name, label in self.entities.items()
        ]


@dataclass(frozen=True, slots=True)
class GoldenRisk:
    """A text with its risk."""

    id: str
    lang: str
    text: str
    risk: str


@dataclass(frozen=True, slots=True)
class LabelReport:
    """How well single labels were told: macro-F1 over the labels that occur, and shares of right ones."""

    macro_f1: float
    by_lang: Mapping[str, float]
    wrong: tuple[str, ...]


@cache
def golden_entities() -> tuple[GoldenEntities, ...]:
    """Return the golden cases of sentiment by company."""
    rows = map(json.loads, (DATA / "golden_entities.jsonl").read_text("utf-8").splitlines())
    return tuple(
        GoldenEntities(r["id"], r["lang"], r["text"], {e["name"]: e["sentiment"] for e in r["entities"]})
        for r in rows
    )


@cache
def golden_risks() -> tuple[GoldenRisk, ...]:
    """Return the golden cases of risk."""
    rows = map(json.loads, (DATA / "golden_risk.jsonl").read_text("utf-8").splitlines())
    return tuple(GoldenRisk(r["id"], r["lang"], r["text"], r["risk"]) for r in rows)


def label_report(
    ids: Sequence[str], languages: Sequence[str], gold: Sequence[str], said: Sequence[Prediction]
) -> LabelReport:
    """Compare single labels with true ones, in the same order."""
    pairs = [(g, s.labels[0]) for g, s in zip(gold, said, strict=True)]
    right = [g == s for g, s in pairs]
    return LabelReport(
        macro_f1=sum(_f1((g == label, s == label) for g, s in pairs) for label in set(gold)) / len(set(gold)),
        by_lang=_shares(languages, right),
        wrong=tuple(id_ for id_, hit in zip(ids, right, strict=True) if not hit),
    )
