"""The starter models, as `make up` trained them, on the test rows of public finance sets they never saw.

    python -m benchmarks.finance_starter [SET …]

A set's labels are renamed to the starter's, labels without a counterpart are left out, and where a set lacks
one of the starter's classes the answer is the likeliest of those it has; the labels compared are printed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.datasets import FINANCE, Spec, folder, read
from core.inference.classifier import EncoderPool
from core.inference.predictor import LocalPredictor
from core.models.versions import Versions
from core.records import Example
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tenancy import SHARED
from core.training.evaluate import renamed, restricted
from core.training.metrics import indicator, summary


def _measure(spec: Spec, predictor: LocalPredictor) -> dict[str, Any]:
    where = folder(spec.name)
    assert where is not None
    rows = _comparable(spec, read(spec, where).test)
    labels = sorted({label for row in rows for label in row.labels})
    answers = predictor.predict(SHARED, [spec.task], rows)[spec.task]
    if spec.kind == "single" and len(labels) < len(answers[0].probabilities):
        answers = restricted(answers, labels)
    gold = indicator([row.labels for row in rows], labels)
    figures = summary(gold, indicator([each.labels for each in answers], labels))
    return {"set": spec.name, "model": answers[0].model, "rows": len(rows), "labels": labels, **figures}


def _comparable(spec: Spec, rows: tuple[Example, ...]) -> tuple[Example, ...]:
    """Return the rows with the starter's label names, labels without a counterpart left out."""
    if not spec.starter_labels:
        return rows
    known = set(spec.starter_labels)
    kept = (
        Example(row.text, tuple(label for label in row.labels if label in known), row.text_pair, row.lang)
        for row in rows
    )
    return renamed([row for row in kept if row.labels or spec.kind == "multi"], spec.starter_labels)


def main() -> None:
    """Print one JSON line a set."""
    wanted = sys.argv[1:] or [spec.name for spec in FINANCE]
    settings = Settings()
    with Storage.open(settings.resolved_database_url) as storage:
        predictor = LocalPredictor(Versions(storage, settings.data), EncoderPool(settings))
        for spec in FINANCE:
            if spec.name in wanted and folder(spec.name) is not None:
                sys.stdout.write(json.dumps(_measure(spec, predictor), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
