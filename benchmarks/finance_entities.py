"""FinNSP: whom negative news is about. Entity-marked texts, trained on its train rows, tested once.

    python -m benchmarks.finance_entities [--epochs 2] [--frozen-layers 4] [--layers 8] [--limit N]

A row of FinNSP is a text with the names in it and those that its negative news is about. Names are found as
the product finds companies: the longest name wins, so that a name which stands only inside a longer one is
not mentioned for itself. One text and one name make one row, `text,entity,label`, as a user of
`colonnade train finance.entity_sentiment` would write it.

Entity F1: over all (text, name) pairs, the true ones being the key entities; names that the text does not
hold count against us. Document F1: a text is negative where one of its names is; a text without a mentioned
name counts as not negative. "Blame all" takes the documents that the model calls negative and blames every
name in them. Intervals: 95 % percentiles of 1,000 resamples of documents.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import folder
from core.inference.classifier import Classifier, EncoderPool, open_classifier
from core.inference.reading import as_text
from core.records import Example, Span
from core.settings import Settings
from core.text.focus import focused
from core.training.dataset import Dataset, fingerprint
from core.training.publish import Trained
from core.training.recipe import Task
from core.training.trainer import train
from verticals.finance.policy.companies import Company, Directory
from verticals.finance.recipe import ENTITY_SENTIMENT

NAME = "fin_zh_finnsp"
NEGATIVE, OTHER = "negative", "other"
Model = Trained | Classifier
REFERENCE = 0.763
"""Entity F1 of blaming every entity of a document that a TF-IDF model calls negative."""


@dataclass(frozen=True)
class Case:
    """One text: its names, those that are mentioned for themselves with their places, and the true ones."""

    text: str
    names: tuple[str, ...]
    mentions: dict[str, list[Span]]
    key: frozenset[str]

    def rows(self) -> list[Example]:
        """Return one marked row for each mentioned name."""
        return [
            Example(focused(self.text, spans, name), (NEGATIVE if name in self.key else OTHER,))
            for name, spans in self.mentions.items()
        ]


def cases(path: Path) -> list[Case]:
    """Read a split."""
    csv.field_size_limit(10**9)
    with path.open(encoding="utf-8", newline="") as stream:
        return [_case(row) for row in csv.DictReader(stream)]


def _case(row: dict[str, str]) -> Case:
    names = tuple(dict.fromkeys(name for name in row["entity"].split(";") if name))
    directory = Directory.load([Company(id=name, name=name) for name in names], unknown=False)
    mentions: dict[str, list[Span]] = {}
    for found in directory.find(row["text"], "zh"):
        mentions.setdefault(str(found.company_id), []).append(Span(found.start, found.end))
    return Case(row["text"], names, mentions, frozenset(filter(None, row["key_entity"].split(";"))))


def _dataset(split: Sequence[Case], name: str) -> Dataset:
    rows = tuple({row.text: row for case in split for row in case.rows()}.values())
    return Dataset(rows, (), (NEGATIVE, OTHER), fingerprint(rows), len(rows), (), name)


def _said(split: Sequence[Case], model: Model) -> list[set[str]]:
    rows = [row for case in split for row in case.rows()]
    vectors = model.encoder.encode([as_text(row) for row in rows])
    labels = iter(each.labels[0] for each in model.head.predict(vectors, model.manifest.id))
    return [{name for name in case.mentions if next(labels) == NEGATIVE} for case in split]


def _counts(split: Sequence[Case], said: Sequence[set[str]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return (documents, 3): true, false and missed names."""
    pairs = zip(split, said, strict=True)
    return np.array([(len(s & c.key), len(s - c.key), len(c.key - s)) for c, s in pairs], np.int64)


