"""False alarms and delay of the surge detectors on simulated topic-years, beside a z > 3 rule and a CUSUM.

    python -m benchmarks.finance_detect [--years 40] [--changes 60] [--rate 10] [--jobs 2] [--out FILE]

A topic has `rate` stories an hour on the mean, a daily cycle (five times as many by day), quiet weekends and
bursts (a gamma multiplier that lasts for four hours); 20 % of its stories are bad news. A false alarm is a
rise of the alarm in a year without a change; the delay is the time from a lasting change of the share, at
noon, to the alarm, up to 14 days. The e-detector and the count rule are those that alerts use, with a budget
of one false alarm a year; in the years they are judged every third hour (an alarm of theirs lasts a day),
around changes every hour. z > 3 looks at the hourly count of bad news against mean and deviation of 30 days.
The CUSUM is Page's for a Poisson mean that doubles, against the same hour's mean in the last 30 days.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from core.streams.baseline import Bin, Series
from core.streams.surge import SurgeRule, judge

Ints = NDArray[np.int64]
HOUR = timedelta(hours=1)
START = datetime(2024, 1, 1, tzinfo=UTC)
WARM = 42 * 24
YEAR = 365 * 24
RULES = {
    "e-detector on the share": SurgeRule(way="share"),
    "count against the season": SurgeRule(way="count"),
}


def simulate(
    rng: np.random.Generator, hours: int, rate: float, share: NDArray[np.float64] | float = 0.2
) -> tuple[Ints, Ints]:
    """Return stories and bad news an hour, both (hours,)."""
    clock = np.arange(hours)
    hour, weekday = clock % 24, (clock // 24) % 7
    cycle = np.where((hour >= 7) & (hour < 19), 1.67, 0.33) * np.where(weekday < 5, 1.2, 0.5)
    bursts = np.repeat(rng.gamma(1.5, 1 / 1.5, hours // 4 + 1), 4)[:hours]
    counts = rng.poisson(rate * cycle * bursts)
    return counts, rng.binomial(counts, np.broadcast_to(np.asarray(share), (hours,)))


def alarms_of_rule(counts: Ints, bad: Ints, rule: SurgeRule, hours: Sequence[int]) -> list[bool]:
    """Judge at the end of each hour named."""
    bins = [Bin(START + HOUR * n, int(c), int(b)) for n, (c, b) in enumerate(zip(counts, bad, strict=True))]
    back = int(rule.back / HOUR) + 2
    return [
        judge(
            [Series("wire", START, bins[max(0, n + 1 - back) : n + 1])], now=START + HOUR * (n + 1), rule=rule
        ).fired
        for n in hours
    ]


def alarms_of_z(_counts: Ints, bad: Ints, hours: Sequence[int]) -> list[bool]:
    """More than three deviations above the mean of 30 days."""
    out = []
    for n in hours:
        past = bad[max(0, n - 720) : n]
        out.append(bool(bad[n] > past.mean() + 3 * max(past.std(), 1e-9)))
    return out


def alarms_of_cusum(_counts: Ints, bad: Ints, hours: Sequence[int], limit: float = 8.0) -> list[bool]:
    """Page's CUSUM, begun anew after each alarm."""
    wanted, out, sum_ = set(hours), [], 0.0
    for n in range(len(bad)):
        same = bad[n % 24 : n : 24][-30:]
        usual = max(float(same.mean()) if len(same) else 1.0, 0.1)
        sum_ = max(0.0, sum_ + bad[n] * np.log(2.0) - usual)
        if n in wanted:
            out.append(sum_ >= limit)
        if sum_ >= limit:
            sum_ = 0.0
    return out


def rises(flags: Sequence[bool]) -> int:
    """Count how often an alarm begins."""
    return int(sum(flag and not before for before, flag in zip([False, *flags], flags, strict=False)))


Detector = Callable[[Ints, Ints, Sequence[int]], list[bool]]


def detectors() -> dict[str, Detector]:
    """Return every detector by its name."""
    found: dict[str, Detector] = {
        name: lambda c, b, h, rule=rule: alarms_of_rule(c, b, rule, h)  # type: ignore[misc]
        for name, rule in RULES.items()
    }
    return {**found, "z > 3, hourly": alarms_of_z, "CUSUM, same hour": alarms_of_cusum}


def false_alarms(seed: np.random.SeedSequence, rate: float) -> dict[str, int]:
    """Return the alarms in one simulated year without a change, by detector."""
    counts, bad = simulate(np.random.default_rng(seed), WARM + YEAR, rate)
    return {
        name: rises(run(counts, bad, range(WARM, WARM + YEAR, 3 if name in RULES else 1)))
        for name, run in detectors().items()
    }


def delays(seed: np.random.SeedSequence, rate: float, share: float) -> dict[str, int | None]:
    """Return hours from a change to the first alarm behind it, None where none came in 14 days."""
    change = 70 * 24 + 12
    shares = np.where(np.arange(change + 337) < change, 0.2, share)
    counts, bad = simulate(np.random.default_rng(seed), change + 337, rate, shares)
    return {name: _first(run, counts, bad, change) for name, run in detectors().items()}


def _first(run: Detector, counts: Ints, bad: Ints, change: int) -> int | None:
    for begin, end in ((0, 12), (12, 48), (48, 336)):
        flags = run(counts, bad, range(change + begin, change + end))
        if any(flags):
            return begin + flags.index(True) + 1
    return None


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--years", type=int, default=40)
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    seeds = np.random.SeedSequence(13).spawn(3)
    with ProcessPoolExecutor(asked.jobs) as pool:

        def each(
            work: Callable[[np.random.SeedSequence], Mapping[str, Any]], number: int, count: int, title: str
        ) -> dict[str, list[Any]]:
            said = list(track(pool.map(work, seeds[number].spawn(count)), title, total=count))
            return {name: [one[name] for one in said] for name in detectors()}

        yearly = each(partial(false_alarms, rate=asked.rate), 0, asked.years, "years without a change")
        late = {
            share: each(
                partial(delays, rate=asked.rate, share=share), number, asked.changes, f"20 % to {share:.0%}"
            )
            for number, share in ((1, 0.4), (2, 0.6))
        }
    table = Table("detector", "false alarms a year", "years with any", "h to find 20→40 %", "20→60 %")
    rows = {name: _row(yearly[name], [late[share][name] for share in (0.4, 0.6)]) for name in yearly}
    for name, row in rows.items():
        table.add_row(name, *row)
    Console().print(table)
    if asked.out:
        asked.out.write_text(json.dumps({"false_alarms": yearly, "delays": late}))


def _row(years: Sequence[int], late: Sequence[Sequence[int | None]]) -> list[str]:
    any_ = np.mean([count > 0 for count in years])
    cells = [f"{np.mean(years):.2f}", f"{any_:.0%}"]
    for hours in late:
        waited = [14 * 24 if each is None else each for each in hours]
        missed = sum(each is None for each in hours)
        cells.append(f"{np.median(waited):.0f} (p90 {np.percentile(waited, 90):.0f}, missed {missed})")
    return cells


if __name__ == "__main__":
    main()
