"""The training recipe on public finance sets: TF-IDF, frozen encoder and fine-tuned, on the test rows.

    python -m benchmarks.finance_recipe [SET …] [--out results.json]

Each set is trained in a process of its own, so that the peak memory is its own; choosing is done on dev rows,
the test rows are predicted once. The TF-IDF and frozen baselines are the floors, in the same run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.datasets import FINANCE, Spec, folder, read
from core.settings import Settings
from core.training.calibrate import calibrated, said
from core.training.fitting import Target, target, texts_of
from core.training.metrics import indicator, summary
from core.training.recipe import Recipe, Task
from core.training.trainer import train

RECIPE = Recipe(method="full")


def _fine_tuned(spec: Spec, where: Path, settings: Settings) -> dict[str, Any]:
    """Return the figures of the three trained ways on the test rows."""
    splits = read(spec, where)
    task = Task(spec.name.replace("_", ".", 1), spec.kind, recipe=RECIPE)
    with tempfile.TemporaryDirectory() as out:
        progress = _Lines(spec.name)
        done = train({task: splits.train}, settings, Path(out), progress, dev=splits.dev)[task.name]
    gold = indicator([row.labels for row in splits.test], done.head.labels)
    texts = texts_of(splits.test)
    on_dev: Target = target(task.name, done.head.labels, spec.kind == "multi", (), splits.dev.train)
    frozen = calibrated(done.frozen.heads[task.name], done.frozen.dev_vectors, on_dev.dev)
    return {
        "rows": {"train": len(splits.train.train), "dev": len(splits.dev.train), "test": len(splits.test)},
        "TF-IDF + linear": summary(gold, done.tfidf.predict(texts)),
        "frozen + linear": summary(gold, said(frozen, done.frozen.encoder.encode(texts))),
        "fine-tuned": summary(gold, said(done.head, done.encoder.encode(texts))),
        "seconds": done.manifest.metrics["seconds"],
        "notes": done.manifest.card["notes"],
        "recipe": RECIPE.model_dump(),
    }


class _Lines:
    """Progress as plain lines on stderr, one every fifth of a minute."""

    def __init__(self, name: str) -> None:
        self._name, self._last = name, 0.0

    def __call__(self, share: float, line: str) -> None:
        if time.monotonic() - self._last > 12:
            self._last = time.monotonic()
            sys.stderr.write(f"{self._name} {100 * share:.0f} % {line}\n")


def measure(name: str) -> dict[str, Any]:
    """Measure one set in this process."""
    settings = Settings()
    spec = next(spec for spec in FINANCE if spec.name == name)
    where = folder(name)
    assert where is not None
    outcome = {"set": name, "threads": settings.threads, **_fine_tuned(spec, where, settings)}
    used = resource.getrusage(resource.RUSAGE_SELF)
    outcome["peak_mb"], outcome["cpu_seconds"] = used.ru_maxrss // 1024, round(used.ru_utime + used.ru_stime)
    return outcome


def _line(outcome: Mapping[str, Any]) -> str:
    def cell(way: str) -> str:
        figures = outcome[way]
        names = ("micro_f1" if outcome["set"] == "fin_zh_finnl" else "accuracy", "macro_f1")
        found = [figures[name] for name in names]
        shown = (f"{each['value']:.3f} [{each['low']:.3f}–{each['high']:.3f}]" for each in found)
        return f"{way} {' / '.join(shown)}"

    ways = ("TF-IDF + linear", "frozen + linear", "fine-tuned")
    return " | ".join(
        [outcome["set"], *map(cell, ways), f"{outcome['seconds']:.0f} s", f"{outcome['peak_mb']} MB"]
    )


def main() -> None:
    """Run the sets named on the command line, each in a child process, and print one line a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=[spec.name for spec in FINANCE])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        sys.stdout.write(json.dumps(measure(given.sets[0]), ensure_ascii=False) + "\n")
        return
    outcomes = []
    for name in given.sets:
        if folder(name) is None:
            sys.stderr.write(f"{name}: not at hand; set COLONNADE_DATASETS\n")
            continue
        command = [sys.executable, "-m", "benchmarks.finance_recipe", "--child", name]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        outcomes.append(json.loads(ran.stdout.splitlines()[-1]))
        sys.stdout.write(_line(outcomes[-1]) + "\n")
        sys.stdout.flush()
        if given.out is not None:
            given.out.write_text(json.dumps(outcomes, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
