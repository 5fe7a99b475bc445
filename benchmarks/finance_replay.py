"""Replays the headline stream of 2020, lists every alert, and asks how likely chance is to look like March.

    python -m benchmarks.finance_replay [--shuffles 1000] [--plot FILE.svg] [--out results.json]

`colonnade finance replay` plays fin_headline_stream_2020 for a tenant of its own with the rules that every
tenant begins with, looked at once a simulated day; CNBC's times are New York's, those of the others bare
dates. What it lists is printed as it comes. Then the days of CNBC's headlines before June are shuffled: the
p-value is the share of shuffles in which some topic's weekly rule comes at least as near to its limit between
9 and 22 March as it did in truth. The plot shows counts by week and source, and when alerts were raised.

Needs the starter models: COLONNADE_DATA of an installation that was up once; the replay adds a tenant to it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from api.bootstrap import limit_threads, open_services
from core.settings import Settings
from core.streams.baseline import Bin, Series
from core.streams.surge import judge
from verticals.finance.policy.rules import DEFAULTS, Rule
from verticals.finance.service import build

DAY = timedelta(days=1)
FIRST, LAST = datetime(2020, 3, 9, tzinfo=UTC), datetime(2020, 3, 22, tzinfo=UTC)
JUNE = datetime(2020, 6, 1, tzinfo=UTC)
WEEKLY = [rule for rule in DEFAULTS if rule.way == "count" and rule.window == "7d" and rule.each == "topic"]


@dataclass(frozen=True)
class Headline:
    """What is counted of a headline."""

    day: datetime
    source: str
    topics: tuple[str, ...]
    negative: bool


def replay(file: Path, tenant: str) -> list[dict[str, Any]]:
    """Play the file and return what happened to alerts."""
    command = [sys.executable, "-m", "api.cli", "finance", "replay", "--in", str(file), "--step", "1d"]
    command += ["--zone", "America/New_York", "--tenant", tenant, "--json"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [row for line in lines if "event" in (row := json.loads(line))]


def headlines(settings: Settings, tenant: str) -> list[Headline]:
    """Return what was read."""
    found: list[Headline] = []
    with open_services(settings) as services:
        documents, before = build(services).documents, None
        while rows := documents.list(tenant, before=before, limit=500):
            before = rows[-1].id
            for row in rows:
                at = row.counted_at
                if at is not None:
                    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
                    found.append(
                        Headline(day, row.source, tuple(row.topics or ()), row.sentiment == "negative")
                    )
    return found


def nearest(rows: Sequence[Headline], since: datetime) -> float:
    """Return how near any topic came to the limit of a weekly rule in March: 1 is an alert."""
    by_topic: dict[str, dict[datetime, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in rows:
        for topic in row.topics:
            cell = by_topic[topic][row.day]
            cell[0] += 1
            cell[1] += row.negative
    best = 0.0
    for days in by_topic.values():
        bins = [Bin(day, count, bad) for day, (count, bad) in days.items()]
        for rule in WEEKLY:
            best = max(best, _nearest(bins, since, rule))
    return best


def _nearest(bins: Sequence[Bin], since: datetime, rule: Rule) -> float:
    best = 0.0
    for number in range((LAST - FIRST).days + 1):
        now = FIRST + (number + 1) * DAY
        here = [each for each in bins if now - 7 * DAY <= each.start < now]
        seen = sum(each.count if rule.measure == "count" else each.negative for each in here)
        if seen >= rule.at_least:
            verdict = judge([Series("cnbc", since, bins)], now=now, rule=rule.surge())
            best = max(best, verdict.statistic / verdict.limit)
    return best


def p_value(rows: Sequence[Headline], shuffles: int) -> tuple[float, float]:
    """Return how near March came, and the share of shuffles (and the truth) that came as near."""
    rng = np.random.default_rng(13)
    early = [row for row in rows if row.source == "cnbc" and row.day < JUNE]
    since, days = min(row.day for row in early), [row.day for row in early]
    truth = nearest(early, since)
    as_near = 1
    for _ in track(range(shuffles), "shuffles"):
        order = rng.permutation(len(days))
        mixed = [
            Headline(days[place], row.source, row.topics, row.negative)
            for place, row in zip(order, early, strict=True)
        ]
        as_near += nearest(mixed, since) >= truth
    return truth, as_near / (shuffles + 1)


def weeks(rows: Iterable[Headline]) -> list[dict[str, Any]]:
    """Return counts by week and source."""
    cells: dict[tuple[datetime, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        cell = cells[row.day - timedelta(days=row.day.weekday()), row.source]
        cell[0] += 1
        cell[1] += row.negative
    return [
        {"week": week.date().isoformat(), "source": source, "headlines": count, "negative": bad}
        for (week, source), (count, bad) in sorted(cells.items())
    ]


def plot(table: Sequence[Mapping[str, Any]], alerts: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Draw bad news by week and source, and a rule where an alert was raised."""
    import altair as alt
    import pandas as pd

    bars = (
        alt.Chart(pd.DataFrame(table))
        .mark_bar(size=14)
        .encode(
            x=alt.X("week:T", title="week (2020)"),
            y=alt.Y("negative:Q", title="headlines told negative"),
            color=alt.Color("source:N", title="source"),
        )
    )
    raised = pd.DataFrame({"at": [alert["at"] for alert in alerts]}, dtype="string")
    lines = alt.Chart(raised).mark_rule(color="black", strokeDash=[4, 3]).encode(x="at:T")
    (bars + lines).properties(width=640, height=220, title="Bad news a week; dashed: an alert").save(file)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=1000)
    parser.add_argument("--tenant", default="headlines")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    settings, console = Settings(), Console()
    limit_threads(settings)
    if settings.datasets is None:
        raise SystemExit("COLONNADE_DATASETS names no folder of data sets.")
    happened = replay(settings.datasets / "fin_headline_stream_2020" / "stream.csv", asked.tenant)
    raised = [each for each in happened if each["event"] == "alert.fired"]
    kept = ("at", "rule", "topic", "entity", "source", "observed", "expected", "statistic", "limit")
    listed = [{key: each[key] for key in kept if each.get(key) is not None} for each in raised]
    rows = headlines(settings, asked.tenant)
    near, p = p_value(rows, asked.shuffles)
    found = {"alerts": listed, "nearest in March, of its limit": round(near, 3), "p": round(p, 4)}
    found["weeks"] = weeks(rows)
    console.print_json(data=found)
    if asked.plot:
        plot(weeks(rows), raised, asked.plot)
    if asked.out:
        asked.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
