"""Whether trends move with what happened: 38 price shocks of StockNet, and dated Chinese headlines.

    python -m benchmarks.finance_shocks [--days 20] [--cap 15] [--out results.json]

StockNet: for each marked shock of a ticker, a day bin of its tweets (how many, and how many the production
model of finance.sentiment calls negative or positive) goes through the count rule that alerts use, with a
baseline of the 56 days before. The trend moved when the rule fired at the end of the day of the shock or of
the next. Beside it `--days` random days of the same tickers, ten days away from any shock. All tweets
are counted; of more than `--cap` a ticker and day only the first are read by the model, and their
share stands for the rest.

Chinese: the headlines of fin_zh_stocknews (4 of 5 are positive) by month and by week: how the share of
negative ones that the model tells follows the share that the set's labels tell.

Needs the starter models: COLONNADE_DATA of an installation that was up once, as `make up` leaves it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from api.bootstrap import limit_threads, open_services
from core.ports import Predictor
from core.records import Example
from core.settings import Settings
from core.streams.baseline import Bin, Series
from core.streams.surge import SurgeRule, judge
from verticals.finance.recipe import SENTIMENT

DAY = timedelta(days=1)
_RULE = {"way": "count", "window": DAY, "step": DAY, "at_least": 3}
BUDGETS = (1.0, 12.0)
_SEED = 13
Days = dict[datetime, list[str]]


@dataclass(frozen=True)
class Tone:
    """How many texts of a day are bad and good news."""

    count: int
    negative: int
    positive: int


def read_tweets(folder: Path, tickers: frozenset[str]) -> dict[str, Days]:
    """Return each ticker's tweets by day, UTC."""
    found: dict[str, Days] = {ticker: defaultdict(list) for ticker in tickers}
    with gzip.open(folder / "tweets.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["ticker"] in tickers:
                found[row["ticker"]][_day(row["time_utc"])].append(row["text"])
    return found


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)


def labels(predictor: Predictor, texts: Sequence[str], lang: str) -> list[str]:
    """Return the sentiment of each text."""
    said: list[str] = []
    for start in track(range(0, len(texts), 256), f"{len(texts)} texts, {lang}"):
        items = [Example(text=text, lang=lang) for text in texts[start : start + 256]]
        said += [p.labels[0] for p in predictor.predict("demo", (SENTIMENT.name,), items)[SENTIMENT.name]]
    return said


def tones(predictor: Predictor, tweets: Mapping[str, Days], cap: int) -> dict[str, dict[datetime, Tone]]:
    """Return the tone of each ticker's days."""
    places = [(ticker, day) for ticker, days in tweets.items() for day in sorted(days)]
    read = [text for ticker, day in places for text in tweets[ticker][day][:cap]]
    said = iter(labels(predictor, read, "en"))
    found: dict[str, dict[datetime, Tone]] = defaultdict(dict)
    for ticker, day in places:
        count = len(tweets[ticker][day])
        here = [next(said) for _ in range(min(count, cap))]
        scale = count / len(here)
        found[ticker][day] = Tone(
            count, round(scale * here.count("negative")), round(scale * here.count("positive"))
        )
    return found


def moved(days: Mapping[datetime, Tone], day: datetime, measure: str, budget: float) -> bool:
    """Tell whether the rule fires at the end of a day or of the next."""
    bins = [
        Bin(at, tone.count, tone.positive if measure == "positive" else tone.negative)
        for at, tone in days.items()
    ]
    since = min(days, default=day)
    rule = SurgeRule(
        **_RULE,  # type: ignore[arg-type]
        measure="count" if measure == "count" else "negative",
        false_alarms_per_year=budget,
    )
    series = [Series("tweets", since, bins)]
    return any(judge(series, now=day + DAY * step, rule=rule).fired for step in (1, 2))


def quiet_days(days: Mapping[datetime, Tone], shocks: Sequence[datetime], count: int) -> list[datetime]:
    """Return random working days with tweets and a history, ten days away from any shock."""
    known = sorted(days)
    if not known:
        return []
    fit = [
        day
        for day in known
        if day.weekday() < 5
        and day >= known[0] + 28 * DAY
        and all(abs(day - shock) > 10 * DAY for shock in shocks)
    ]
    return random.Random(_SEED).sample(fit, min(count, len(fit)))


def stocknet(predictor: Predictor, folder: Path, count: int, cap: int) -> dict[str, Any]:
    """Return how many shocks and random days moved, by measure and budget."""
    with (folder / "shocks.csv").open(encoding="utf-8", newline="") as file:
        shocks = [(row["ticker"], _day(row["date"]), float(row["ret"])) for row in csv.DictReader(file)]
    tickers = frozenset(ticker for ticker, _, _ in shocks)
    by_ticker = tones(predictor, read_tweets(folder, tickers), cap)
    usual = [
        (ticker, day)
        for ticker in sorted(tickers)
        for day in quiet_days(by_ticker[ticker], [d for t, d, _ in shocks if t == ticker], count)
    ]
    out: dict[str, Any] = {"shocks": len(shocks), "random days": len(usual)}
    out["shocks with tweets"] = sum(day in by_ticker[ticker] for ticker, day, _ in shocks)
    for budget in BUDGETS:
        for measure in ("count", "negative", "positive"):
            signed = [
                (t, d)
                for t, d, change in shocks
                if measure == "count" or (change < 0) == (measure == "negative")
            ]
            hits = sum(moved(by_ticker[t], d, measure, budget) for t, d in signed)
            chance = sum(moved(by_ticker[t], d, measure, budget) for t, d in usual)
            out[f"{measure}, {budget:g} false alarms a year"] = {
                "shocks": f"{hits} of {len(signed)}",
                "random days": f"{chance} of {len(usual)} ({chance / max(len(usual), 1):.1%})",
            }
    return out


def chinese(predictor: Predictor, folder: Path) -> dict[str, Any]:
    """Return how the told share of negative headlines follows the labelled one, by month and by week."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["text"].strip()]
    said = labels(predictor, [row["text"] for row in rows], "zh")
    out: dict[str, Any] = {"headlines": len(rows)}
    for name, key in (("month", "%Y-%m"), ("week", "%G-%V")):
        groups: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for row, label in zip(rows, said, strict=True):
            groups[_day(row["date"]).strftime(key)].append((row["label"] == "negative", label == "negative"))
        kept = [np.mean(pairs, axis=0) for pairs in groups.values() if len(pairs) >= 20]
        pairs = np.array(kept)
        out[name] = {
            "periods of 20 headlines and more": len(kept),
            "correlation of the shares": round(float(np.corrcoef(pairs.T)[0, 1]), 3),
            "mean share labelled": round(float(pairs[:, 0].mean()), 3),
            "mean share told": round(float(pairs[:, 1].mean()), 3),
        }
    return out


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--cap", type=int, default=15)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    settings = Settings()
    limit_threads(settings)
    if settings.datasets is None:
        raise SystemExit("COLONNADE_DATASETS names no folder of data sets.")
    with open_services(settings) as services:
        found = {
            "fin_zh_stocknews": chinese(services.predictor, settings.datasets / "fin_zh_stocknews"),
            "fin_stocknet": stocknet(
                services.predictor, settings.datasets / "fin_stocknet", asked.days, asked.cap
            ),
        }
    Console().print_json(data=found)
    if asked.out:
        asked.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
