"""Recommendation on public sets: the default model beside popularity-7d, item-KNN and EASE, all items ranked.

    python -m benchmarks.recommend [SET …] [--part validation|test|published] [--out results.json]

MovieLens by a global time split, Amazon Beauty by leave-one-out. Hyper-parameters were chosen on
`--part validation`: the training part split once more in the same way. The ratio is nDCG@10 over EASE's.
`--part published` fits without the validation part and asks on the test part with whole histories, as the
figures of TIGER, HSTU and SASRec on Beauty are made; `test` learns from the validation part as well.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from benchmarks.datasets import folder
from core.ranking.ease import dense_ease
from core.ranking.evaluate import DEFAULT, MODELS, beaten_by, compare
from core.ranking.interactions import DECAY, Interactions, Row
from core.ranking.item_model import Floats
from core.ranking.measure import Fit
from core.ranking.split import Protocol, Split, leave_one_out, time_split
from core.settings import Settings

_METRICS = ("hr", "recall", "ndcg", "debiased_hr", "intra_list_similarity")
_SPLITS: Mapping[Protocol, Any] = {"time": time_split, "leave-one-out": leave_one_out}


@dataclass(frozen=True)
class RankingSet:
    """One data set, its file and columns (user, item, time) and how it is split."""

    name: str
    file: str
    columns: tuple[str, str, str]
    protocol: Protocol


SETS = (
    RankingSet("rec_ml_latest_small", "interactions.csv.gz", ("user_id", "item_id", "timestamp"), "time"),
    RankingSet("rec_ml100k", "interactions.csv.gz", ("user_id", "item_id", "timestamp"), "time"),
    RankingSet("rec_amazon_beauty", "sequences.csv.gz", ("user_id", "item_id", "position"), "leave-one-out"),
)


class DenseEase:
    """EASE with all its weights, to say what serving the strongest of them costs."""

    decay = DECAY
    fresh_days = None

    def __init__(self, interactions: Interactions) -> None:
        self._active, self._weights = dense_ease(interactions)

    def block(self, histories: Any) -> Floats:
        """Return scores (rows, items)."""
        out = np.zeros(histories.shape, np.float32)
        out[:, self._active] = histories[:, self._active] @ self._weights
        return out


def read(spec: RankingSet, where: Path) -> Interactions:
    """Read a set; every row is one take of weight 1, a rating's height does not matter."""
    user, item, time = spec.columns
    with gzip.open(where / spec.file, "rt", encoding="utf-8", newline="") as file:
        rows: list[Row] = [(r[user], r[item], 1.0, float(r[time])) for r in csv.DictReader(file)]
    return Interactions.from_rows(rows)


Part = Literal["validation", "test", "published"]


def _split(spec: RankingSet, where: Path, part: Part) -> tuple[Split, Interactions]:
    """Return the split to ask on, and the rows to fit on."""
    divide = _SPLITS[spec.protocol]
    test: Split = divide(read(spec, where))
    if part == "test":
        return test, test.train
    validation: Split = divide(test.train)
    return (test if part == "published" else validation), validation.train


def measure(name: str, part: Part) -> dict[str, Any]:
    """Measure one set in this process."""
    spec = next(spec for spec in SETS if spec.name == name)
    where = folder(name)
    assert where is not None
    models: Mapping[str, Fit] = {**MODELS, "ease, all weights": DenseEase}
    split, past = _split(spec, where, part)
    report = compare(split, models=models, learn=past)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "set": name,
        "part": part,
        "threads": Settings().threads,
        **report,
        "beaten_by": beaten_by(report),
        "peak_mb": used.ru_maxrss // 1024,
        "cpu_seconds": round(used.ru_utime + used.ru_stime),
    }


def _line(outcome: Mapping[str, Any]) -> str:
    k, models = outcome["k"], outcome["models"]
    users = outcome["users"]
    head = (
        f"{outcome['set']} ({outcome['part']}, {outcome['protocol']}; {users['with_history']} users with and"
        f" {users['without_history']} without history, {outcome['items']} items)"
    )
    lines = [head, *(f"  {_model(name, entry, k)}" for name, entry in models.items())]
    if outcome["new_users"] is not None:
        lines.append(f"  {_model('users without history', outcome['new_users'], k)}")
    own, ease = (models[name].get(outcome["primary"], {}).get("value", 0.0) for name in (DEFAULT, "ease"))
    ratio = own / ease if ease else float("nan")
    lines.append(f"  ratio {DEFAULT} / ease {ratio:.2f}; beaten by {outcome['beaten_by']}")
    return "\n".join([*lines, f"  {models[DEFAULT]['parameters']}, {outcome['peak_mb']} MB"])


def _model(name: str, entry: Mapping[str, Any], k: int) -> str:
    cells = [
        f"{metric} {found['value']:.4f} [{found['low']:.4f}–{found['high']:.4f}]"
        for metric in _METRICS
        if (found := entry.get(f"{metric}@{k}"))
    ]
    return (
        f"{name}: {' | '.join(cells)} | coverage {entry.get(f'coverage@{k}', 0):.4f} | {entry['seconds']} s"
    )


def main() -> None:
    """Run the sets named on the command line, each in a child process, and print a block a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=[spec.name for spec in SETS])
    parser.add_argument("--part", choices=get_args(Part), default="test")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        sys.stdout.write(json.dumps(measure(given.sets[0], given.part)) + "\n")
        return
    outcomes = []
    for name in given.sets:
        if folder(name) is None:
            sys.stderr.write(f"{name}: not at hand; set COLONNADE_DATASETS\n")
            continue
        command = [sys.executable, "-m", "benchmarks.recommend", "--child", "--part", given.part, name]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        outcomes.append(json.loads(ran.stdout.splitlines()[-1]))
        sys.stdout.write(_line(outcomes[-1]) + "\n")
        sys.stdout.flush()
        if given.out is not None:
            given.out.write_text(json.dumps(outcomes, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
