"""How well recommend does: models against baselines on events, lists on golden cases, and the gate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from core.errors import InvalidInput
from core.ranking.evaluate import beaten_by, evaluate
from core.ranking.interactions import Row
from core.ranking.split import Protocol
from verticals.recommend.recipe import DATA

MODELS = ("blend", "ease", "item-knn")
"""What a fit chooses from; the others are baselines."""


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """A short history written for a trap, and what a good list has and never has.

    Attributes:
        history: Item, type of event, days ago; the oldest first.
        expect_any: At least one of them is on the list.
        never: None of them is.
        at_most: So many of these items at most: variants of one thing.
    """

    id: str
    trap: str
    history: tuple[tuple[str, str, float], ...]
    expect_any: frozenset[str]
    never: frozenset[str]
    k: int
    at_most: tuple[frozenset[str], int] | None = None

    def events(self, user: str, now: datetime) -> list[dict[str, Any]]:
        """Return the history as events of a user, the last one some minutes ago."""
        return [
            {
                "event_id": f"{user}-{number}",
                "user_id": user,
                "item_id": item,
                "type": kind,
                "timestamp": (now - timedelta(days=days, minutes=60 - number)).isoformat(),
            }
            for number, (item, kind, days) in enumerate(self.history)
        ]


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """Shares of cases whose list has one of the expected items and none of the forbidden.

    Attributes:
        missed: Ids of the cases without any of the expected items.
        broken: Ids of the cases with an item that never may come, or too many variants; there must be none.
    """

    hits: float
    by_trap: Mapping[str, float]
    missed: tuple[str, ...]
    broken: tuple[str, ...]


@cache
def golden_cases() -> tuple[GoldenCase, ...]:
    """Return the golden cases over the starter shop."""
    rows = map(json.loads, (DATA / "golden.jsonl").read_text("utf-8").splitlines())
    return tuple(
        GoldenCase(
            row["id"],
            row["trap"],
            tuple((each["item_id"], each["type"], float(each.get("days_ago", 0))) for each in row["history"]),
            frozenset(row.get("expect_any", ())),
            frozenset(row.get("never", ())),
            int(row.get("k", 10)),
            _at_most(row.get("at_most")),
        )
        for row in rows
    )


def golden_report(cases: Sequence[GoldenCase], lists: Sequence[Sequence[str]]) -> GoldenReport:
    """Compare lists with the cases they were made for, in the same order."""
    pairs = list(zip(cases, lists, strict=True))
    hit = {case.id: not case.expect_any or bool(case.expect_any & set(found)) for case, found in pairs}
    broken = {case.id for case, found in pairs if case.never & set(found) or _too_many(case, found)}
    traps: dict[str, list[bool]] = {}
    for case in cases:
        traps.setdefault(case.trap, []).append(hit[case.id])
    return GoldenReport(
        hits=sum(hit.values()) / max(len(hit), 1),
        by_trap={trap: sum(hits) / len(hits) for trap, hits in sorted(traps.items())},
        missed=tuple(name for name, found in hit.items() if not found),
        broken=tuple(case.id for case in cases if case.id in broken),
    )


def _at_most(value: Mapping[str, Any] | None) -> tuple[frozenset[str], int] | None:
    return None if value is None else (frozenset(value["items"]), int(value["max"]))


def _too_many(case: GoldenCase, found: Sequence[str]) -> bool:
    return case.at_most is not None and len(case.at_most[0] & set(found)) > case.at_most[1]


def measure(
    rows: Iterable[Row], protocols: Sequence[Protocol] = ("time", "leave-one-out")
) -> dict[str, Any] | None:
    """Return the report of the first protocol that the events allow; None where none does.

    Raises:
        InvalidInput: a weight or time is wrong.
    """
    known = list(rows)
    for protocol in protocols:
        try:
            report = evaluate(known, protocol=protocol)
        except InvalidInput:
            continue
        if report["users"]["with_history"]:
            return report
    return None


def best(report: Mapping[str, Any]) -> str:
    """Return the model with the highest primary metric; the first of equals."""
    return max(MODELS, key=lambda name: (_value(report, name), -MODELS.index(name)))


def worse_than(report: Mapping[str, Any], name: str) -> list[str]:
    """Return what beats a model: it is promoted only where that is nothing."""
    return beaten_by(report, name)


def _value(report: Mapping[str, Any], name: str) -> float:
    return float(report["models"].get(name, {}).get(report["primary"], {}).get("value", -1.0))