def f1(counts: np.ndarray[Any, np.dtype[np.int64]], seed: int = 0) -> dict[str, float]:
    """Return micro-F1 with its interval from (documents, 3) counts of true, false and missed."""

    def value(totals: Any) -> float:
        hits, wrong, missed = totals
        return float(2 * hits / max(1, 2 * hits + wrong + missed))

    random = np.random.default_rng(seed)
    resampled = [value(counts[random.integers(0, len(counts), len(counts))].sum(axis=0)) for _ in range(1000)]
    low, high = np.percentile(resampled, (2.5, 97.5))
    return {
        name: round(x, 4)
        for name, x in zip(("value", "low", "high"), (value(counts.sum(axis=0)), low, high), strict=True)
    }


def measure(split: Sequence[Case], said: Sequence[set[str]]) -> dict[str, Any]:
    """Return document and entity F1, and entity F1 of blaming every name of the documents called negative."""
    document = np.array(
        [
            (bool(s) and bool(c.key), bool(s) and not c.key, bool(c.key) and not s)
            for c, s in zip(split, said, strict=True)
        ],
        np.int64,
    )
    blamed = [set(case.names) if names else set() for case, names in zip(split, said, strict=True)]
    oracle = [set(case.names) if case.key else set() for case in split]
    return {
        "documents": len(split),
        "entity_f1": f1(_counts(split, said)),
        "document_f1": f1(document),
        "blame_all_entity_f1": f1(_counts(split, blamed)),
        "blame_all_with_true_documents_entity_f1": f1(_counts(split, oracle)),
        "blame_all_reference": REFERENCE,
    }


def main() -> None:
    """Train, choose by dev, test once, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--frozen-layers", type=int, default=4)
    parser.add_argument("--layers", type=int, default=ENTITY_SENTIMENT.recipe.layers)
    parser.add_argument("--limit", type=int, help="documents to train on, to try it out; no test then")
    parser.add_argument("--model", type=Path, help="folder of an artefact that was trained on the train rows")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    where = folder(NAME)
    if where is None:
        sys.stderr.write(f"{NAME}: not at hand; set COLONNADE_DATASETS\n")
        return
    settings, dev = Settings(), cases(where / "dev.csv")
    if given.model is not None:
        model: Model = open_classifier(given.model, EncoderPool(settings))
    else:
        model = _trained(cases(where / "train.csv")[: given.limit], dev, given, settings)
    outcome: dict[str, Any] = {
        "set": NAME,
        "rows": model.manifest.data.rows if model.manifest.data is not None else None,
        "recipe": model.manifest.recipe,
        "minutes": round(float(model.manifest.metrics["seconds"]) / 60, 1),
        "notes": model.manifest.card["notes"],
        "dev": measure(dev, _said(dev, model)),
    }
    if given.limit is None:
        test = cases(where / "test.csv")
        outcome["test"] = measure(test, _said(test, model))
    text = json.dumps(outcome, ensure_ascii=False, indent=1)
    sys.stdout.write(text + "\n")
    if given.out is not None:
        given.out.write_text(text, encoding="utf-8")


def _trained(
    learnt: Sequence[Case], dev: Sequence[Case], given: argparse.Namespace, settings: Settings
) -> Trained:
    numbers = {"epochs": given.epochs, "max_tokens": 112, "frozen_layers": given.frozen_layers}
    recipe = ENTITY_SENTIMENT.recipe.model_copy(update={**numbers, "layers": given.layers})
    task = Task(ENTITY_SENTIMENT.name, recipe=recipe)
    data, held = _dataset(learnt, "train.csv"), _dataset(dev, "dev.csv")
    with tempfile.TemporaryDirectory() as out:
        return train({task: data}, settings, Path(out), _progress(time.monotonic()), dev=held)[task.name]


def _progress(started: float) -> Any:
    last = [started]

    def tell(share: float, line: str) -> None:
        if time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            sys.stderr.write(f"{(last[0] - started) / 60:.1f} min {100 * share:.0f} % {line}\n")

    return tell


if __name__ == "__main__":
    main()
